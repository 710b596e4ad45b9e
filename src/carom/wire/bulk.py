"""Sending one message to many: https://postmarkapp.com/developer/api/bulk-email."""

from typing import Any

from msgspec import UNSET, UnsetType, field

from carom.wire.email import MAX_BATCH_BYTES, Attachment, Header
from carom.wire.endpoint import Ask, Endpoint, RowId, Wire
from carom.wire.times import Moment


class BulkRecipient(Ask, frozen=True, kw_only=True):
    """One mail of a bulk request: its recipients, and what is its own."""

    to: str | UnsetType = UNSET
    cc: str | UnsetType = UNSET
    bcc: str | UnsetType = UNSET
    template_model: dict[str, Any] | UnsetType = UNSET
    metadata: dict[str, str] | UnsetType = UNSET
    headers: list[Header] | UnsetType = UNSET


class SendBulk(Ask, frozen=True, kw_only=True):
    """A message and its recipients; subject and bodies may hold the names of each recipient's model."""

    from_: str | UnsetType = field(default=UNSET, name="From")
    reply_to: str | UnsetType = UNSET
    subject: str | UnsetType = UNSET
    html_body: str | UnsetType = UNSET
    text_body: str | UnsetType = UNSET
    template_id: RowId | UnsetType = field(default=UNSET, name="TemplateId")
    template_alias: str | UnsetType = UNSET
    inline_css: bool | UnsetType = UNSET
    tag: str | UnsetType = UNSET
    metadata: dict[str, str] | UnsetType = UNSET
    message_stream: str | UnsetType = UNSET
    track_opens: bool | UnsetType = UNSET
    track_links: str | UnsetType = UNSET
    attachments: list[Attachment] | UnsetType = UNSET
    headers: list[Header] | UnsetType = UNSET
    messages: list[BulkRecipient] | UnsetType = UNSET


class BulkRequest(Wire, frozen=True, kw_only=True):
    """How far a bulk request has come. ``percentage_completed`` is a number whose scale Postmark does not say."""

    id: str | None = field(default=None, name="Id")
    old_id: str | None = field(default=None, name="ID")
    submitted_at: Moment | None = None
    total_messages: int | None = None
    percentage_completed: float | None = None
    released_count: int | None = None
    failed_count: int | None = None
    status: str
    subject: str | None = None


class BulkPage(Wire, frozen=True, kw_only=True):
    """Bulk requests, newest first; with ``pagination_key`` there are more."""

    requests: list[BulkRequest]
    pagination_key: str | None = None


class GetBulk(Ask, frozen=True, kw_only=True):
    """Ask for one bulk request."""

    bulk_request_id: str


class GetBulks(Ask, frozen=True, kw_only=True):
    """Ask for a page of bulk requests."""

    count: int | UnsetType = field(default=UNSET, name="count")
    pagination_key: str | UnsetType = field(default=UNSET, name="paginationKey")


SEND_BULK = Endpoint("POST", "/email/bulk", SendBulk, BulkRequest, max_body=MAX_BATCH_BYTES, takes_key=True)
GET_BULK = Endpoint("GET", "/email/bulk/{bulk_request_id}", GetBulk, BulkRequest)
GET_BULKS = Endpoint("GET", "/email/bulk", GetBulks, BulkPage)
