"""Reads a returned mail: tries the readers in their order and gives the report of the first that understands it."""

from carom.bounce.classify import classify
from carom.bounce.codes import find_reply
from carom.bounce.dsn import SUCCESS, Recipient, Status, read_status
from carom.bounce.events import Delayed, Failed, Report
from carom.bounce.mime import Headers, Mail, Part, read_headers, read_mail, split_head

STATUS_TYPES = frozenset({"message/delivery-status", "message/global-delivery-status"})
RETURNED_TYPES = frozenset({"message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers"})


def parse(raw: bytes) -> Report:
    """Read a mail that came to a return path. Any bytes give a report; one that is no report has no events."""
    mail = read_mail(raw)
    returned = returned_headers(mail)
    status_part = next((part for part in mail.parts if part.type in STATUS_TYPES), None)
    if status_part is None:
        return Report(headers=mail.headers, returned=returned)
    return status_report(mail, read_status(status_part.text), returned)


def returned_headers(mail: Mail) -> Headers:
    """Return the headers of the mail that came back, none where it did not."""
    part = next((part for part in mail.parts if part.type in RETURNED_TYPES), None)
    return part_headers(part) if part else {}


def part_headers(part: Part) -> Headers:
    """Read the headers that a returned mail or its header part begins with."""
    return read_headers(split_head(part.body.lstrip(b"\n"))[0])


def status_report(mail: Mail, status: Status, returned: Headers) -> Report:
    """Turn what a delivery status part says into events."""
    message_id = bare_id(returned.get("message-id"))
    failed = [one for one in status.recipients if one.action not in SUCCESS]
    return Report(
        events=tuple(_event(one, message_id) for one in failed),
        delivered=tuple(one.final or one.original or "" for one in status.recipients if one.action in SUCCESS),
        envelope_id=status.envelope_id,
        headers=mail.headers,
        returned=returned,
        reader="dsn",
    )


def bare_id(value: str | None) -> str | None:
    """Return a Message-ID without its angle brackets."""
    return value.strip().strip("<>") or None if value else None


def _event(one: Recipient, message_id: str | None) -> Failed | Delayed:
    verdict = classify(status=one.status, text=one.diagnostic, action=one.action)
    return (Delayed if one.action == "delayed" else Failed)(
        recipient=one.final or one.original,
        original_recipient=one.original,
        action=one.action,
        status=verdict.status,
        reply=find_reply(one.diagnostic),
        diagnostic=one.diagnostic,
        remote_mta=one.remote_mta,
        reporting_mta=one.reporting_mta,
        original_message_id=message_id,
        type=verdict.type,
        rule=verdict.rule,
        matched=verdict.matched,
    )
