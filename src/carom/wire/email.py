"""Sending: https://postmarkapp.com/developer/api/email-api."""

from typing import Any

from msgspec import UNSET, Raw, UnsetType, field

from carom.wire.endpoint import Ask, Endpoint, RowId, Wire
from carom.wire.times import Moment

MAX_RECIPIENTS = 50
MAX_BATCH = 500
MAX_MESSAGE_BYTES = 10_000_000
MAX_BATCH_BYTES = 50_000_000
MAX_BODY_BYTES = 5_000_000
MAX_KEY = 255
"""Characters of an Idempotency-Key."""
MAX_FROM = 255
MAX_SUBJECT = 2000
MAX_TAG = 1000
MAX_METADATA = 10
MAX_METADATA_KEY = 20
MAX_METADATA_VALUE = 80
TRACK_LINKS = ("None", "HtmlAndText", "HtmlOnly", "TextOnly")
FORBIDDEN_EXTENSIONS = frozenset(
    [
        "vbs",
        "exe",
        "bin",
        "bat",
        "chm",
        "com",
        "cpl",
        "crt",
        "hlp",
        "hta",
        "inf",
        "ins",
        "isp",
        "jse",
        "lnk",
        "mdb",
        "pcd",
        "pif",
        "reg",
        "scr",
        "sct",
        "shs",
        "vbe",
        "vba",
        "wsf",
        "wsh",
        "wsl",
        "msc",
        "msi",
        "msp",
        "mst",
    ]
)
DEFAULT_STREAM = "outbound"


class Header(Wire, frozen=True, kw_only=True):
    """A custom header of a message."""

    name: str
    value: str


class Attachment(Wire, frozen=True, kw_only=True):
    """An attached file. ``content`` is base64; ``content_id`` begins with ``cid:`` for a part shown inline."""

    name: str
    content: str
    content_type: str | None = None
    content_id: str | None = None


class SendEmail(Ask, frozen=True, kw_only=True):
    """A message to send: one From, up to 50 recipients in To, Cc and Bcc together, HtmlBody or TextBody or both."""

    from_: str | UnsetType = field(default=UNSET, name="From")
    to: str | UnsetType = UNSET
    cc: str | UnsetType = UNSET
    bcc: str | UnsetType = UNSET
    subject: str | UnsetType = UNSET
    html_body: str | UnsetType = UNSET
    text_body: str | UnsetType = UNSET
    reply_to: str | UnsetType = UNSET
    tag: str | UnsetType = UNSET
    headers: list[Header] | UnsetType = UNSET
    track_opens: bool | UnsetType = UNSET
    track_links: str | UnsetType = UNSET
    metadata: dict[str, str] | UnsetType = UNSET
    attachments: list[Attachment] | UnsetType = UNSET
    message_stream: str | UnsetType = UNSET


class SendTemplate(SendEmail, frozen=True, kw_only=True):
    """A message made from a template, named by id or alias, and a model; it has no subject or bodies of its own."""

    template_id: RowId | UnsetType = field(default=UNSET, name="TemplateId")
    template_alias: str | UnsetType = UNSET
    template_model: dict[str, Any] | UnsetType = UNSET
    inline_css: bool | UnsetType = UNSET


class SendBatch(Ask, frozen=True, kw_only=True):
    """Up to 500 messages, each the JSON of a SendEmail: a fault in one is its own and stops no other."""

    messages: list[Raw]


class SendTemplateBatch(Ask, frozen=True, kw_only=True):
    """Up to 500 messages made from templates, each the JSON of a SendTemplate."""

    messages: list[Raw]


class SendResult(Wire, frozen=True, kw_only=True):
    """What became of one message. In a batch a refused one has only ErrorCode and Message. ``inactive_recipients`` are
    those that Message names as inactive: Carom's addition, which Postmark does not have."""

    to: str | None = None
    submitted_at: Moment | None = None
    message_id: str | None = None
    error_code: int
    message: str
    inactive_recipients: tuple[str, ...] | None = None


SEND_EMAIL = Endpoint("POST", "/email", SendEmail, SendResult, max_body=MAX_MESSAGE_BYTES, takes_test_token=True)
SEND_BATCH = Endpoint(
    "POST",
    "/email/batch",
    SendBatch,
    list[SendResult],
    body="messages",
    max_body=MAX_BATCH_BYTES,
    takes_test_token=True,
)
SEND_WITH_TEMPLATE = Endpoint(
    "POST", "/email/withTemplate", SendTemplate, SendResult, max_body=MAX_MESSAGE_BYTES, takes_test_token=True
)
SEND_BATCH_WITH_TEMPLATES = Endpoint(
    "POST",
    "/email/batchWithTemplates",
    SendTemplateBatch,
    list[SendResult],
    max_body=MAX_BATCH_BYTES,
    takes_test_token=True,
)
