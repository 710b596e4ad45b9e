"""What the built-in remote does with an address, as a table: Postmark's bounce-testing domain, and replies of your choice.

``hardbounce@`` is refused as an unknown user, ``Soft_Bounce@`` as a full mailbox, and so on for each bounce type, in any
case and with or without underscores; an unknown name is a HardBounce. ``hardbounce+later@`` is accepted first and bounced
by a DSN mail. ``reply+550-5.7.1@`` is refused with that code and status, ``reply+552-5.3.4+data@`` after the message,
``reply+550-5.1.1+later@`` by a DSN mail.
Source: https://postmarkapp.com/developer/user-guide/sandbox-mode/generate-fake-bounces.
"""

import re
from typing import Literal, NamedTuple

from carom.taxonomy import BounceType

TEST_DOMAIN = "bounce-testing.postmarkapp.com"

When = Literal["rcpt", "data", "later"]
Action = Literal["failed", "delayed"]


class Scenario(NamedTuple):
    """What a remote does. ``type`` is the bounce type that the address asked for, None where it chose a reply. ``at`` is
    when the remote says no: at RCPT, after DATA, or later by a DSN mail; None when it never does."""

    type: BounceType | None
    at: When | None
    code: int
    status: str
    text: str
    action: Action = "failed"

    @property
    def reply(self) -> str:
        """The text of an SMTP reply: status and words."""
        return f"{self.status} {self.text}"


ACCEPT = Scenario(None, None, 250, "2.0.0", "OK")

_T = BounceType

_ROWS = (
    Scenario(_T.HARD_BOUNCE, "rcpt", 550, "5.1.1", "<{address}>: Recipient address rejected: User unknown"),
    Scenario(_T.SOFT_BOUNCE, "rcpt", 552, "5.2.2", "<{address}>: Mailbox full, the quota of this user is exceeded"),
    Scenario(_T.TRANSIENT, "later", 451, "4.4.1", "connect to mail.example.net: Connection timed out", "delayed"),
    Scenario(_T.DNS_ERROR, "later", 451, "4.4.3", "Host or domain name not found: name service error, try again"),
    Scenario(_T.BLOCKED, "data", 554, "5.7.1", "Service unavailable: the sending IP address is on our block list"),
    Scenario(_T.SPAM_NOTIFICATION, "data", 550, "5.7.1", "Message rejected as spam by content scanning"),
    Scenario(_T.DMARC_POLICY, "data", 550, "5.7.1", "Email rejected per DMARC policy for the domain in From"),
    Scenario(_T.VIRUS_NOTIFICATION, "data", 554, "5.7.0", "Message rejected: a virus was found in it"),
    Scenario(_T.BAD_EMAIL_ADDRESS, "rcpt", 553, "5.1.3", "<{address}>: Invalid mailbox syntax"),
    Scenario(_T.AUTO_RESPONDER, "later", 250, "5.0.0", "Out of office: I will read your mail when I am back"),
    Scenario(_T.ADDRESS_CHANGE, "later", 250, "5.0.0", "I have a new address; please update your address book"),
    Scenario(_T.UNSUBSCRIBE, "later", 250, "5.0.0", "Please remove me from this list"),
    Scenario(_T.SUBSCRIBE, "later", 250, "5.0.0", "Please add me to this list"),
    Scenario(_T.CHALLENGE_VERIFICATION, "later", 250, "5.0.0", "Please verify that you sent this message"),
    Scenario(_T.OPEN_RELAY_TEST, "later", 250, "5.0.0", "This message tests whether your system is an open relay"),
    Scenario(_T.UNKNOWN, "data", 554, "5.0.0", "Transaction failed"),
    Scenario(_T.MANUALLY_DEACTIVATED, "data", 554, "5.0.0", "The address is deactivated"),
    Scenario(_T.UNCONFIRMED, "data", 554, "5.0.0", "The registration of this address is not confirmed"),
    Scenario(_T.SMTP_API_ERROR, "data", 554, "5.0.0", "The message could not be accepted"),
    Scenario(_T.INBOUND_ERROR, "data", 554, "5.0.0", "The inbound hook did not take the message"),
    Scenario(_T.TEMPLATE_RENDERING_FAILED, "data", 554, "5.0.0", "The template could not be rendered"),
)

_BY_TYPE = {row.type: row for row in _ROWS}
_BY_NAME = {kind.value.lower(): kind for kind in BounceType if kind is not BounceType.SPAM_COMPLAINT}
_REPLY = re.compile(r"reply\+([245]\d\d)-([245]\.\d{1,3}\.\d{1,3})(?:\+(data|later))?")


def requested_type(recipient: str, bounce_type_header: str | None = None) -> BounceType | None:
    """Return the bounce type that a recipient asks for, None for one that asks for none."""
    return scenario(recipient, bounce_type_header).type


def scenario(recipient: str, bounce_type_header: str | None = None) -> Scenario:
    """Return what the built-in remote does with a recipient; ``bounce_type_header`` is the value of X-PM-Bounce-Type,
    which counts for recipients at the test domain."""
    local, _, domain = recipient.lower().rpartition("@")
    if domain != TEST_DOMAIN:
        return ACCEPT
    chosen = _REPLY.fullmatch(local)
    if chosen:
        return _chosen(recipient, int(chosen[1]), chosen[2], chosen[3])
    name, _, suffix = local.partition("+")
    kind = _type_named(bounce_type_header) if bounce_type_header else _type_named(name)
    row = _BY_TYPE[kind]
    return row._replace(text=row.text.format(address=recipient), at="later" if suffix == "later" else row.at)


def _type_named(name: str) -> BounceType:
    return _BY_NAME.get(name.strip().replace("_", "").lower(), BounceType.HARD_BOUNCE)


def _chosen(recipient: str, code: int, status: str, suffix: str | None) -> Scenario:
    at: When | None = "data" if suffix == "data" else "later" if suffix == "later" else "rcpt"
    if code < 400 and at != "later":
        return ACCEPT
    return Scenario(None, at, code, status, f"<{recipient}>: this remote was asked to answer so")
