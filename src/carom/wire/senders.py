"""The sender signatures of an account: https://postmarkapp.com/developer/api/signatures-api."""

from msgspec import UNSET, UnsetType, field

from carom.wire.acks import Ack
from carom.wire.endpoint import Ask, Endpoint, Wire


class SenderSummary(Wire, frozen=True, kw_only=True):
    """A sender signature, as lists give it. Only a confirmed one may send."""

    id: int
    domain: str
    email_address: str
    reply_to_email_address: str
    name: str
    confirmed: bool


class Sender(Wire, frozen=True, kw_only=True):
    """A sender signature, with the records of its domain."""

    id: int
    domain: str
    email_address: str
    reply_to_email_address: str
    name: str
    confirmed: bool
    spf_verified: bool
    spf_host: str
    spf_text_value: str
    dkim_verified: bool
    weak_dkim: bool
    dkim_host: str
    dkim_text_value: str
    dkim_pending_host: str
    dkim_pending_text_value: str
    dkim_revoked_host: str
    dkim_revoked_text_value: str
    safe_to_remove_revoked_key_from_dns: bool
    dkim_update_status: str
    return_path_domain: str
    return_path_domain_verified: bool
    return_path_domain_cname_value: str
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

    sender_id: int


class CreateSender(Ask, frozen=True, kw_only=True):
    """Add a sender signature; a mail asks its address to confirm."""

    from_email: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    reply_to_email: str | UnsetType = UNSET
    return_path_domain: str | UnsetType = UNSET
    confirmation_personal_note: str | UnsetType = UNSET


class UpdateSender(Ask, frozen=True, kw_only=True):
    """Change a sender signature; its address cannot change."""

    sender_id: int
    name: str | UnsetType = UNSET
    reply_to_email: str | UnsetType = UNSET
    return_path_domain: str | UnsetType = UNSET
    confirmation_personal_note: str | UnsetType = UNSET


GET_SENDERS = Endpoint("GET", "/senders", GetSenders, SenderPage, token="account")
CREATE_SENDER = Endpoint("POST", "/senders", CreateSender, Sender, token="account")
GET_SENDER = Endpoint("GET", "/senders/{sender_id}", OneSender, Sender, token="account")
UPDATE_SENDER = Endpoint("PUT", "/senders/{sender_id}", UpdateSender, Sender, token="account")
DELETE_SENDER = Endpoint("DELETE", "/senders/{sender_id}", OneSender, Ack, token="account")
RESEND_SENDER_CONFIRMATION = Endpoint(
    "POST", "/senders/{sender_id}/resend", OneSender, Ack, token="account", empty_body=True
)
VERIFY_SENDER_SPF = Endpoint(
    "POST", "/senders/{sender_id}/verifyspf", OneSender, Sender, token="account", empty_body=True
)
REQUEST_NEW_SENDER_DKIM = Endpoint(
    "POST", "/senders/{sender_id}/requestnewdkim", OneSender, Ack, token="account", empty_body=True
)
