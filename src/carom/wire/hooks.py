"""What Postmark posts to you: https://postmarkapp.com/developer/webhooks/webhooks-overview.

Every event has ``recipient`` and ``at``, whatever its own names for them are. Postmark leaves fields out and sends
nulls in their place more freely here than in answers.
"""

from datetime import datetime

from msgspec import field

from carom.wire.email import Header
from carom.wire.endpoint import Wire
from carom.wire.messages import Geo, Mailbox, Software
from carom.wire.times import Moment


class Event(Wire, frozen=True, kw_only=True):
    """Something that happened to a message. ``server_id`` is not in opens, clicks and received mail."""

    record_type: str | None = None
    message_id: str | None = None
    message_stream: str | None = None
    server_id: int | None = None
    tag: str | None = None
    metadata: dict[str, str] | None = None

    @property
    def recipient(self) -> str | None:
        """Whom it is about."""
        return None

    @property
    def at(self) -> datetime | None:
        """When it happened."""
        return None


class UnknownEvent(Event, frozen=True, kw_only=True):
    """An event of a type that Carom does not know; ``raw`` has it all."""


class _Returned(Event, frozen=True, kw_only=True):
    id: int
    type: str
    type_code: int
    name: str
    description: str | None = None
    details: str | None = None
    email: str
    from_: str | None = field(default=None, name="From")
    bounced_at: Moment
    dump_available: bool | None = None
    inactive: bool | None = None
    can_activate: bool | None = None
    subject: str | None = None
    content: str | None = None

    @property
    def recipient(self) -> str | None:
        """Whose mail came back."""
        return self.email

    @property
    def at(self) -> datetime | None:
        """When it came back."""
        return self.bounced_at


class BounceEvent(_Returned, frozen=True, kw_only=True):
    """A bounce: the fields of :class:`carom.Bounce`."""


class SpamComplaintEvent(_Returned, frozen=True, kw_only=True):
    """A complaint: the fields of a bounce."""


class DeliveryEvent(Event, frozen=True, kw_only=True):
    """The remote system accepted a message for one recipient; ``details`` is what it said."""

    recipient_: str = field(name="Recipient")
    delivered_at: Moment
    details: str | None = None

    @property
    def recipient(self) -> str | None:
        """Who got it."""
        return self.recipient_

    @property
    def at(self) -> datetime | None:
        """When it was accepted."""
        return self.delivered_at


class _Read(Event, frozen=True, kw_only=True):
    recipient_: str = field(name="Recipient")
    received_at: Moment
    client: Software | None = None
    os: Software | None = None
    platform: str | None = None
    user_agent: str | None = None
    geo: Geo | None = None

    @property
    def recipient(self) -> str | None:
        """Who read it."""
        return self.recipient_

    @property
    def at(self) -> datetime | None:
        """When it was read."""
        return self.received_at


class OpenEvent(_Read, frozen=True, kw_only=True):
    """A message was opened."""

    first_open: bool | None = None
    read_seconds: int | None = None


class ClickEvent(_Read, frozen=True, kw_only=True):
    """A tracked link was clicked; ``click_location`` is HTML or Text."""

    click_location: str | None = None
    original_link: str


class SubscriptionChangeEvent(Event, frozen=True, kw_only=True):
    """An address was suppressed on a stream, or is no longer; then ``suppression_reason`` is None."""

    recipient_: str = field(name="Recipient")
    changed_at: Moment
    origin: str | None = None
    suppress_sending: bool
    suppression_reason: str | None = None

    @property
    def recipient(self) -> str | None:
        """Whom it is about."""
        return self.recipient_

    @property
    def at(self) -> datetime | None:
        """When it changed."""
        return self.changed_at


class ReceivedFile(Wire, frozen=True, kw_only=True):
    """A file of a received message, as it is posted: base64. Postmark's own test posts ``Data`` for ``Content``."""

    name: str
    content_: str | None = field(default=None, name="Content")
    data_: str | None = field(default=None, name="Data")
    content_type: str
    content_length: int | None = None
    content_id: str | None = None


class ReceivedMail(Event, frozen=True, kw_only=True):
    """A received message, as it is posted. ``date`` is the sender's own text (RFC 2822)."""

    from_: str = field(name="From")
    from_name: str | None = None
    from_full: Mailbox
    to: str | None = None
    to_full: list[Mailbox]
    cc: str | None = None
    cc_full: list[Mailbox]
    bcc: str | None = None
    bcc_full: list[Mailbox]
    reply_to: str | None = None
    original_recipient: str | None = None
    subject: str | None = None
    date: str | None = None
    mailbox_hash: str | None = None
    text_body: str | None = None
    html_body: str | None = None
    stripped_text_reply: str | None = None
    headers: list[Header]
    files: list[ReceivedFile] = field(name="Attachments")
    raw_email: str | None = None

    @property
    def recipient(self) -> str | None:
        """The address that it was sent to."""
        return self.original_recipient

    @property
    def at(self) -> datetime | None:
        """When the sender says that it was sent; None if that cannot be read."""
        from email.utils import parsedate_to_datetime

        try:
            return parsedate_to_datetime(self.date or "")
        except ValueError:
            return None


EVENTS: dict[str, type[Event]] = {
    "Bounce": BounceEvent,
    "SpamComplaint": SpamComplaintEvent,
    "Delivery": DeliveryEvent,
    "Open": OpenEvent,
    "Click": ClickEvent,
    "SubscriptionChange": SubscriptionChangeEvent,
}
"""The type of each RecordType. Received mail has none: it is known by FromFull."""
