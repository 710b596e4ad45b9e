"""Messages, sent and received, and their opens and clicks: https://postmarkapp.com/developer/api/messages-api."""

from msgspec import UNSET, UnsetType, field

from carom.wire.acks import Ack
from carom.wire.email import Header
from carom.wire.endpoint import Ask, Endpoint, Wire
from carom.wire.times import Moment


class Mailbox(Wire, frozen=True, kw_only=True):
    """An address and the name beside it; ``mailbox_hash`` is there in received mail only."""

    email: str
    name: str | None
    mailbox_hash: str | None = None


class OutboundMessage(Wire, frozen=True, kw_only=True):
    """A sent message, as lists give it. ``status`` is Queued, Processed or Sent; ``recipients`` are bare addresses,
    Cc and Bcc included; ``attachments`` are file names."""

    tag: str | None = None
    message_id: str
    message_stream: str | None = None
    to: list[Mailbox]
    cc: list[Mailbox]
    bcc: list[Mailbox]
    recipients: list[str]
    received_at: Moment
    from_: str = field(name="From")
    subject: str
    attachments: list[str]
    status: str
    track_opens: bool
    track_links: str
    metadata: dict[str, str] | None = None
    sandboxed: bool | None = None


class MessageEvent(Wire, frozen=True, kw_only=True):
    """What happened to a message, for one recipient: Delivered, Transient, Opened, Bounced, SubscriptionChanged,
    LinkClicked. What stands in ``details`` depends on the type."""

    recipient: str
    type: str
    received_at: Moment
    details: dict[str, str]


class OutboundMessageDetails(OutboundMessage, frozen=True, kw_only=True):
    """A sent message with its bodies, its source (``body``) and its events."""

    text_body: str | None = None
    html_body: str | None = None
    body: str
    message_events: list[MessageEvent]


class OutboundPage(Wire, frozen=True, kw_only=True):
    """A page of sent messages."""

    total_count: int
    messages: list[OutboundMessage]


class MessageDump(Wire, frozen=True, kw_only=True):
    """The source of a message; empty or None when it is no longer kept."""

    body: str | None = None


class InboundAttachment(Wire, frozen=True, kw_only=True):
    """A file of a received message, without its content."""

    name: str
    content_type: str
    content_length: int
    content_id: str


class InboundSummary(Wire, frozen=True, kw_only=True):
    """A received message, as lists give it. ``date`` is the sender's own text (RFC 2822)."""

    from_: str = field(name="From")
    from_name: str
    from_full: Mailbox
    to: str
    to_full: list[Mailbox]
    cc: str
    cc_full: list[Mailbox]
    bcc: str | None = None
    bcc_full: list[Mailbox] | None = None
    reply_to: str
    original_recipient: str
    subject: str
    date: str
    mailbox_hash: str
    tag: str
    attachments: list[InboundAttachment]
    message_id: str
    message_stream: str | None = None
    status: str


class InboundDetails(InboundSummary, frozen=True, kw_only=True):
    """A received message with its bodies and headers; ``blocked_reason`` says which rule stopped it."""

    text_body: str
    html_body: str
    stripped_text_reply: str | None = None
    headers: list[Header]
    blocked_reason: str | None = None


class InboundPage(Wire, frozen=True, kw_only=True):
    """A page of received messages."""

    total_count: int
    inbound_messages: list[InboundSummary]


class Software(Wire, frozen=True, kw_only=True):
    """A program or operating system, as far as it is known."""

    name: str | None = None
    company: str | None = None
    family: str | None = None


class Geo(Wire, frozen=True, kw_only=True):
    """Where an address is thought to be. ``coords`` is ``"latitude,longitude"``."""

    country_iso_code: str | None = None
    country: str | None = None
    region_iso_code: str | None = None
    region: str | None = None
    city: str | None = None
    zip: str | None = None
    coords: str | None = None
    ip: str | None = None


class Open(Wire, frozen=True, kw_only=True):
    """An opening of a message by one recipient. What is not known about the reader is left out."""

    record_type: str | None = None
    first_open: bool | None = None
    client: Software | None = None
    os: Software | None = None
    platform: str | None = None
    user_agent: str | None = None
    geo: Geo | None = None
    message_id: str
    message_stream: str | None = None
    received_at: Moment
    tag: str | None = None
    recipient: str
    read_seconds: int | None = None


class Click(Wire, frozen=True, kw_only=True):
    """A click on a tracked link by one recipient; ``click_location`` is HTML or Text."""

    record_type: str | None = None
    click_location: str
    client: Software | None = None
    os: Software | None = None
    platform: str | None = None
    user_agent: str | None = None
    geo: Geo | None = None
    message_id: str
    message_stream: str | None = None
    received_at: Moment
    tag: str | None = None
    recipient: str
    original_link: str


class OpenPage(Wire, frozen=True, kw_only=True):
    """A page of opens."""

    total_count: int
    opens: list[Open]


class ClickPage(Wire, frozen=True, kw_only=True):
    """A page of clicks."""

    total_count: int
    clicks: list[Click]


class GetOutboundMessages(Ask, frozen=True, kw_only=True):
    """Ask for sent messages. ``metadata`` holds one field to search by."""

    count: int | UnsetType = field(default=UNSET, name="count")
    offset: int | UnsetType = field(default=UNSET, name="offset")
    recipient: str | UnsetType = field(default=UNSET, name="recipient")
    fromemail: str | UnsetType = field(default=UNSET, name="fromemail")
    tag: str | UnsetType = field(default=UNSET, name="tag")
    status: str | UnsetType = field(default=UNSET, name="status")
    subject: str | UnsetType = field(default=UNSET, name="subject")
    fromdate: str | UnsetType = field(default=UNSET, name="fromdate")
    todate: str | UnsetType = field(default=UNSET, name="todate")
    message_stream: str | UnsetType = field(default=UNSET, name="messagestream")
    metadata: dict[str, str] | UnsetType = field(default=UNSET, name="metadata_")


class GetInboundMessages(Ask, frozen=True, kw_only=True):
    """Ask for received messages. Without ``status`` only processed ones are listed."""

    count: int | UnsetType = field(default=UNSET, name="count")
    offset: int | UnsetType = field(default=UNSET, name="offset")
    recipient: str | UnsetType = field(default=UNSET, name="recipient")
    fromemail: str | UnsetType = field(default=UNSET, name="fromemail")
    subject: str | UnsetType = field(default=UNSET, name="subject")
    mailboxhash: str | UnsetType = field(default=UNSET, name="mailboxhash")
    tag: str | UnsetType = field(default=UNSET, name="tag")
    status: str | UnsetType = field(default=UNSET, name="status")
    fromdate: str | UnsetType = field(default=UNSET, name="fromdate")
    todate: str | UnsetType = field(default=UNSET, name="todate")


class OfMessage(Ask, frozen=True, kw_only=True):
    """Ask about one message."""

    message_id: str


class GetOpens(Ask, frozen=True, kw_only=True):
    """Ask for opens, or for clicks."""

    count: int | UnsetType = field(default=UNSET, name="count")
    offset: int | UnsetType = field(default=UNSET, name="offset")
    recipient: str | UnsetType = field(default=UNSET, name="recipient")
    tag: str | UnsetType = field(default=UNSET, name="tag")
    message_stream: str | UnsetType = field(default=UNSET, name="messagestream")
    client_name: str | UnsetType = field(default=UNSET, name="client_name")
    client_company: str | UnsetType = field(default=UNSET, name="client_company")
    client_family: str | UnsetType = field(default=UNSET, name="client_family")
    os_name: str | UnsetType = field(default=UNSET, name="os_name")
    os_family: str | UnsetType = field(default=UNSET, name="os_family")
    os_company: str | UnsetType = field(default=UNSET, name="os_company")
    platform: str | UnsetType = field(default=UNSET, name="platform")
    country: str | UnsetType = field(default=UNSET, name="country")
    region: str | UnsetType = field(default=UNSET, name="region")
    city: str | UnsetType = field(default=UNSET, name="city")
    fromdate: str | UnsetType = field(default=UNSET, name="fromdate")
    todate: str | UnsetType = field(default=UNSET, name="todate")


class GetOpensOfMessage(Ask, frozen=True, kw_only=True):
    """Ask for the opens, or for the clicks, of one message."""

    message_id: str
    count: int | UnsetType = field(default=UNSET, name="count")
    offset: int | UnsetType = field(default=UNSET, name="offset")


_BAD_LIST: dict[str, int] = dict.fromkeys(("count", "offset"), 700)

GET_OUTBOUND_MESSAGES = Endpoint("GET", "/messages/outbound", GetOutboundMessages, OutboundPage, field_codes=_BAD_LIST)
GET_OPENS = Endpoint("GET", "/messages/outbound/opens", GetOpens, OpenPage, field_codes=_BAD_LIST)
GET_CLICKS = Endpoint("GET", "/messages/outbound/clicks", GetOpens, ClickPage, field_codes=_BAD_LIST)
GET_OPENS_OF_MESSAGE = Endpoint(
    "GET", "/messages/outbound/opens/{message_id}", GetOpensOfMessage, OpenPage, field_codes=_BAD_LIST
)
GET_CLICKS_OF_MESSAGE = Endpoint(
    "GET", "/messages/outbound/clicks/{message_id}", GetOpensOfMessage, ClickPage, field_codes=_BAD_LIST
)
GET_OUTBOUND_MESSAGE = Endpoint("GET", "/messages/outbound/{message_id}/details", OfMessage, OutboundMessageDetails)
DUMP_OUTBOUND_MESSAGE = Endpoint("GET", "/messages/outbound/{message_id}/dump", OfMessage, MessageDump)
GET_INBOUND_MESSAGES = Endpoint("GET", "/messages/inbound", GetInboundMessages, InboundPage, field_codes=_BAD_LIST)
GET_INBOUND_MESSAGE = Endpoint("GET", "/messages/inbound/{message_id}/details", OfMessage, InboundDetails)
DUMP_INBOUND_MESSAGE = Endpoint("GET", "/messages/inbound/{message_id}/dump", OfMessage, MessageDump)
BYPASS_INBOUND_MESSAGE = Endpoint("PUT", "/messages/inbound/{message_id}/bypass", OfMessage, Ack, empty_body=True)
RETRY_INBOUND_MESSAGE = Endpoint("PUT", "/messages/inbound/{message_id}/retry", OfMessage, Ack, empty_body=True)
