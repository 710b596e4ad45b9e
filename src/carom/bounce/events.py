"""What a returned mail says, as values: one event a recipient, and the report that holds them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from carom.taxonomy import BounceType


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What every event carries. A field is None where the mail does not say it.

    ``recipient`` is the address the mail reports (Final-Recipient), ``original_recipient`` the one that was sent to,
    where a forward or an alias lies between. ``status`` is the enhanced code (RFC 3463) that counted, ``reply`` the
    three-digit SMTP code. ``diagnostic`` is the fullest text about the recipient, ``diagnostic_code`` the field of that
    name with its type in front, where there is one. ``rule`` names the rule that decided ``type``, ``matched`` the text it matched.
    """

    recipient: str | None
    original_recipient: str | None = None
    action: str | None = None
    status: str | None = None
    reply: int | None = None
    diagnostic: str = ""
    diagnostic_code: str = ""
    remote_mta: str | None = None
    reporting_mta: str | None = None
    original_message_id: str | None = None
    feedback_type: str | None = None
    type: BounceType = BounceType.UNKNOWN
    rule: str = "unmatched"
    matched: str = ""


class Failed(Said):
    """The mail did not reach this recipient, and nobody tries any more."""

    __slots__ = ()


class Delayed(Said):
    """The mail has not reached this recipient yet; the remote system goes on trying."""

    __slots__ = ()


class Complaint(Said):
    """The recipient called the mail spam (RFC 5965); ``feedback_type`` says how."""

    __slots__ = ()


class Feedback(Said):
    """A feedback report that is no complaint: opt-out, auth-failure, virus (RFC 6591, 6430)."""

    __slots__ = ()


class AutoReply(Said):
    """A program answered in the recipient's name; an address change is one too."""

    __slots__ = ()


class Challenge(Said):
    """The recipient's system asks the sender to prove that a person wrote."""

    __slots__ = ()


class ContentNotice(Said):
    """A virus or spam filter tells what it did to the mail."""

    __slots__ = ()


class ListRequest(Said):
    """A mail that asks for mail to stop or to begin."""

    __slots__ = ()


class RelayTest(Said):
    """A mail that tries whether this server passes on anybody's mail."""

    __slots__ = ()


Event = Failed | Delayed | Complaint | Feedback | AutoReply | Challenge | ContentNotice | ListRequest | RelayTest


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All that one mail says. ``reader`` names the reader that understood it, empty if none did.

    ``delivered`` lists recipients that a success report names; they are no events. ``returned`` holds the headers of
    the returned mail by lower-case name, ``headers`` those of the mail itself: what a receiver needs to find the
    message that came back. ``envelope_id`` is Original-Envelope-Id (RFC 3464, 2.2.1).
    """

    events: tuple[Event, ...] = ()
    delivered: tuple[str, ...] = ()
    envelope_id: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    returned: Mapping[str, str] = field(default_factory=dict[str, str])
    reader: str = ""
