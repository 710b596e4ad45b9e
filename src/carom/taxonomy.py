"""Postmark's bounce types as one table. Whatever knows a bounce type reads it here: the wire, the
classifier, the suppression rule, the counts of ``/deliverystats`` and the documentation.

Source: https://postmarkapp.com/developer/api/bounce-api#bounce-types. The misspellings in the texts are
Postmark's; clients compare them.
"""

from enum import StrEnum
from typing import NamedTuple


class SuppressionReason(StrEnum):
    """Why an address is on a stream's suppression list."""

    HARD_BOUNCE = "HardBounce"
    SPAM_COMPLAINT = "SpamComplaint"
    MANUAL_SUPPRESSION = "ManualSuppression"


class Origin(StrEnum):
    """Who put an address on a stream's suppression list."""

    RECIPIENT = "Recipient"
    CUSTOMER = "Customer"
    ADMIN = "Admin"


class Suppresses(NamedTuple):
    """The suppression that a bounce of some type writes."""

    reason: SuppressionReason
    origin: Origin


_HARD = Suppresses(SuppressionReason.HARD_BOUNCE, Origin.RECIPIENT)
_SPAM = Suppresses(SuppressionReason.SPAM_COMPLAINT, Origin.RECIPIENT)
_LEFT = Suppresses(SuppressionReason.MANUAL_SUPPRESSION, Origin.RECIPIENT)
_MANUAL = Suppresses(SuppressionReason.MANUAL_SUPPRESSION, Origin.CUSTOMER)


class BounceType(StrEnum):
    """A bounce type. The member is its wire name: ``BounceType.HARD_BOUNCE == "HardBounce"``.

    ``code`` is TypeCode, ``title`` the wire's Name, ``text`` its Description. ``suppresses`` is the suppression
    that a bounce of this type writes, None if the address stays active. ``from_mail`` is false for types that no
    returned mail and no SMTP reply can express: the service itself writes them.
    """

    code: int
    label: str
    text: str
    suppresses: Suppresses | None
    from_mail: bool

    def __new__(
        cls,
        name: str,
        code: int,
        label: str,
        text: str,
        suppresses: Suppresses | None = None,
        from_mail: bool = True,
    ) -> "BounceType":
        """Make a member from a row of the table."""
        member = str.__new__(cls, name)
        member._value_ = name
        member.code, member.label, member.text = code, label, text
        member.suppresses, member.from_mail = suppresses, from_mail
        return member

    HARD_BOUNCE = (
        "HardBounce",
        1,
        "Hard bounce",
        "The server was unable to deliver your message (ex: unknown user, mailbox not found).",
        _HARD,
    )
    TRANSIENT = (
        "Transient",
        2,
        "Message delayed",
        "The server could not temporarily deliver your message (ex: Message is delayed due to network troubles).",
    )
    UNSUBSCRIBE = ("Unsubscribe", 16, "Unsubscribe request", "Unsubscribe or Remove request.", _LEFT)
    SUBSCRIBE = (
        "Subscribe",
        32,
        "Subscribe request",
        "Subscribe request from someone wanting to get added to the mailing list.",
    )
    AUTO_RESPONDER = (
        "AutoResponder",
        64,
        "Auto responder",
        'Automatic email responder (ex: "Out of Office" or "On Vacation").',
    )
    ADDRESS_CHANGE = ("AddressChange", 128, "Address change", "The recipient has requested an address change.")
    DNS_ERROR = ("DnsError", 256, "DNS error", "A temporary DNS error.")
    SPAM_NOTIFICATION = (
        "SpamNotification",
        512,
        "Spam notification",
        "The message was delivered, but was either blocked by the user, or classified as spam, bulk mail, "
        "or had rejected content.",
    )
    OPEN_RELAY_TEST = (
        "OpenRelayTest",
        1024,
        "Open relay test",
        "The NDR is actually a test email message to see if the mail server is an open relay.",
    )
    UNKNOWN = ("Unknown", 2048, "Unknown", "Unable to classify the NDR.")
    SOFT_BOUNCE = (
        "SoftBounce",
        4096,
        "Soft bounce",
        "Unable to temporarily deliver message (i.e. mailbox full, account disabled, exceeds quota, "
        "out of disk space).",
    )
    VIRUS_NOTIFICATION = (
        "VirusNotification",
        8192,
        "Virus notification",
        "The bounce is actually a virus notification warning about a virus/code infected message.",
    )
    CHALLENGE_VERIFICATION = (
        "ChallengeVerification",
        16384,
        "Spam challenge verification",
        "The bounce is a challenge asking for verification you actually sent the email. "
        "Typcial challenges are made by Spam Arrest, or MailFrontier Matador.",
    )
    BAD_EMAIL_ADDRESS = (
        "BadEmailAddress",
        100000,
        "Invalid email address",
        "The address is not a valid email address.",
    )
    SPAM_COMPLAINT = (
        "SpamComplaint",
        100001,
        "Spam complaint",
        "The subscriber explicitly marked this message as spam.",
        _SPAM,
    )
    MANUALLY_DEACTIVATED = (
        "ManuallyDeactivated",
        100002,
        "Manually deactivated",
        "The email was manually deactivated.",
        _MANUAL,
        False,
    )
    UNCONFIRMED = (
        "Unconfirmed",
        100003,
        "Registration not confirmed",
        "The subscriber has not clicked on the confirmation link upon registration or import.",
        None,
        False,
    )
    BLOCKED = ("Blocked", 100006, "ISP block", "Blocked from this ISP due to content or blacklisting.")
    SMTP_API_ERROR = (
        "SMTPApiError",
        100007,
        "SMTP API error",
        "An error occurred while accepting an email through the SMTP API.",
        None,
        False,
    )
    INBOUND_ERROR = (
        "InboundError",
        100008,
        "Processing failed",
        "Unable to deliver inbound message to destination inbound hook.",
        None,
        False,
    )
    DMARC_POLICY = ("DMARCPolicy", 100009, "DMARC Policy", "Email rejected due DMARC Policy.")
    TEMPLATE_RENDERING_FAILED = (
        "TemplateRenderingFailed",
        100010,
        "Template rendering failed",
        "An error occurred while attempting to render your template.",
        None,
        False,
    )

    @property
    def can_activate(self) -> bool:
        """Whether the customer may lift what a bounce of this type deactivated: all but complaints."""
        return self is not BounceType.SPAM_COMPLAINT


BY_CODE = {kind.code: kind for kind in BounceType}
