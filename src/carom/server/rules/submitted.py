"""A mail submitted by SMTP, read as the request to send that it stands for.

Source: https://postmarkapp.com/developer/user-guide/send-email-with-smtp.
"""

import base64
from collections.abc import Iterator, Sequence
from email.message import Message

from msgspec import UNSET, Struct

from carom.server.rules.mail import File, TooCostly, first, headers, mailboxes, read_headers, read_mail, read_parts
from carom.server.rules.refusals import invalid_email
from carom.wire.addresses import Address
from carom.wire.email import Attachment, Header, SendEmail

CONTROLS = {
    "x-pm-tag": "tag",
    "x-pm-message-stream": "message_stream",
    "x-pm-trackopens": "track_opens",
    "x-pm-track-opens": "track_opens",
    "x-pm-tracklinks": "track_links",
}
"""Headers that set a field of the request and are not sent on."""

METADATA_PREFIX = "x-pm-metadata-"

_FIELDS = frozenset(
    ["from", "to", "cc", "bcc", "subject", "reply-to", "content-type", "content-transfer-encoding", "mime-version"]
)


def read_submission(raw: bytes, recipients: Sequence[str]) -> SendEmail:
    """Read a mail. Envelope recipients that neither To nor Cc names become Bcc. Raises Refusal for a mail that is built
    to take long to read."""
    try:
        return _read(raw, recipients)
    except TooCostly as error:
        raise invalid_email(str(error)) from error


def _read(raw: bytes, recipients: Sequence[str]) -> SendEmail:
    mail = read_mail(raw)
    to, cc = mailboxes(mail, "To"), mailboxes(mail, "Cc")
    wanted = {address.lower() for address in recipients}
    to, cc = ([one for one in listed if one.email.lower() in wanted] for listed in (to, cc))
    named = {one.email.lower() for one in (*to, *cc)}
    bodies, files = read_parts(mail)
    controls = _controls(mail)
    track_opens = controls.get("track_opens")
    return SendEmail(
        from_=_joined(mailboxes(mail, "From")) or first(mail, "From"),
        to=_joined(to),
        cc=_joined(cc),
        bcc=", ".join(address for address in recipients if address.lower() not in named) or UNSET,
        subject=first(mail, "Subject"),
        text_body=bodies.get("text/plain", UNSET),
        html_body=bodies.get("text/html", UNSET),
        reply_to=_joined(mailboxes(mail, "Reply-To")),
        tag=controls.get("tag", UNSET),
        track_opens=UNSET if track_opens is None else track_opens.lower() == "true",
        track_links=controls.get("track_links", UNSET),
        message_stream=controls.get("message_stream", UNSET),
        metadata=dict(_metadata(mail)) or UNSET,
        headers=list(_kept_headers(mail)) or UNSET,
        attachments=[_attachment(file) for file in files] or UNSET,
    )


class Summary(Struct, frozen=True, kw_only=True):
    """What is told of a mail that is not sent; empty or None where the mail does not tell it."""

    from_: str
    subject: str
    tag: str | None
    stream: str


def summary(raw: bytes) -> Summary:
    """Read the headers of a mail that nothing else was made of."""
    mail = read_headers(raw)
    controls = _controls(mail)
    return Summary(
        from_=first(mail, "From"),
        subject=first(mail, "Subject"),
        tag=controls.get("tag"),
        stream=controls.get("message_stream", ""),
    )


def _controls(mail: Message) -> dict[str, str]:
    return {CONTROLS[name.lower()]: value.strip() for name, value in headers(mail) if name.lower() in CONTROLS}


def _joined(found: list[Address]) -> str:
    return ", ".join(map(str, found))


def _metadata(mail: Message) -> Iterator[tuple[str, str]]:
    seen: dict[str, int] = {}
    for name, value in headers(mail):
        if not name.lower().startswith(METADATA_PREFIX):
            continue
        key = name[len(METADATA_PREFIX) :]
        seen[key.lower()] = seen.get(key.lower(), 0) + 1
        yield (key if seen[key.lower()] == 1 else f"{key}{seen[key.lower()]}"), value


def _kept_headers(mail: Message) -> Iterator[Header]:
    for name, value in headers(mail):
        lower = name.lower()
        if lower not in _FIELDS and lower not in CONTROLS and not lower.startswith(METADATA_PREFIX):
            yield Header(name=name, value=value)


def _attachment(file: File) -> Attachment:
    return Attachment(
        name=file.name,
        content=base64.b64encode(file.content).decode(),
        content_type=file.content_type,
        content_id=f"cid:{file.content_id}" if file.content_id else None,
    )
