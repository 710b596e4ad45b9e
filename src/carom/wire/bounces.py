"""Bounces: https://postmarkapp.com/developer/api/bounce-api."""

from msgspec import UNSET, UnsetType, field

from carom.wire.endpoint import Ask, Endpoint, RowId, Wire
from carom.wire.times import Moment


class BounceCount(Wire, frozen=True, kw_only=True):
    """How many bounces of one type there are. The row of all types together has no type."""

    type: str | None = None
    name: str
    count: int


class DeliveryStats(Wire, frozen=True, kw_only=True):
    """How many addresses are inactive, and how many bounces of each type that occurred there are."""

    inactive_mails: int
    bounces: list[BounceCount]


class Bounce(Wire, frozen=True, kw_only=True):
    """A bounce. ``type`` equals a :class:`carom.BounceType` if it is a known one; ``details`` is what the remote system
    said; ``inactive`` tells whether the address is deactivated now; ``content`` (the raw bounce) is there on single
    reads only."""

    record_type: str | None = None
    id: int
    type: str
    type_code: int
    name: str
    tag: str | None = None
    message_id: str
    server_id: int | None = None
    message_stream: str | None = None
    description: str
    details: str
    email: str
    from_: str | None = field(default=None, name="From")
    bounced_at: Moment
    dump_available: bool
    inactive: bool
    can_activate: bool
    subject: str
    content: str | None = None


class BouncePage(Wire, frozen=True, kw_only=True):
    """A page of bounces, newest first. ``total_count`` counts all matches."""

    total_count: int
    bounces: list[Bounce]


class BounceDump(Wire, frozen=True, kw_only=True):
    """The raw mail of a bounce; None when there is none or it is no longer kept."""

    body: str | None = None


class ActivatedBounce(Wire, frozen=True, kw_only=True):
    """The answer to an activation."""

    message: str
    bounce: Bounce


class GetDeliveryStats(Ask, frozen=True, kw_only=True):
    """Ask for the delivery stats."""


class GetBounces(Ask, frozen=True, kw_only=True):
    """Ask for a page of bounces. ``count`` is 1 to 500; ``count + offset`` is at most 10,000. ``email_filter`` is any
    part of an address; dates are US Eastern and inclusive."""

    count: int | UnsetType = field(default=UNSET, name="count")
    offset: int | UnsetType = field(default=UNSET, name="offset")
    type: str | UnsetType = field(default=UNSET, name="type")
    inactive: bool | UnsetType = field(default=UNSET, name="inactive")
    email_filter: str | UnsetType = field(default=UNSET, name="emailFilter")
    tag: str | UnsetType = field(default=UNSET, name="tag")
    message_id: str | UnsetType = field(default=UNSET, name="messageID")
    fromdate: str | UnsetType = field(default=UNSET, name="fromdate")
    todate: str | UnsetType = field(default=UNSET, name="todate")
    message_stream: str | UnsetType = field(default=UNSET, name="messagestream")


class GetBounce(Ask, frozen=True, kw_only=True):
    """Ask for one bounce."""

    bounce_id: RowId


class GetBounceTags(Ask, frozen=True, kw_only=True):
    """Ask for the tags of bounces. Postmark retired the list."""


class DumpBounce(Ask, frozen=True, kw_only=True):
    """Ask for the raw mail of one bounce."""

    bounce_id: RowId


class ActivateBounce(Ask, frozen=True, kw_only=True):
    """Reactivate the address of a bounce."""

    bounce_id: RowId


_BAD_ID = {"BounceID": 1002}
_BAD_LIST: dict[str, int] = dict.fromkeys(
    ("count", "offset", "type", "inactive", "emailFilter", "tag", "messageID", "fromdate", "todate", "messagestream"),
    1000,
)

GET_DELIVERY_STATS = Endpoint("GET", "/deliverystats", GetDeliveryStats, DeliveryStats)
GET_BOUNCES = Endpoint("GET", "/bounces", GetBounces, BouncePage, field_codes=_BAD_LIST)
GET_BOUNCE_TAGS = Endpoint("GET", "/bounces/tags", GetBounceTags, list[str])
GET_BOUNCE = Endpoint("GET", "/bounces/{bounce_id}", GetBounce, Bounce, field_codes=_BAD_ID)
DUMP_BOUNCE = Endpoint("GET", "/bounces/{bounce_id}/dump", DumpBounce, BounceDump, field_codes=_BAD_ID)
ACTIVATE_BOUNCE = Endpoint(
    "PUT",
    "/bounces/{bounce_id}/activate",
    ActivateBounce,
    ActivatedBounce,
    empty_body=True,
    field_codes=_BAD_ID,
)
