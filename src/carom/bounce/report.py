"""Reads a returned mail: the readers are tried in their order, and the first that understands it gives the report."""

import re
from collections.abc import Callable, Iterator
from functools import partial

from carom.bounce.addresses import find_address, header_address
from carom.bounce.arf import read_feedback
from carom.bounce.codes import find_reply, find_status
from carom.bounce.dsn import SUCCESS, Status, read_status
from carom.bounce.events import Report
from carom.bounce.evidence import MAX_TEXT
from carom.bounce.failures import status_event, told_events
from carom.bounce.ids import bare_id
from carom.bounce.mime import Mail, read_mail, subject_of, undo_transfer
from carom.bounce.notices import read_notice
from carom.bounce.prose import Found, read_prose, squash
from carom.bounce.rulebook import Rules, builtin_rules
from carom.bounce.sender import Voice, is_answer, is_daemon, is_list, says_failure, takes_answers, voice_of
from carom.bounce.ses import read_ses
from carom.bounce.telling import (
    subject_is_usual,
    subject_tells_failure,
    tells_failure,
    tells_of_goods,
    tells_of_state,
    tells_owner,
    tells_reader,
    tells_success,
)
from carom.bounce.text import Told, read_told
from carom.bounce.verdict import classify
from carom.bounce.verp import address_in_verp

STATUS_TYPES = frozenset({"message/delivery-status", "message/global-delivery-status"})
RECEIPT_TYPES = frozenset({"message/disposition-notification"})
_STATUS_FIELDS = re.compile(r"^[ \t]*(?:final|original)-recipient[ \t]*:", re.IGNORECASE | re.MULTILINE)


def parse(raw: bytes, *, rules: Rules | None = None) -> Report:
    """Read a mail that came to a return path. Any bytes give a report; one that is no report has no events. ``rules``
    decides in place of the built-in rules for refusals; see :func:`carom.bounce.own_rules`."""
    rules = builtin_rules() if rules is None else rules
    mail = read_mail(raw)
    if _is_receipt(mail):
        return _refusal_as_receipt(mail, rules) or Report(headers=mail.headers)
    report = read_feedback(mail) or _status_part(mail, STATUS_TYPES, rules)
    if report is None and "delivery-status" in mail.content_type:
        report = _wrapped(mail, rules)
    if report is not None:
        return report
    told = read_told(mail)
    for read in _readers(mail, told, rules):
        if report := read():
            return report
    return Report(headers=mail.headers, returned=told.returned)


def _is_receipt(mail: Mail) -> bool:
    """Tell whether a mail is a read receipt (RFC 8098) or a report on TLS (RFC 8460): never an event."""
    kind = mail.content_type.lower()
    return "disposition-notification" in kind or "tlsrpt" in kind


def _refusal_as_receipt(mail: Mail, rules: Rules) -> Report | None:
    """Read a refusal by the recipient's own filter, which Sieve sends as a receipt that says "deleted" (RFC 5429, 2.1)."""
    if "(rejected)" in mail.headers.get("auto-submitted", "") or "automatically rejected" in read_told(mail).text:
        return _status_part(mail, RECEIPT_TYPES, rules)
    return None


def _readers(mail: Mail, told: Told, rules: Rules) -> Iterator[Callable[[], Report | None]]:
    """Yield the readers for a mail without a report part. A mail that does not speak as a system does may be a person's
    auto-reply, whose null return path alone makes it no bounce."""
    voice = voice_of(mail.headers, told)
    autoreplies = partial(read_notice, mail, told, "autoreplies", daemon=voice.daemon)
    # What a mail system's From has, begins or is called as bounces are and tells of a failure, or names failed
    # recipients, is no notice whatever words it quotes.
    bounces = voice.daemon and voice.fails and (voice.opens or subject_is_usual(subject_of(mail.headers)))
    if not bounces and "x-failed-recipients" not in mail.headers:
        yield partial(read_notice, mail, told, "notices", daemon=voice.daemon)
    if voice.system:
        yield partial(_machine_text, mail, told, rules, voice)
        yield autoreplies
    else:
        yield autoreplies
        yield partial(_machine_text, mail, told, rules, voice)


def _status_part(mail: Mail, types: frozenset[str], rules: Rules) -> Report | None:
    """Read the delivery status parts, if there are any that name a recipient; some systems write one a recipient."""
    parts = [part for part in mail.parts if part.type in types]
    if not parts:
        return None
    status = read_status("\n\n".join(part.text for part in parts))
    return _status_report(mail, status, read_told(mail), rules) if status.recipients else None


def _wrapped(mail: Mail, rules: Rules) -> Report | None:
    """Read a report that a gateway or a forward has put into a mail of its own."""
    inner = next((part for part in mail.parts if part.type == "message/rfc822"), None)
    if inner is None:
        return None
    return _status_part(read_mail(undo_transfer(inner.body, inner.headers)), STATUS_TYPES, rules)


def _machine_text(mail: Mail, told: Told, rules: Rules, voice: Voice) -> Report | None:
    """Read what a mail system wrote without a status part: its fields in the text, or prose."""
    if told.text.startswith("{") and (notified := read_ses(told.text)):
        return _status_report(mail, Status(None, None, notified), told._replace(text="", lowered=""), rules)
    subject = subject_of(mail.headers)
    if not _may_bounce(mail, told, voice) or tells_success(subject.lower(), told.lowered):
        return None
    if "ecipient" in told.text and _STATUS_FIELDS.search(told.text):
        status = read_status(told.text)
        if status.recipients:
            return _status_report(mail, status, told, rules)
    if "@" not in told.text and (report := _wrapped(mail, rules)):
        return report
    found = read_prose(told.text, mail.headers, told.returned) or _not_in_text(mail, told)
    if not found:
        return None
    return Report(
        events=told_events(found, mail, told, rules), headers=mail.headers, returned=told.returned, reader="prose"
    )


def _may_bounce(mail: Mail, told: Told, voice: Voice) -> bool:
    """Tell whether a mail without a readable status part may be a bounce: a mail system wrote it, or its subject or its
    opening says so and it is no person's answer, list or newsletter; and it tells of a failure or a delay. Of a null
    return path alone the text must tell it in so many words."""
    if any(part.type in STATUS_TYPES for part in mail.parts):
        return True
    if tells_reader(told.lowered):
        return False
    subject = subject_of(mail.headers)
    returns = bool(told.returned) or "x-failed-recipients" in mail.headers
    if not (voice.opens or returns) and (
        tells_of_state(subject, told.lowered)
        or (tells_owner(f"{subject.lower()}\n{told.lowered}") and not _holds_a_code(told))
    ):
        return False
    answers = is_answer(mail.headers) and not voice.opens
    if not returns and (takes_answers(mail.headers) or (answers and _quotes_failure(told))):
        return False
    if voice.daemon:
        return voice.fails or subject_tells_failure(subject) or (returns and _names_a_fault(told))
    # A list's own refusal has its headers too.
    listed = is_list(mail.headers) and not (voice.opens and "x-list-administrivia" in mail.headers)
    if listed or answers or not (voice.system or is_daemon(mail.headers)):
        return False
    tells = voice.fails or (_names_a_fault(told) and (voice.system or _holds_a_code(told)))
    return tells and (voice.opens or not tells_of_goods(told.text))


def _quotes_failure(told: Told) -> bool:
    """Tell whether a failure stands only in the lines that a text quotes, as in a postmaster's own answer."""
    own = [line for line in told.lowered.split("\n") if not line.startswith(">")]
    return not tells_failure("\n".join(own))


def _holds_a_code(told: Told) -> bool:
    return bool(find_reply(told.text[:MAX_TEXT]) or find_status(told.text[:MAX_TEXT]))


def _names_a_fault(told: Told) -> bool:
    """Tell whether a text holds words that the rules know; a number alone may be anything."""
    return classify(text=told.text).by_words


def _not_in_text(mail: Mail, told: Told) -> list[Found]:
    """Find the recipient of a failure that the text does not name: in the return path, if that is of a known form, in
    the returned mail, if it went to one address, or in the subject."""
    if not (says_failure(mail.headers) or _names_a_fault(told)):
        return []
    own = header_address(mail.headers.get("to", "")) or ""
    recipient = address_in_verp(own)
    to = told.returned.get("to", "")
    if recipient is None and to.count("@") == 1:
        recipient = header_address(to)
    named = find_address(subject_of(mail.headers)) if recipient is None and says_failure(mail.headers) else None
    if named and named.lower() != own.lower():
        recipient = named
    return [Found(recipient, None, squash(told.text))] if recipient else []


def _status_report(mail: Mail, status: Status, told: Told, rules: Rules) -> Report:
    message_id = bare_id(told.returned.get("message-id") or status.message_id) or told.message_id
    failed = [one for one in status.recipients if one.action not in SUCCESS]
    return Report(
        events=tuple(status_event(one, told, message_id, rules, alone=len(status.recipients) == 1) for one in failed),
        delivered=tuple(one.final or one.original or "" for one in status.recipients if one.action in SUCCESS),
        envelope_id=status.envelope_id,
        headers=mail.headers,
        returned=told.returned,
        reader="dsn",
    )
