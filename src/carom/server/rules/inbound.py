"""A received mail as the Messages API shows it, and what may block it.

https://postmarkapp.com/developer/user-guide/inbound, https://postmarkapp.com/developer/webhooks/inbound-webhook
"""

from collections.abc import Iterable
from email.message import Message
from uuid import UUID

from msgspec import Struct, structs

from carom.server.rules import mail as reading
from carom.server.rules.mail import File, TooCostly
from carom.server.rules.replies import stripped_reply
from carom.wire.addresses import Address
from carom.wire.email import Header
from carom.wire.messages import InboundAttachment, InboundDetails, Mailbox

STREAM = "inbound"
MAX_KEPT_BODY = 1_000_000
"""Characters of a body that the API shows; the raw mail is kept whole."""

PROCESSED, BLOCKED, QUEUED, FAILED, SCHEDULED = "Processed", "Blocked", "Queued", "Failed", "Scheduled"
STATUSES = {status.lower(): status for status in (PROCESSED, BLOCKED, QUEUED, FAILED, SCHEDULED)}

# What has a field of its own in the answer, or says how the mail was encoded.
_FIELDS = frozenset(
    [
        "from",
        "to",
        "cc",
        "bcc",
        "subject",
        "date",
        "reply-to",
        "content-type",
        "content-transfer-encoding",
        "content-disposition",
        "return-path",
    ]
)
_TAG = "X-PM-Tag"
_SCORE = "X-Spam-Score"


class Screen(Struct, frozen=True):
    """What a server blocks: its inbound rules, in lower case, and the spam score above which mail is spam; 0 is none.
    ``hook`` tells whether mail is posted somewhere, ``raw_email`` whether the raw mail with it."""

    rules: frozenset[str]
    spam_threshold: int
    hook: bool
    raw_email: bool = False


class Received(Struct, frozen=True):
    """A mail that was read: as the API shows it, its bodies in full, and its files in the order of the attachments."""

    details: InboundDetails
    text_body: str
    html_body: str
    files: list[File]


def read_inbound(raw: bytes, mail_from: str, recipient: str, message_id: UUID) -> Received:
    """Read a mail that came to ``recipient``. Whatever the mail is, it is read as far as it can be."""
    try:
        mail = reading.read_mail(raw)
        parts = reading.read_parts(mail)
    except (TooCostly, RecursionError):
        mail, parts = reading.read_headers(raw), reading.Parts({}, [])
    sender = next(iter(_mailboxes(mail, "From")), Address("", ""))
    to, cc, bcc = (_mailboxes(mail, name) for name in ("To", "Cc", "Bcc"))
    bcc_text = _clean(reading.joined(mail, "Bcc"))
    if not _names(recipient, (*to, *cc, *bcc)):
        # It was reached by a Bcc, or was forwarded from an address that To names.
        bcc.append(Address("", recipient))
        bcc_text = f"{bcc_text}, {recipient}".removeprefix(", ")
    text, html = (_clean(parts.bodies.get(kind, "")).replace("\r\n", "\n") for kind in ("text/plain", "text/html"))
    details = InboundDetails(
        from_=sender.email,
        from_name=sender.name,
        from_full=_full(sender),
        to=_clean(reading.joined(mail, "To")),
        to_full=[_full(one) for one in to],
        cc=_clean(reading.joined(mail, "Cc")),
        cc_full=[_full(one) for one in cc],
        bcc=bcc_text,
        bcc_full=[_full(one) for one in bcc],
        reply_to=_clean(reading.joined(mail, "Reply-To")),
        original_recipient=_clean(recipient),
        subject=_clean(reading.first(mail, "Subject")),
        date=_clean(reading.first(mail, "Date")),
        mailbox_hash=_clean(mailbox_hash(recipient)),
        tag=_clean(reading.first(mail, _TAG)),
        attachments=[_attachment(file) for file in parts.files],
        message_id=str(message_id),
        message_stream=STREAM,
        status=PROCESSED,
        text_body=text[:MAX_KEPT_BODY],
        html_body=html[:MAX_KEPT_BODY],
        stripped_text_reply=stripped_reply(text) if _is_reply(mail) else "",
        headers=[Header(name="Return-Path", value=f"<{_clean(mail_from)}>"), *_kept_headers(mail)],
        blocked_reason="",
    )
    return Received(details, text, html, parts.files)


def screened(message: InboundDetails, screen: Screen) -> InboundDetails:
    """Return a message with the status that it gets, and why it is blocked if it is."""
    reason = _blocked_by(message, screen)
    if reason:
        return structs.replace(message, status=BLOCKED, blocked_reason=reason)
    return structs.replace(message, status=released(hook=screen.hook))


def released(*, hook: bool) -> str:
    """Return the status of a message that nothing blocks: it waits for the hook where there is one."""
    return QUEUED if hook else PROCESSED


def mailbox_hash(email: str) -> str:
    """Return what stands between the first ``+`` and the ``@``."""
    return email.rpartition("@")[0].partition("+")[2]


def mailboxes_of(message: InboundDetails) -> list[str]:
    """Return every address that a message was sent to, in lower case, each once."""
    named = (*message.to_full, *message.cc_full, *(message.bcc_full or ()))
    return list(dict.fromkeys([message.original_recipient.lower(), *(one.email.lower() for one in named)]))


def _blocked_by(message: InboundDetails, screen: Screen) -> str:
    sender = message.from_.lower()
    for rule, kind in ((sender, "address"), (sender.rpartition("@")[2], "domain")):
        if rule and rule in screen.rules:
            return f"Inbound request blocked by {kind} rule: {message.from_}"
    score = _score(message.headers)
    if screen.spam_threshold and score is not None and score > screen.spam_threshold:
        return f"Inbound request blocked by spam threshold: {score} is above {screen.spam_threshold}"
    return ""


def _score(headers: list[Header]) -> float | None:
    """Read the score that the filter in front wrote: the topmost, since what is below may be the sender's."""
    text = next((header.value for header in headers if header.name.lower() == _SCORE.lower()), "")
    try:
        return float(text)
    except ValueError:
        return None


def _is_reply(mail: Message) -> bool:
    return any(name.lower() in {"in-reply-to", "references"} for name in mail)


def _kept_headers(mail: Message) -> Iterable[Header]:
    for name, value in reading.headers(mail):
        if name.lower() not in _FIELDS:
            yield Header(name=_clean(name), value=_clean(value))


def _mailboxes(mail: Message, name: str) -> list[Address]:
    try:
        found = reading.mailboxes(mail, name)
    except TooCostly:
        return []
    return [Address(_clean(one.name), _clean(one.email)) for one in found]


def _names(recipient: str, named: Iterable[Address]) -> bool:
    return recipient.lower() in {one.email.lower() for one in named}


def _full(one: Address) -> Mailbox:
    return Mailbox(email=one.email, name=one.name, mailbox_hash=mailbox_hash(one.email))


def _attachment(file: File) -> InboundAttachment:
    return InboundAttachment(
        name=_clean(file.name),
        content_type=_clean(file.content_type),
        content_length=len(file.content),
        content_id=_clean(file.content_id),
    )


def _clean(text: str) -> str:
    """Leave out what no JSON text or column can hold: NUL, and halves of surrogate pairs."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()
