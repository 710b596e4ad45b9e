"""Feedback reports: complaints and their kin (RFC 5965, 6591, 6430), and Outlook.com's, which have no report part."""

import re

from carom.bounce.addresses import find_address, header_address
from carom.bounce.events import Complaint, Feedback, Report
from carom.bounce.evidence import Evidence
from carom.bounce.mime import Headers, Mail
from carom.bounce.prose import squash
from carom.bounce.rulebook import rules_of
from carom.bounce.text import read_told
from carom.bounce.verdict import decide
from carom.taxonomy import BounceType

_FIELD = re.compile(r"^([A-Za-z][\w-]*)[ \t]*:[ \t]*(.*(?:\n[ \t]+\S.*)*)", re.MULTILINE)
# Outlook.com's complaint feed: no report part, this subject, and the mail with its reader in a header of its own.
_JMRP = re.compile(r"^complaint about message from (\S+)", re.IGNORECASE)
# Where a report has no Source-IP, its text names the address.
_FROM_IP = re.compile(r"\b(?:from|IP)(?: IP)?(?: address)?:? \[?(\d{1,3}(?:\.\d{1,3}){3})\b", re.IGNORECASE)
# An address that a provider has written over.
_CROSSED = re.compile(r"x+@x+(?:\.x+)*", re.IGNORECASE)
_REDACTED = ("redacted@", "undisclosed")
# Where the returned mail names the reader, best first.
_READER_HEADERS = ("x-hmxmroriginalrecipient", "x-apparently-to", "to", "delivered-to")


def read_feedback(mail: Mail) -> Report | None:
    """Read a feedback report; None if the mail is none. ``not-spam`` has no event."""
    part = next((part for part in mail.parts if part.type == "message/feedback-report"), None)
    if part is not None:
        return _report(mail, [(name.lower(), value.strip()) for name, value in _FIELD.findall(part.text)])
    if not mail.headers.holds(b"complaint about message from"):
        return None
    jmrp = _JMRP.match(mail.headers.get("subject", ""))
    if jmrp and (mail.headers.holds(b"staff@hotmail") or _READER_HEADERS[0] in read_told(mail).returned):
        return _report(mail, [("feedback-type", "abuse"), ("source-ip", jmrp[1])])
    return None


def _report(mail: Mail, fields: list[tuple[str, str]]) -> Report:
    told = read_told(mail)
    first = dict(reversed(fields))
    kind = first.get("feedback-type", "abuse").lower()
    verdict = decide(Evidence(text=f"feedback-type: {kind}"), rules_of("feedback"))
    named: list[str | None] = [
        address for name, value in fields if name == "original-rcpt-to" and (address := find_address(value))
    ]
    recipients = list(dict.fromkeys(named)) or [reader_of(told.returned)]
    event = Complaint if verdict.type is BounceType.SPAM_COMPLAINT else Feedback
    events = [
        event(
            recipient=recipient,
            diagnostic=squash(told.text) or mail.headers.get("date", ""),
            remote_mta=first.get("source-ip") or _source(told.text),
            reporting_mta=first.get("reporting-mta", "").partition(";")[2].strip() or None,
            original_message_id=told.message_id,
            feedback_type=kind,
            type=verdict.type,
            rule=verdict.rule,
            matched=verdict.matched,
        )
        for recipient in recipients
    ]
    return Report(
        events=() if kind == "not-spam" else tuple(events),
        envelope_id=first.get("original-envelope-id"),
        headers=mail.headers,
        returned=told.returned,
        reader="feedback",
    )


def _source(text: str) -> str | None:
    match = _FROM_IP.search(text)
    return match[1] if match else None


def reader_of(returned: Headers) -> str | None:
    """Return whom a returned mail had reached; None where the provider hides it."""
    for name in _READER_HEADERS:
        address = header_address(returned.get(name, ""))
        if not address or _CROSSED.fullmatch(address):
            continue
        if name == "to" or not address.lower().startswith(_REDACTED):
            return address
    return None
