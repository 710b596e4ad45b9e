"""Writing delivery status notifications (RFC 3464, RFC 6522): the dump of a refusal, and what the built-in remote sends."""

import re
from collections.abc import Iterator
from datetime import datetime
from email.utils import format_datetime
from typing import NamedTuple

_HEADER_END = re.compile(rb"\r?\n\r?\n")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class ReportedRecipient(NamedTuple):
    """The fields of one recipient. ``diagnostic`` has its type in front: ``smtp;550 5.1.1 ...``."""

    final_recipient: str
    original_recipient: str | None
    action: str
    status: str
    remote_mta: str | None
    diagnostic: str
    last_attempt: datetime


class ReportFacts(NamedTuple):
    """What a notification says. ``returned`` is the mail that it is about, of which it quotes the headers."""

    reporting_mta: str
    from_address: str
    to_address: str
    envelope_id: str | None
    recipients: tuple[ReportedRecipient, ...]
    arrival_date: datetime
    at: datetime
    transcript: str | None
    returned: bytes
    report_id: str


def write_report(facts: ReportFacts) -> bytes:
    """Write a notification as a whole mail with CRLF line ends."""
    boundary = f"=_report_{re.sub(r'[^A-Za-z0-9.]', '', facts.report_id)}"
    parts = (
        ("Notification", "text/plain; charset=utf-8", _lines(_words(facts))),
        ("Delivery report", "message/delivery-status", _lines(_status(facts))),
        ("Undelivered Message Headers", "text/rfc822-headers", _headers_of(facts.returned)),
    )
    mail = _lines(_top(facts, boundary)) + b"\r\n"
    for description, kind, content in parts:
        head = (f"--{boundary}", f"Content-Description: {description}", f"Content-Type: {kind}",
                "Content-Transfer-Encoding: 8bit", "")  # fmt: skip
        mail += _lines(head) + content + b"\r\n"
    return mail + f"--{boundary}--\r\n".encode()


def _top(facts: ReportFacts, boundary: str) -> tuple[str, ...]:
    delayed = all(one.action == "delayed" for one in facts.recipients)
    return (
        "Return-Path: <>",
        f"Date: {format_datetime(facts.at)}",
        f"From: Mail Delivery System <{facts.from_address}>",
        f"To: {facts.to_address}",
        f"Subject: {'Delayed Mail (still being retried)' if delayed else 'Undelivered Mail Returned to Sender'}",
        f"Message-ID: <{facts.report_id}@{facts.reporting_mta}>",
        "Auto-Submitted: auto-replied",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/report; report-type=delivery-status; boundary="{boundary}"',
    )


def _words(facts: ReportFacts) -> Iterator[str]:
    yield f"This is the mail system at host {facts.reporting_mta}."
    yield ""
    for one in facts.recipients:
        happened = "is delayed; it will be tried again" if one.action == "delayed" else "could not be delivered"
        yield f"Your message to <{one.final_recipient}> {happened}:"
        yield f"    {one.diagnostic.partition(';')[2].strip() or one.diagnostic}"
    if facts.transcript:
        yield ""
        yield "This is what was said:"
        yield from (f"    {line}" for line in facts.transcript.splitlines())


def _status(facts: ReportFacts) -> Iterator[str]:
    yield f"Reporting-MTA: dns; {facts.reporting_mta}"
    if facts.envelope_id:
        yield f"Original-Envelope-Id: {facts.envelope_id}"
    yield f"Arrival-Date: {format_datetime(facts.arrival_date)}"
    for one in facts.recipients:
        kind, _, diagnostic = one.diagnostic.partition(";")
        yield ""
        yield f"Final-Recipient: rfc822; {one.final_recipient}"
        if one.original_recipient:
            yield f"Original-Recipient: rfc822; {one.original_recipient}"
        yield f"Action: {one.action}"
        yield f"Status: {one.status}"
        if one.remote_mta:
            yield f"Remote-MTA: dns; {one.remote_mta}"
        yield f"Diagnostic-Code: {kind}; {diagnostic}"
        yield f"Last-Attempt-Date: {format_datetime(one.last_attempt)}"


def _headers_of(mail: bytes) -> bytes:
    head = _HEADER_END.split(mail, maxsplit=1)[0]
    return b"".join(line.rstrip(b"\r") + b"\r\n" for line in head.split(b"\n"))


def _lines(lines: Iterator[str] | tuple[str, ...]) -> bytes:
    """Join lines; what a remote said can neither make a line nor hide in one."""
    return b"".join(_wire_line(line) for line in lines)


def _wire_line(line: str) -> bytes:
    plain = _CONTROL.sub("?", line.replace("\r", " ").replace("\n", " "))
    return plain.encode("utf-8", "replace")[:990] + b"\r\n"
