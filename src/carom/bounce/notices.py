"""Mail that programs and people send to a return path and that is no bounce: answers of auto-responders, challenges,
notices of virus and spam filters, wishes to get mail or none, tests for open relays.

What tells them is data: ``rules/notices.toml`` and, tried last, ``rules/replies_auto.toml``. The rules see one line of
text, ``from: daemon|person; path: null|answers; <decisive headers>; encloses: mail; subject: ...; body: ...``, in lower case.
"""

import re

from carom.bounce.addresses import ADDRESS, find_address, header_address
from carom.bounce.arf import reader_of
from carom.bounce.events import AutoReply, Challenge, Complaint, ContentNotice, ListRequest, RelayTest, Report
from carom.bounce.evidence import Evidence, plain
from carom.bounce.mime import Mail, subject_of
from carom.bounce.prose import SENDER, squash
from carom.bounce.rulebook import rules_of
from carom.bounce.sender import is_list, takes_answers
from carom.bounce.text import Told
from carom.bounce.verdict import Verdict, decide
from carom.taxonomy import BounceType

Notice = type[AutoReply] | type[Challenge] | type[Complaint] | type[ContentNotice] | type[ListRequest] | type[RelayTest]

_SIGNS = ("auto-submitted", "precedence", "x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-response-suppress")
_NEVER = frozenset(
    {"message/disposition-notification", "application/gzip", "application/zip", "application/tlsrpt+gzip"}
)
_BODY = 600

# Whom a complaint in words is from, where it says so as feedback reports do.
_COMPLAINER = re.compile(r"^\W*original-rcpt-to\s*:(.*)", re.IGNORECASE | re.MULTILINE)

_EVENTS: dict[BounceType, Notice] = {
    BounceType.VIRUS_NOTIFICATION: ContentNotice,
    BounceType.SPAM_NOTIFICATION: ContentNotice,
    BounceType.CHALLENGE_VERIFICATION: Challenge,
    BounceType.UNSUBSCRIBE: ListRequest,
    BounceType.SUBSCRIBE: ListRequest,
    BounceType.ADDRESS_CHANGE: AutoReply,
    BounceType.AUTO_RESPONDER: AutoReply,
    BounceType.OPEN_RELAY_TEST: RelayTest,
    BounceType.SPAM_COMPLAINT: Complaint,
}
# Whose address the body names: the one that a filter or a challenge stands before. Of the others it is the sender's.
_NAMED_IN_BODY = frozenset({ContentNotice, Challenge})


def read_notice(mail: Mail, told: Told, rules: str, *, daemon: bool) -> Report | None:
    """Read a notice by the rules of one file, ``daemon`` where the From is a mail system's; None if none of them matches or the mail is of a kind that never counts."""
    if is_list(mail.headers) or any(part.type in _NEVER for part in mail.parts):
        return None
    verdict = decide(Evidence(text=plain(_signs(mail, told, daemon=daemon))), rules_of(rules))
    event = _EVENTS.get(verdict.type)
    return _report(mail, told, verdict, event) if event else None


def _signs(mail: Mail, told: Told, *, daemon: bool) -> str:
    headers = mail.headers
    signs = [f"from: {'daemon' if daemon else 'person'}"]
    if headers.get("return-path", "?").strip() == "<>":
        signs += ["path: null"]
    elif takes_answers(headers):
        signs += ["path: answers"]
    signs += [f"{name}: {headers[name][:80]}" for name in _SIGNS if name in headers]
    signs += ["encloses: mail"] if told.returned else []
    signs += [f"subject: {subject_of(headers)[:200]}", f"body: {told.text[:_BODY]}"]
    return "; ".join(signs)


def _report(mail: Mail, told: Told, verdict: Verdict, event: Notice) -> Report:
    sender = header_address(mail.headers.get("from", ""))
    if event is Complaint:
        recipient = _complainer(told)
    else:
        recipient = (_named(mail, told, sender) if event in _NAMED_IN_BODY else None) or sender
    one = event(
        recipient=None if event is RelayTest else recipient,
        diagnostic=squash(told.text),
        original_message_id=told.message_id,
        type=verdict.type,
        rule=verdict.rule,
        matched=verdict.matched,
    )
    return Report(events=(one,), headers=mail.headers, returned=told.returned, reader="notice")


def _complainer(told: Told) -> str | None:
    named = _COMPLAINER.search(told.text)
    return (find_address(named[1]) if named else None) or reader_of(told.returned)


def _named(mail: Mail, told: Told, sender: str | None) -> str | None:
    """Return the first address of the body that is not the address written to, nor called the sender's, nor one made from
    the sender's to answer to, as ``anna-confirm-123@`` of ``anna@``."""
    own = (header_address(mail.headers.get("to", "")) or "").lower()
    local = (sender or "").partition("@")[0].lower()
    text = told.text[:4000]
    named = (
        match[0].strip(".'")
        for match in ADDRESS.finditer(text)
        if not SENDER.search(text[max(0, match.start() - 40) : match.start()])
    )
    made = (f"{local}-", f"{local}+") if local else ()
    return next((address for address in named if address.lower() != own and not address.lower().startswith(made)), None)
