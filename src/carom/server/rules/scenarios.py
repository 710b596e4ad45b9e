"""What the built-in remote does with an address: Postmark's black-hole domain, as a table.

The local part names a bounce type (any case, underscores ignored; what follows a ``+`` is free), ``+later`` accepts
first and bounces by a mail, ``reply+550-5.7.1@`` asks for that very reply. Here is only what the remote does; that
the requested type is the type of the bounce is settled elsewhere, from :attr:`Scenario.type`.
"""

import re
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from carom.taxonomy import BounceType

TEST_DOMAIN = "bounce-testing.postmarkapp.com"
BOUNCE_TYPE_HEADER = "X-PM-Bounce-Type"

When = Literal["rcpt", "data", "later"]
Action = Literal["failed", "delayed"]


class Scenario(Struct, frozen=True):
    """What happens to mail for one address.

    ``at`` None accepts it; ``rcpt`` and ``data`` refuse it there; ``later`` accepts it and answers with a delivery
    report whose recipient has ``action``. ``type`` is the bounce type asked for, None where none was.
    """

    type: BounceType | None
    at: When | None
    code: int
    status: str
    text: str
    action: Action = "failed"


class _Row(Struct, frozen=True):
    at: When
    code: int
    status: str
    text: str
    action: Action = "failed"


# One row a type. Refusals where a server would refuse; a report where only a mail could tell.
_ROWS: dict[BounceType, _Row] = {
    BounceType.HARD_BOUNCE: _Row("rcpt", 550, "5.1.1", "<{0}>: Recipient address rejected: User unknown"),
    BounceType.TRANSIENT: _Row(
        "later", 451, "4.4.1", "connect to the mail server of <{0}>: Connection timed out; will be retried", "delayed"
    ),
    BounceType.UNSUBSCRIBE: _Row("later", 550, "5.7.0", "<{0}> asks to be unsubscribed: remove me from this list"),
    BounceType.SUBSCRIBE: _Row("later", 550, "5.7.0", "<{0}> asks to be subscribed to this list"),
    BounceType.AUTO_RESPONDER: _Row("later", 450, "4.2.0", "<{0}>: Automatic reply: Out of office until next week"),
    BounceType.ADDRESS_CHANGE: _Row("later", 551, "5.1.6", "<{0}> has changed the address; please update your records"),
    BounceType.DNS_ERROR: _Row(
        "later", 451, "4.4.3", "<{0}>: Host or domain name not found: temporary DNS error, name server did not answer"
    ),
    BounceType.SPAM_NOTIFICATION: _Row("data", 554, "5.7.1", "Message to <{0}> rejected: content classified as spam"),
    BounceType.OPEN_RELAY_TEST: _Row("later", 550, "5.7.1", "<{0}>: Relay access denied: open relay test message"),
    BounceType.UNKNOWN: _Row("data", 554, "5.0.0", "Transaction for <{0}> failed"),
    BounceType.SOFT_BOUNCE: _Row("rcpt", 552, "5.2.2", "<{0}>: Mailbox full: user is over quota"),
    BounceType.VIRUS_NOTIFICATION: _Row("later", 554, "5.7.0", "Virus found in the message to <{0}>: Eicar-Test"),
    BounceType.CHALLENGE_VERIFICATION: _Row(
        "later", 550, "5.7.0", "<{0}> is protected: please verify that you sent this message, it is held until then"
    ),
    BounceType.BAD_EMAIL_ADDRESS: _Row("rcpt", 553, "5.1.3", "<{0}>: Bad recipient address syntax"),
    BounceType.MANUALLY_DEACTIVATED: _Row("later", 550, "5.2.1", "<{0}> was deactivated by hand"),
    BounceType.UNCONFIRMED: _Row("later", 550, "5.7.0", "<{0}> has not confirmed the registration"),
    BounceType.BLOCKED: _Row(
        "data", 554, "5.7.1", "Message to <{0}> blocked: client host listed by a DNS block list for poor reputation"
    ),
    BounceType.SMTP_API_ERROR: _Row("later", 554, "5.6.0", "Message to <{0}> could not be accepted by SMTP submission"),
    BounceType.INBOUND_ERROR: _Row("later", 554, "5.3.0", "Message to <{0}> could not be handed to the inbound hook"),
    BounceType.DMARC_POLICY: _Row(
        "data", 550, "5.7.1", "Message to <{0}> rejected: unauthenticated mail is refused by the sender's DMARC policy"
    ),
    BounceType.TEMPLATE_RENDERING_FAILED: _Row("later", 554, "5.6.0", "Template for <{0}> could not be rendered"),
}

# A complaint is no bounce that can be asked for; Postmark answers with a hard bounce.
_AT_TEST_DOMAIN = f"@{TEST_DOMAIN}"
_UNSUPPORTED = BounceType.SPAM_COMPLAINT
_BY_NAME = {kind.lower(): kind for kind in BounceType if kind is not _UNSUPPORTED}
_REPLY = re.compile(r"reply\+((?P<class>[45])[0-5]\d)-((?P=class)\.\d{1,3}\.\d{1,3})(?:\+(data|later))?", re.IGNORECASE)


def requested_type(recipient: str, bounce_type_header: str | None = None) -> BounceType | None:
    """Return the bounce type that a recipient and the X-PM-Bounce-Type header ask for, None if none."""
    return None if _test_local(recipient) is None else scenario(recipient, bounce_type_header).type


def scenario(recipient: str, bounce_type_header: str | None = None) -> Scenario:
    """Look up what the built-in remote does with mail for ``recipient``. The header counts at the test domain only,
    and there before the local part."""
    local = _test_local(recipient)
    if local is None:
        return Scenario(None, None, 250, "2.1.5", "Ok")
    header = (bounce_type_header or "").strip()
    reply = None if header else _reply(local, recipient)
    if reply is not None:
        return reply
    name, *tags = local.split("+")
    found = _scenario(_kind(header or name) or BounceType.HARD_BOUNCE, recipient)
    return replace(found, at="later") if "later" in tags else found


def local_part_decides(recipient: str) -> bool:
    """Whether the local part alone says what happens: false at the test domain where it names no known type, so that
    the header, which comes with the content, may."""
    local = _test_local(recipient)
    return local is None or _kind(local.partition("+")[0]) is not None or _REPLY.fullmatch(local) is not None


def _test_local(recipient: str) -> str | None:
    folded = recipient.lower()
    return folded[: -len(_AT_TEST_DOMAIN)] if folded.endswith(_AT_TEST_DOMAIN) else None


def _kind(name: str) -> BounceType | None:
    return _BY_NAME.get(name.replace("_", "").lower())


def _scenario(kind: BounceType, recipient: str) -> Scenario:
    row = _ROWS[kind]
    return Scenario(kind, row.at, row.code, row.status, row.text.format(recipient), row.action)


def _reply(local: str, recipient: str) -> Scenario | None:
    match = _REPLY.fullmatch(local)
    if match is None:
        return None
    code, first, status, where = match.groups()
    at: When = "data" if where == "data" else "later" if where == "later" else "rcpt"
    action: Action = "delayed" if first == "4" and at == "later" else "failed"
    return Scenario(None, at, int(code), status, f"<{recipient}>: this reply was asked for", action)
