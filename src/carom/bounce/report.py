"""Reads a returned mail: the readers are tried in their order, and the first that understands it gives the report."""

import re
from collections.abc import Callable, Iterator
from functools import partial

from carom.bounce.addresses import header_address
from carom.bounce.arf import read_feedback
from carom.bounce.classify import Rules, builtin_rules, classify, decide, weigh
from carom.bounce.codes import find_reply
from carom.bounce.dsn import SUCCESS, Recipient, Status, read_status
from carom.bounce.events import Delayed, Failed, Report
from carom.bounce.ids import bare_id
from carom.bounce.mime import Mail, decode_words, read_mail, undo_transfer
from carom.bounce.notices import read_notice
from carom.bounce.prose import Found, paragraph_of, read_prose, squash, whole
from carom.bounce.remote import find_remote
from carom.bounce.sender import (
    is_answer,
    is_daemon,
    is_daemon_named,
    is_list,
    opens_as_bounce,
    says_failure,
    says_success,
    speaks_as_system,
)
from carom.bounce.ses import read_ses
from carom.bounce.text import Told, read_told
from carom.bounce.verp import address_in_verp

SHORT_TEXT = 1000
STATUS_TYPES = frozenset({"message/delivery-status", "message/global-delivery-status"})
_STATUS_FIELDS = re.compile(r"^[ \t]*(?:final|original)-recipient[ \t]*:", re.IGNORECASE | re.MULTILINE)
# Dovecot's delivery agent: the reason stands here; the report around it may be another system's guess.
_REJECTED = re.compile(r"^Your message to <[^>\n]*> was automatically rejected:\s*(\S.*)", re.MULTILINE)
_DELAY = (
    "has been delayed",
    "will be retried",
    "attempts will continue",
    "not yet been delivered",
    "warning message only",
    "transient non-fatal",
    "will continue trying",
    "will keep trying",
    "delays in delivering",
    "still being retried",
    "gmail will retry",
    "temporary failure report",
    "not been delivered yet",
    "not yet delivered",
    "delivery has been delayed",
    "message delayed",
    "will try again",
    "still trying",
    "will continue to",
    "will be attempted",
    "notification (delay)",
    "delayed mail",
    "will keep on trying",
    "this is only a warning",
    "has been deferred",
    "retried for",
)
_DELAYED_HOURS = re.compile(r"delayed \d+ (?:minutes|hours|days)")


def parse(raw: bytes, *, rules: Rules | None = None) -> Report:
    """Read a mail that came to a return path. Any bytes give a report; one that is no report has no events. ``rules``
    decides in place of the built-in rules for refusals; see :func:`carom.bounce.own_rules`."""
    rules = builtin_rules() if rules is None else rules
    mail = read_mail(raw)
    report = read_feedback(mail) or _status_part(mail, rules) or _wrapped(mail, rules)
    if report is not None:
        return report
    told = read_told(mail)
    for read in _readers(mail, told, rules):
        if report := read():
            return report
    return Report(headers=mail.headers, returned=told.returned)


def _readers(mail: Mail, told: Told, rules: Rules) -> Iterator[Callable[[], Report | None]]:
    """Yield the readers for a mail without a report part. A mail that does not speak as a system does may be a person's
    auto-reply, whose null return path alone makes it no bounce."""
    autoreplies = partial(read_notice, mail, told, "autoreplies")
    if not _is_surely_bounce(mail, told):
        yield partial(read_notice, mail, told, "notices")
    if speaks_as_system(mail.headers, told.text):
        yield partial(_machine_text, mail, told, rules)
        yield autoreplies
    else:
        yield autoreplies
        yield partial(_machine_text, mail, told, rules)


def _is_surely_bounce(mail: Mail, told: Told) -> bool:
    """Tell whether a mail is no notice whatever words it quotes: it begins as bounces do, or names failed recipients."""
    return "x-failed-recipients" in mail.headers or opens_as_bounce(told.text)


def _status_part(mail: Mail, rules: Rules) -> Report | None:
    """Read the delivery status parts, if there are any that name a recipient; some systems write one a recipient."""
    parts = [part for part in mail.parts if part.type in STATUS_TYPES]
    if not parts:
        return None
    status = read_status("\n\n".join(part.text for part in parts))
    return _status_report(mail, status, read_told(mail), rules) if status.recipients else None


def _wrapped(mail: Mail, rules: Rules) -> Report | None:
    """Read a report that a gateway has wrapped into a mail of its own, which says that it is a delivery status."""
    inner = mail.parts[0] if mail.parts and "delivery-status" in mail.content_type else None
    if inner is None or inner.type != "message/rfc822":
        return None
    return _status_part(read_mail(undo_transfer(inner.body, inner.headers)), rules)


def _machine_text(mail: Mail, told: Told, rules: Rules) -> Report | None:
    """Read what a mail system wrote without a status part: its fields in the text, or prose."""
    if told.text.startswith("{") and (notified := read_ses(told.text)):
        return _status_report(mail, Status(None, None, notified), told._replace(text=""), rules)
    if not _may_bounce(mail, told) or says_success(mail.headers, told.text):
        return None
    if "ecipient" in told.text and _STATUS_FIELDS.search(told.text):
        status = read_status(told.text)
        if status.recipients:
            return _status_report(mail, status, told, rules)
    found = read_prose(told.text, mail.headers, told.returned) or _not_in_text(mail, told)
    if not found:
        return None
    events = tuple(_told_event(one, mail, told, rules, alone=len(found) == 1) for one in found)
    return Report(events=events, headers=mail.headers, returned=told.returned, reader="prose")


def _may_bounce(mail: Mail, told: Told) -> bool:
    """Tell whether a mail without a status part may be a bounce: a mail system wrote it, or its subject or opening says
    so and it is no person's answer, list or newsletter. Of a null return path alone the text must tell a failure."""
    headers = mail.headers
    if is_daemon_named(headers) or any(part.type in STATUS_TYPES for part in mail.parts):
        return True
    if is_list(headers) or is_answer(headers):
        return False
    if speaks_as_system(headers, told.text):
        return True
    return is_daemon(headers) and bool(classify(text=told.text).matched)


def _not_in_text(mail: Mail, told: Told) -> list[Found]:
    """Find the recipient of a failure that the text does not name: in the return path, if that is of a known form, or
    in the returned mail, if it went to one address."""
    if not (says_failure(mail.headers) or classify(text=told.text).matched):
        return []
    recipient = address_in_verp(header_address(mail.headers.get("to", "")) or "")
    to = told.returned.get("to", "")
    if recipient is None and to.count("@") == 1:
        recipient = header_address(to)
    return [Found(recipient, None, squash(told.text))] if recipient else []


def _status_report(mail: Mail, status: Status, told: Told, rules: Rules) -> Report:
    message_id = told.message_id or bare_id(status.message_id)
    failed = [one for one in status.recipients if one.action not in SUCCESS]
    return Report(
        events=tuple(_status_event(one, told, message_id, rules) for one in failed),
        delivered=tuple(one.final or one.original or "" for one in status.recipients if one.action in SUCCESS),
        envelope_id=status.envelope_id,
        headers=mail.headers,
        returned=told.returned,
        reader="dsn",
    )


def _status_event(one: Recipient, told: Told, message_id: str | None, rules: Rules) -> Failed | Delayed:
    recipient = one.final or one.original
    diagnostic = _fuller(one.diagnostic, told.text, recipient)
    codes = one.diagnostic if find_reply(one.diagnostic) else None
    text = f"{diagnostic} BounceCategory: {one.category}" if one.category else diagnostic
    evidence = weigh(status=one.status, text=text, action=one.action, codes=codes)
    verdict = decide(evidence, rules)
    return (Delayed if one.action == "delayed" else Failed)(
        recipient=recipient,
        original_recipient=one.original,
        action=one.action,
        status=verdict.status,
        reply=evidence.reply,
        diagnostic=diagnostic,
        diagnostic_code=one.diagnostic_code,
        remote_mta=one.remote_mta or find_remote(diagnostic),
        reporting_mta=one.reporting_mta,
        original_message_id=message_id,
        type=verdict.type,
        rule=verdict.rule,
        matched=verdict.matched,
    )


def _fuller(diagnostic: str, text: str, recipient: str | None) -> str:
    """Return what the text for people says of a recipient where it quotes the diagnostic or there is none: it adds the
    host, the command that was refused, and the lines that the field leaves out."""
    if rejected := _REJECTED.search(text):
        return squash(rejected[1])
    core = squash(diagnostic)[:80].lstrip("0123456789.-# ")
    if core.lower() not in " ".join(text.lower().split()):
        return diagnostic
    paragraph = paragraph_of(text, recipient, core)
    return paragraph if core.lower() in paragraph.lower() else diagnostic


def _told_event(one: Found, mail: Mail, told: Told, rules: Rules, *, alone: bool) -> Failed | Delayed:
    """Make the event of a recipient that only text names. Of a short mail about one recipient all of the text is its
    diagnostic; what decides is still what stands by the address."""
    subject = decode_words(mail.headers.get("subject", ""))
    action = "delayed" if says_delay(f"{subject} {told.text}".lower()) else "failed"
    codes = told.text if alone and not find_reply(one.diagnostic) else None
    for said in (one.diagnostic, f"{subject}\n{told.text}"):
        evidence = weigh(text=said, action=action, codes=codes)
        verdict = decide(evidence, rules)
        if verdict.matched:
            break
    text = whole(told.text)
    return (Delayed if action == "delayed" else Failed)(
        recipient=one.recipient,
        original_recipient=one.original,
        action=action,
        status=verdict.status,
        reply=evidence.reply,
        diagnostic=text if alone and len(text) <= SHORT_TEXT else one.diagnostic,
        remote_mta=find_remote(said),
        original_message_id=told.message_id,
        type=verdict.type,
        rule=verdict.rule,
        matched=verdict.matched,
    )


def says_delay(text: str) -> bool:
    """Tell whether a text in lower case says that the remote system goes on trying."""
    return any(phrase in text for phrase in _DELAY) or ("delayed " in text and bool(_DELAYED_HOURS.search(text)))
