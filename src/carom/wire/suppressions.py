"""Suppressions, a list for each stream: https://postmarkapp.com/developer/api/suppressions-api."""

from msgspec import UNSET, UnsetType, field

from carom.wire.endpoint import Ask, Endpoint, Wire
from carom.wire.times import Moment

MAX_SUPPRESSIONS = 50


class Suppression(Wire, frozen=True, kw_only=True):
    """An address that gets no mail of a stream: why, who put it there, since when."""

    email_address: str
    suppression_reason: str
    origin: str
    created_at: Moment


class Suppressions(Wire, frozen=True, kw_only=True):
    """The suppression list of a stream."""

    suppressions: list[Suppression]


class SuppressionResult(Wire, frozen=True, kw_only=True):
    """What became of one address: Suppressed, Deleted or Failed; ``message`` says why it failed."""

    email_address: str
    status: str
    message: str | None


class SuppressionResults(Wire, frozen=True, kw_only=True):
    """What became of each address, in order."""

    suppressions: list[SuppressionResult]


class SuppressionEntry(Ask, frozen=True, kw_only=True):
    """One address of a request."""

    email_address: str | UnsetType = UNSET


class DumpSuppressions(Ask, frozen=True, kw_only=True):
    """Ask for the suppression list of a stream."""

    stream_id: str
    suppression_reason: str | UnsetType = UNSET
    origin: str | UnsetType = UNSET
    fromdate: str | UnsetType = field(default=UNSET, name="fromdate")
    todate: str | UnsetType = field(default=UNSET, name="todate")
    email_address: str | UnsetType = UNSET


class CreateSuppressions(Ask, frozen=True, kw_only=True):
    """Suppress up to 50 addresses."""

    stream_id: str
    suppressions: list[SuppressionEntry] | UnsetType = UNSET


class DeleteSuppressions(Ask, frozen=True, kw_only=True):
    """Lift the suppression of up to 50 addresses."""

    stream_id: str
    suppressions: list[SuppressionEntry] | UnsetType = UNSET


DUMP_SUPPRESSIONS = Endpoint("GET", "/message-streams/{stream_id}/suppressions/dump", DumpSuppressions, Suppressions)
CREATE_SUPPRESSIONS = Endpoint(
    "POST", "/message-streams/{stream_id}/suppressions", CreateSuppressions, SuppressionResults
)
DELETE_SUPPRESSIONS = Endpoint(
    "POST", "/message-streams/{stream_id}/suppressions/delete", DeleteSuppressions, SuppressionResults
)
