"""Delivery status notifications (RFC 3464) as bytes of the wire: what the service writes when a mail was refused, and
what the built-in remote sends back when it bounces a mail that it had accepted."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from itertools import count
from typing import Literal

from msgspec import Struct

from carom.server.rules.headers import address_header, one_line, text_header
from carom.wire.addresses import Address


class ReportedRecipient(Struct, frozen=True, kw_only=True):
    """What a report says of one recipient. ``diagnostic`` is the SMTP reply, code first."""

    final_recipient: str
    original_recipient: str | None = None
    action: Literal["failed", "delayed"] = "failed"
    status: str
    remote_mta: str | None = None
    diagnostic: str
    last_attempt: datetime


class ReportFacts(Struct, frozen=True, kw_only=True):
    """What a report says. ``to_address`` is the return path of the mail it is about, ``returned`` that mail or its
    headers, of which only the headers are given back; ``transcript`` is shown to the human reader."""

    reporting_mta: str
    from_address: str
    to_address: str
    envelope_id: str | None = None
    recipients: Sequence[ReportedRecipient]
    arrival_date: datetime
    at: datetime
    transcript: str | None = None
    returned: bytes
    report_id: str


_SUBJECTS = {"failed": "Undelivered Mail Returned to Sender", "delayed": "Delayed Mail (still being retried)"}
_OPENINGS = {
    "failed": "Your message could not be delivered to one or more recipients.",
    "delayed": "Your message has not been delivered yet. It will be tried again; there is no need to send it once more.",
}
_LONGEST_LINE = 900  # below the 998 of RFC 5322
_LONGEST_HEADERS = 64 * 1024
_LINE_END = re.compile(rb"\r\n|\r|\n")
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]")


def write_report(facts: ReportFacts) -> bytes:
    """Write a report with CRLF line ends, all of it ASCII: the human part, the status, the original headers."""
    status = "\r\n\r\n".join("\r\n".join(block) for block in _status(facts))
    parts = [
        _part("text/plain; charset=us-ascii", "Notification", "\r\n".join(_human(facts))),
        _part("message/delivery-status", "Delivery report", status + "\r\n"),
        _part("text/rfc822-headers", "Undelivered Message Headers", original_headers(facts.returned)),
    ]
    boundary = _boundary(facts.report_id, parts)
    body = "".join(f"--{boundary}\r\n{part}\r\n" for part in parts)
    head = "\r\n".join(_headers(facts, boundary))
    return f"{head}\r\n\r\n{body}--{boundary}--\r\n".encode("ascii", "replace")


def original_headers(mail: bytes) -> str:
    """Return the headers of a mail as ASCII lines with CRLF: other bytes as ``?``, long lines cut, 64 KiB at most."""
    lines = _LINE_END.split(mail[:_LONGEST_HEADERS])
    end = lines.index(b"") if b"" in lines else len(lines)
    shown = (_UNPRINTABLE.sub("?", line.decode("latin-1").replace("\t", " ")) for line in lines[:end])
    return "".join(f"{line[:_LONGEST_LINE]}\r\n" for line in shown)


def _headers(facts: ReportFacts, boundary: str) -> Iterator[str]:
    yield "Return-Path: <>"
    yield address_header("From", [Address("Mail Delivery System", _ascii(facts.from_address))])
    yield text_header("To", _ascii(facts.to_address))
    yield text_header("Subject", _SUBJECTS[_worst(facts)])
    yield f"Date: {_date(facts.at)}"
    yield f"Message-Id: <{_ascii(facts.report_id)}@{_ascii(facts.reporting_mta)}>"
    yield "Auto-Submitted: auto-replied"
    yield "MIME-Version: 1.0"
    yield f'Content-Type: multipart/report; report-type=delivery-status;\r\n boundary="{boundary}"'


def _boundary(report_id: str, parts: Sequence[str]) -> str:
    """Find a boundary that no part holds: they have foreign text in them as it came."""
    boundary = f"=_report-{re.sub('[^A-Za-z0-9.-]', '', report_id)[:40]}"
    return next(
        name for name in (f"{boundary}-{number}" for number in count()) if not any(name in part for part in parts)
    )


def _part(media_type: str, description: str, content: str) -> str:
    return f"Content-Type: {media_type}\r\nContent-Description: {description}\r\n\r\n{content}"


def _human(facts: ReportFacts) -> Iterator[str]:
    yield f"This is the mail system at {_ascii(facts.reporting_mta)}."
    yield ""
    yield _OPENINGS[_worst(facts)]
    yield ""
    for recipient in facts.recipients:
        where = f"{_ascii(recipient.remote_mta)} said: " if recipient.remote_mta else ""
        yield from _wrapped(f"<{_ascii(recipient.final_recipient)}>: {where}{_ascii(recipient.diagnostic)}")
    if facts.transcript:
        yield ""
        yield "----- Transcript of session follows -----"
        for line in facts.transcript.splitlines():
            yield from _wrapped(_ascii(line))


def _status(facts: ReportFacts) -> Iterator[list[str]]:
    """Yield the fields of the message, then those of each recipient (RFC 3464 sections 2.2 and 2.3)."""
    message = [f"Reporting-MTA: dns; {_ascii(facts.reporting_mta)}"]
    if facts.envelope_id:
        message.append(text_header("Original-Envelope-Id", _ascii(facts.envelope_id)))
    yield [*message, f"Arrival-Date: {_date(facts.arrival_date)}"]
    for recipient in facts.recipients:
        yield list(_recipient(recipient))


def _recipient(recipient: ReportedRecipient) -> Iterator[str]:
    if recipient.original_recipient:
        yield f"Original-Recipient: rfc822; {_ascii(recipient.original_recipient)}"
    yield f"Final-Recipient: rfc822; {_ascii(recipient.final_recipient)}"
    yield f"Action: {recipient.action}"
    yield f"Status: {_ascii(recipient.status)}"
    if recipient.remote_mta:
        yield f"Remote-MTA: dns; {_ascii(recipient.remote_mta)}"
    # No text_header for the whole: an encoded word has no place in a status field.
    yield "\r\n ".join(_wrapped(f"Diagnostic-Code: smtp; {_ascii(recipient.diagnostic)}"))
    yield f"Last-Attempt-Date: {_date(recipient.last_attempt)}"


def _worst(facts: ReportFacts) -> Literal["failed", "delayed"]:
    return "failed" if any(one.action == "failed" for one in facts.recipients) else "delayed"


def _wrapped(line: str) -> list[str]:
    """Cut a line at spaces to 76 characters, and anywhere where there is no space in 900."""
    pieces = [""]
    for word in re.findall(rf" *[^ ]{{1,{_LONGEST_LINE}}}", line):
        if pieces[-1] and len(pieces[-1]) + len(word) > 76:
            pieces.append(word.lstrip(" "))
        else:
            pieces[-1] += word
    return pieces


def _ascii(text: str) -> str:
    return _UNPRINTABLE.sub("?", one_line(text))


def _date(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC))
