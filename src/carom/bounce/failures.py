"""Makes the events of recipients that failed or are delayed: from the fields of a report, or from what a text says."""

import re

from carom.bounce.codes import find_command, find_reply, from_reply
from carom.bounce.dsn import Recipient
from carom.bounce.events import Delayed, Failed
from carom.bounce.evidence import MAX_TEXT, Evidence, weigh
from carom.bounce.mime import Mail, subject_of
from carom.bounce.prose import Found, paragraph_of, squash, whole
from carom.bounce.remote import find_remote, find_remote_of
from carom.bounce.rulebook import Rules
from carom.bounce.telling import tells_delay
from carom.bounce.text import Told
from carom.bounce.verdict import Verdict, decide

SHORT_TEXT = 1000
"""Up to this length the whole text of a mail about one recipient is its diagnostic."""

# Dovecot's delivery agent: the reason stands here; the report around it may be another system's guess.
_REJECTED = re.compile(r"^Your message to <[^>\n]*> was automatically rejected:\s*(\S.*)", re.MULTILINE)


def status_event(one: Recipient, told: Told, message_id: str | None, rules: Rules, *, alone: bool) -> Failed | Delayed:
    """Make the event of a recipient that a report names."""
    recipient = one.final or one.original
    diagnostic = _fuller(one.diagnostic, told, recipient)
    codes = one.diagnostic if find_reply(one.diagnostic) else None
    text = f"{diagnostic} BounceCategory: {one.category}" if one.category else diagnostic
    evidence, verdict = _judge(text, rules, status=one.status, action=one.action, codes=codes)
    if alone and not verdict.matched:
        evidence, verdict = _judge(told.text, rules, status=one.status, action=one.action)
    return (Delayed if one.action == "delayed" else Failed)(
        recipient=recipient,
        original_recipient=one.original,
        action=one.action,
        status=verdict.status,
        reply=evidence.reply,
        diagnostic=diagnostic,
        diagnostic_code=one.diagnostic_code,
        remote_mta=one.remote_mta or find_remote(diagnostic) or find_remote_of(told, recipient, alone=alone),
        reporting_mta=one.reporting_mta,
        original_message_id=message_id,
        type=verdict.type,
        rule=verdict.rule,
        matched=verdict.matched,
    )


def _judge(
    text: str, rules: Rules, *, action: str, status: str | None = None, codes: str | None = None
) -> tuple[Evidence, Verdict]:
    """Decide by what the remote replied if words of it decide: what the reporter says around it is its own guess, or
    the same in all its mails. Else by all of the text."""
    replied = from_reply(text)
    if replied is not text:
        command = find_command(text[:MAX_TEXT].lower())
        evidence = weigh(status=status, text=replied, action=action, command=command, codes=codes)
        verdict = decide(evidence, rules)
        if verdict.by_words:
            return evidence, verdict
    evidence = weigh(status=status, text=text, action=action, codes=codes)
    return evidence, decide(evidence, rules)


def _fuller(diagnostic: str, told: Told, recipient: str | None) -> str:
    """Return what the text for people says of a recipient where it quotes the diagnostic or there is none: it adds the
    host, the command that was refused, and the lines that the field leaves out."""
    if "was automatically rejected" in told.text and (rejected := _REJECTED.search(told.text)):
        return squash(rejected[1])
    core = squash(diagnostic)[:80].lstrip("0123456789.-# ").lower()
    if core not in told.lowered and core not in " ".join(told.lowered.split()):
        return diagnostic
    paragraph = paragraph_of(told, recipient, core)
    return paragraph if core in paragraph.lower() else diagnostic


def told_events(found: list[Found], mail: Mail, told: Told, rules: Rules) -> tuple[Failed | Delayed, ...]:
    """Make the events of the recipients that only text names."""
    subject = subject_of(mail.headers)
    action = "delayed" if tells_delay(f"{subject.lower()} {told.lowered}") else "failed"
    return tuple(_told_event(one, subject, told, rules, action=action, alone=len(found) == 1) for one in found)


def _told_event(one: Found, subject: str, told: Told, rules: Rules, *, action: str, alone: bool) -> Failed | Delayed:
    """Make one event. Of a short mail about one recipient all of the text is its diagnostic; what decides is still what
    stands by the address."""
    codes = told.text if alone and not find_reply(one.diagnostic) else None
    for said in (one.diagnostic, f"{subject}\n{told.text}"):
        evidence, verdict = _judge(said, rules, action=action, codes=codes)
        if verdict.matched:
            break
    text = whole(told.text) if alone else ""
    return (Delayed if action == "delayed" else Failed)(
        recipient=one.recipient,
        original_recipient=one.original,
        action=action,
        status=verdict.status,
        reply=evidence.reply,
        diagnostic=text if alone and len(text) <= SHORT_TEXT else one.diagnostic,
        remote_mta=find_remote(said) or find_remote_of(told, one.recipient, alone=alone),
        original_message_id=told.message_id,
        type=verdict.type,
        rule=verdict.rule,
        matched=verdict.matched,
    )
