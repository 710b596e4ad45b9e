"""The lines of a history that comes from elsewhere: JSON objects as Postmark's API and webhooks write them.

``RecordType`` says what a line is: Message (as the details of a sent message), Open, Click and Bounce (as in their lists),
Inbound (as the details of a received message). Fields that are not named here are passed over.
"""

from typing import Literal

import msgspec
from msgspec import Struct

from carom.wire._naming import postmark_name
from carom.wire.messages import Geo, InboundDetails, Mailbox, MessageEvent
from carom.wire.times import Moment


class BadLine(ValueError):
    """A line that cannot be stored. ``number`` counts from 1; the text says why."""

    def __init__(self, number: int, reason: str) -> None:
        """Name the line."""
        self.number = number
        super().__init__(f"line {number}: {reason}")


class File(Struct, frozen=True, rename=postmark_name):
    """An attachment. Without ``content`` (base64) its name is all that is kept."""

    name: str
    content: str = ""
    content_type: str = "application/octet-stream"


class _Line(Struct, frozen=True, kw_only=True, rename=postmark_name, tag_field="RecordType"):
    message_id: str


class MessageLine(_Line, frozen=True, kw_only=True, tag="Message"):
    """A message that was sent. Of its events deliveries and deferrals are kept; the rest have lines of their own.
    Recipients without any count as delivered: nothing is ever sent."""

    message_stream: str = "outbound"
    received_at: Moment
    from_: str = msgspec.field(name="From")
    to: list[Mailbox] | str = ""
    cc: list[Mailbox] | str = ""
    bcc: list[Mailbox] | str = ""
    subject: str = ""
    tag: str | None = None
    metadata: dict[str, str] | None = None
    text_body: str | None = None
    html_body: str | None = None
    track_opens: bool = False
    track_links: str = "None"
    attachments: list[File | str] = []
    message_events: list[MessageEvent] = []


class _Visit(_Line, frozen=True, kw_only=True):
    recipient: str
    received_at: Moment
    user_agent: str = ""
    geo: Geo = Geo()


class OpenLine(_Visit, frozen=True, kw_only=True, tag="Open"):
    """A message was opened."""

    read_seconds: int | None = None


class ClickLine(_Visit, frozen=True, kw_only=True, tag="Click"):
    """A link was followed."""

    original_link: str
    click_location: Literal["HTML", "Text"] = "HTML"


class BounceLine(_Line, frozen=True, kw_only=True, tag="Bounce"):
    """A message came back. An address that is ``inactive`` by it is suppressed here too; ``content`` is the raw mail. Its
    ID is given anew."""

    type: str
    email: str
    bounced_at: Moment
    details: str = ""
    inactive: bool = False
    content: str | None = None


class InboundLine(InboundDetails, frozen=True, kw_only=True, tag_field="RecordType", tag="Inbound"):
    """A message that was received."""

    received_at: Moment


Line = MessageLine | OpenLine | ClickLine | BounceLine | InboundLine

_decoder: msgspec.json.Decoder[Line] = msgspec.json.Decoder(Line)


def read_line(number: int, text: bytes) -> Line:
    """Read a line. Raises BadLine."""
    try:
        return _decoder.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise BadLine(number, str(error)) from error
