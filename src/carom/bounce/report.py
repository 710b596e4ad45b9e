"""Reads a returned mail: the readers are tried in their order, and the first that understands it gives the report."""

import re

from carom.bounce.addresses import find_address
from carom.bounce.arf import read_feedback
from carom.bounce.classify import Verdict, classify
from carom.bounce.codes import find_reply
from carom.bounce.dsn import SUCCESS, Recipient, Status, read_status
from carom.bounce.events import Delayed, Failed, Report
from carom.bounce.ids import bare_id
from carom.bounce.mime import Mail, decode_words, read_mail
from carom.bounce.notices import read_notice
from carom.bounce.prose import Found, paragraph_of, read_prose, squash
from carom.bounce.sender import is_answer, is_daemon, is_list, says_failure
from carom.bounce.ses import read_ses
from carom.bounce.text import Told, read_told
from carom.bounce.verp import address_in_verp

STATUS_TYPES = frozenset({"message/delivery-status", "message/global-delivery-status"})
_STATUS_FIELDS = re.compile(r"^[ \t]*(?:final|original)-recipient[ \t]*:", re.IGNORECASE | re.MULTILINE)
_DELAY = re.compile(
    r"""has\ been\ delayed | will\ be\ retried | (?:attempts?|retry\w*)\ will\ continue | not\ yet\ been\ delivered
    | warning\ message\ only | transient\ non-fatal | will\ (?:keep|continue)\ (?:on\ )?(?:trying|to\ (?:be|try)) | delayed\ \d+\ hours
    | attempts\ will\ continue | delays\ in\ delivering | still\ being\ retried""",
    re.IGNORECASE | re.VERBOSE,
)
_REMOTE = re.compile(
    r"""(?:\bhost:?\s+|remote\ host\s+|while\ talking\ to\s+|connected\ to\s+|\bby\s+(?=\S+\.\ \[)|server\s+<)
        ([A-Za-z0-9][\w-]*(?:\.[\w-]+)+)
      | ([A-Za-z0-9][\w-]*(?:\.[\w-]+)+)\ (?:\[[\d.a-f:]+\]\ )?(?:did\ not\ like\ our|does\ not\ like\ recipient|failed\ after\ i\ sent)""",
    re.IGNORECASE | re.VERBOSE,
)


def parse(raw: bytes) -> Report:
    """Read a mail that came to a return path. Any bytes give a report; one that is no report has no events."""
    mail = read_mail(raw)
    report = read_feedback(mail) or _status_part(mail)
    if report is not None:
        return report
    told = read_told(mail)
    return (
        read_notice(mail, told, "notices")
        or _machine_text(mail, told)
        or read_notice(mail, told, "autoreplies")
        or Report(headers=mail.headers, returned=told.returned)
    )


def _status_part(mail: Mail) -> Report | None:
    """Read the delivery status part, if there is one that names a recipient."""
    part = next((part for part in mail.parts if part.type in STATUS_TYPES), None)
    if part is None:
        return None
    status = read_status(part.text)
    return _status_report(mail, status, read_told(mail)) if status.recipients else None


def _machine_text(mail: Mail, told: Told) -> Report | None:
    """Read what a mail system wrote without a status part: its fields in the text, or prose."""
    if not _may_bounce(mail):
        return None
    if _STATUS_FIELDS.search(told.text):
        status = read_status(told.text)
        if status.recipients:
            return _status_report(mail, status, told)
    if notified := read_ses(told.text):
        return _status_report(mail, Status(None, notified), told)
    found = read_prose(told.text, mail.headers, told.returned) or _from_verp(mail, told)
    if not found:
        return None
    events = tuple(_told_event(one, mail, told) for one in found)
    return Report(events=events, headers=mail.headers, returned=told.returned, reader="prose")


def _may_bounce(mail: Mail) -> bool:
    """Tell whether a mail without a status part may be a bounce: a mail system wrote it, or its subject says so and no
    person's answer, list or newsletter does."""
    headers = mail.headers
    if is_list(headers) or is_answer(headers) or "in-reply-to" in headers:
        return "x-failed-recipients" in headers
    return is_daemon(headers) or says_failure(headers)


def _from_verp(mail: Mail, told: Told) -> list[Found]:
    """Find the recipient in the address that the bounce was sent to, where the text speaks of a failure."""
    recipient = address_in_verp(find_address(mail.headers.get("to", "")) or "")
    return [Found(recipient, None, squash(told.text))] if recipient and says_failure(mail.headers) else []


def _status_report(mail: Mail, status: Status, told: Told) -> Report:
    message_id = bare_id(told.returned.get("message-id"))
    failed = [one for one in status.recipients if one.action not in SUCCESS]
    return Report(
        events=tuple(_status_event(one, told, message_id) for one in failed),
        delivered=tuple(one.final or one.original or "" for one in status.recipients if one.action in SUCCESS),
        envelope_id=status.envelope_id,
        headers=mail.headers,
        returned=told.returned,
        reader="dsn",
    )


def _status_event(one: Recipient, told: Told, message_id: str | None) -> Failed | Delayed:
    recipient = one.final or one.original
    diagnostic = one.diagnostic or paragraph_of(told.text, recipient)
    verdict = classify(status=one.status, text=diagnostic, action=one.action)
    return (Delayed if one.action == "delayed" else Failed)(
        recipient=recipient,
        original_recipient=one.original,
        action=one.action,
        status=verdict.status,
        reply=find_reply(diagnostic),
        diagnostic=diagnostic,
        remote_mta=one.remote_mta or find_remote(diagnostic),
        reporting_mta=one.reporting_mta,
        original_message_id=message_id,
        type=verdict.type,
        rule=verdict.rule,
        matched=verdict.matched,
    )


def _told_event(one: Found, mail: Mail, told: Told) -> Failed | Delayed:
    subject = decode_words(mail.headers.get("subject", ""))
    action = "delayed" if _DELAY.search(subject) or _DELAY.search(told.text) else "failed"
    verdict = _verdict(one.diagnostic, subject, told.text, action)
    return (Delayed if action == "delayed" else Failed)(
        recipient=one.recipient,
        original_recipient=one.original,
        action=action,
        status=verdict.status,
        reply=find_reply(one.diagnostic),
        diagnostic=one.diagnostic,
        remote_mta=find_remote(one.diagnostic),
        original_message_id=bare_id(told.returned.get("message-id")),
        type=verdict.type,
        rule=verdict.rule,
        matched=verdict.matched,
    )


def _verdict(diagnostic: str, subject: str, text: str, action: str) -> Verdict:
    """Decide by what is said of the recipient; where that decides nothing, by all that is said."""
    verdict = classify(text=diagnostic, action=action)
    return verdict if verdict.matched else classify(text=f"{subject}\n{text}", action=action)


def find_remote(text: str) -> str | None:
    """Return the remote host that a text names as the one that refused."""
    match = _REMOTE.search(text)
    return (match[1] or match[2]).rstrip(".") if match else None
