"""The sender signatures of an account: https://postmarkapp.com/developer/api/signatures-api."""

from msgspec import UNSET, UnsetType, field

from carom.wire.acks import Ack
from carom.wire.domains import DomainRecords
from carom.wire.endpoint import Ask, Endpoint, RowId, Wire


class SenderSummary(Wire, frozen=True, kw_only=True):
    """A sender signature, as lists give it. Only a confirmed one may send."""

    id: int
    domain: str
    email_address: str
    reply_to_email_address: str
    name: str
    confirmed: bool


class Sender(DomainRecords, frozen=True, kw_only=True):
    """A sender signature, with the records of its domain."""

    id: int
    domain: str
    email_address: str
    reply_to_email_address: str
    name: str
    confirmed: bool
    confirmation_personal_note: str | None = None


class SenderPage(Wire, frozen=True, kw_only=True):
    """A page of sender signatures."""

    total_count: int
    sender_signatures: list[SenderSummary]


class GetSenders(Ask, frozen=True, kw_only=True):
    """Ask for sender signatures."""

    count: int | UnsetType = field(default=UNSET, name="count")
    offset: int | UnsetType = field(default=UNSET, name="offset")


class OneSender(Ask, frozen=True, kw_only=True):
    """Ask about one sender signature."""

    sender_id: RowId


class CreateSender(Ask, frozen=True, kw_only=True):
    """Add a sender signature; a mail asks its address to confirm."""

    from_email: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    reply_to_email: str | UnsetType = UNSET
    return_path_domain: str | UnsetType = UNSET
    confirmation_personal_note: str | UnsetType = UNSET


class UpdateSender(Ask, frozen=True, kw_only=True):
    """Change a sender signature; its address cannot change."""

    sender_id: RowId
    name: str | UnsetType = UNSET
    reply_to_email: str | UnsetType = UNSET
    return_path_domain: str | UnsetType = UNSET
    confirmation_personal_note: str | UnsetType = UNSET


_BAD_LIST: dict[str, int] = dict.fromkeys(("count", "offset"), 500)
_NO_SENDER = {"SenderID": 501}

GET_SENDERS = Endpoint("GET", "/senders", GetSenders, SenderPage, token="account", field_codes=_BAD_LIST)
CREATE_SENDER = Endpoint("POST", "/senders", CreateSender, Sender, token="account")
GET_SENDER = Endpoint("GET", "/senders/{sender_id}", OneSender, Sender, token="account", field_codes=_NO_SENDER)
UPDATE_SENDER = Endpoint("PUT", "/senders/{sender_id}", UpdateSender, Sender, token="account", field_codes=_NO_SENDER)
DELETE_SENDER = Endpoint("DELETE", "/senders/{sender_id}", OneSender, Ack, token="account", field_codes=_NO_SENDER)
RESEND_SENDER_CONFIRMATION = Endpoint(
    "POST", "/senders/{sender_id}/resend", OneSender, Ack, token="account", empty_body=True, field_codes=_NO_SENDER
)
VERIFY_SENDER_SPF = Endpoint(
    "POST",
    "/senders/{sender_id}/verifyspf",
    OneSender,
    Sender,
    token="account",
    empty_body=True,
    field_codes=_NO_SENDER,
)
REQUEST_NEW_SENDER_DKIM = Endpoint(
    "POST",
    "/senders/{sender_id}/requestnewdkim",
    OneSender,
    Ack,
    token="account",
    empty_body=True,
    field_codes=_NO_SENDER,
)
