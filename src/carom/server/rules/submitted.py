"""A mail submitted by SMTP, read as the request to send that it stands for.

Source: https://postmarkapp.com/developer/user-guide/send-email-with-smtp.
"""

import base64
import re
from collections.abc import Iterator, Sequence
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses
from itertools import islice
from typing import cast

from msgspec import UNSET

from carom.server.rules.refusals import invalid_email
from carom.wire.addresses import Address
from carom.wire.email import Attachment, Header, SendEmail

CONTROLS = {
    "x-pm-tag": "tag",
    "x-pm-message-stream": "message_stream",
    "x-pm-trackopens": "track_opens",
    "x-pm-tracklinks": "track_links",
}
"""Headers that set a field of the request and are not sent on."""

METADATA_PREFIX = "x-pm-metadata-"

_FIELDS = frozenset(
    ["from", "to", "cc", "bcc", "subject", "reply-to", "content-type", "content-transfer-encoding", "mime-version"]
)

# What the standard library's parser takes quadratic time for, or recurses on, is refused before it: no mail that a
# person means to send comes near.
_MAX_HEADERS = 256 * 1024
_MAX_HEADER = 32 * 1024
_MAX_CONTAINERS = 50
_MAX_PARTS = 1000
_MAX_COMMENTS = 100
_HEADERS_END = re.compile(rb"\r?\n\r?\n")
_CONTAINER = re.compile(rb"content-type\s*:\s*(?:multipart|message)/", re.IGNORECASE)
_BOUNDARY = re.compile(rb"boundary\s*=\s*(?:\"([^\"\r\n]{1,200})\"|([^\s;\"]{1,200}))", re.IGNORECASE)
_SPLIT_BOUNDARY = re.compile(rb"boundary\*", re.IGNORECASE)  # RFC 2231 allows it, and only evasion needs it


def read_submission(raw: bytes, recipients: Sequence[str]) -> SendEmail:
    """Read a mail. Envelope recipients that neither To nor Cc names become Bcc. Raises Refusal for a mail that is built
    to take long to read."""
    _refuse_bombs(raw)
    mail = message_from_bytes(raw)
    to, cc = _mailboxes(mail, "To"), _mailboxes(mail, "Cc")
    wanted = {address.lower() for address in recipients}
    to, cc = ([one for one in listed if one.email.lower() in wanted] for listed in (to, cc))
    named = {one.email.lower() for one in (*to, *cc)}
    bodies, attachments = _parts(mail)
    controls = {CONTROLS[name.lower()]: value for name, value in _headers(mail) if name.lower() in CONTROLS}
    track_opens = controls.get("track_opens")
    return SendEmail(
        from_=_joined(_mailboxes(mail, "From")) or _text(mail, "From"),
        to=_joined(to),
        cc=_joined(cc),
        bcc=", ".join(address for address in recipients if address.lower() not in named) or UNSET,
        subject=_text(mail, "Subject"),
        text_body=bodies.get("text/plain", UNSET),
        html_body=bodies.get("text/html", UNSET),
        reply_to=_joined(_mailboxes(mail, "Reply-To")),
        tag=controls.get("tag", UNSET),
        track_opens=UNSET if track_opens is None else track_opens.strip().lower() == "true",
        track_links=controls.get("track_links", UNSET),
        message_stream=controls.get("message_stream", UNSET),
        metadata=dict(_metadata(mail)) or UNSET,
        headers=list(_kept_headers(mail)) or UNSET,
        attachments=attachments or UNSET,
    )


def _refuse_bombs(raw: bytes) -> None:
    end = _HEADERS_END.search(raw, 0, _MAX_HEADERS)
    if end is None and len(raw) > _MAX_HEADERS:
        raise invalid_email("The headers of the message are too long.")
    containers = sum(1 for _ in islice(_CONTAINER.finditer(raw), _MAX_CONTAINERS + 1))
    boundaries = {match[1] or match[2] for match in islice(_BOUNDARY.finditer(raw), _MAX_PARTS)}
    too_many = max(containers, len(boundaries)) > _MAX_CONTAINERS or _SPLIT_BOUNDARY.search(raw)
    if too_many or sum(raw.count(b"\n--" + one) for one in boundaries) > _MAX_PARTS:
        raise invalid_email("The message has too many parts.")


def _headers(mail: Message) -> Iterator[tuple[str, str]]:
    for name, value in mail.raw_items():
        yield name, _decoded(_characters(value))


def _characters(value: str) -> str:
    """Read the octets of a header that are not ASCII: UTF-8 as a rule, and else Latin-1."""
    octets = value.encode("ascii", "surrogateescape")
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return octets.decode("latin-1")


def _decoded(value: str) -> str:
    """Decode encoded words and undo the folding; what cannot be decoded stays as it is."""
    unfolded = " ".join(value.split("\r\n")).replace("\n", " ").replace("\t", " ").strip()
    if len(unfolded) > _MAX_HEADER:
        return unfolded
    try:
        return str(make_header(decode_header(unfolded)))
    except (HeaderParseError, LookupError, UnicodeError, ValueError):
        return unfolded


def _text(mail: Message, name: str) -> str:
    return next((value for known, value in _headers(mail) if known.lower() == name.lower()), "")


def _mailboxes(mail: Message, name: str) -> list[Address]:
    values = [_characters(value) for known, value in mail.raw_items() if known.lower() == name.lower()]
    if sum(map(len, values)) > _MAX_HEADER or sum(value.count("(") for value in values) > _MAX_COMMENTS:
        raise invalid_email(f"The header '{name}' of the message is too long.")
    return [Address(_decoded(display), email) for display, email in getaddresses(values) if email]


def _joined(mailboxes: list[Address]) -> str:
    return ", ".join(map(str, mailboxes))


def _metadata(mail: Message) -> Iterator[tuple[str, str]]:
    seen: dict[str, int] = {}
    for name, value in _headers(mail):
        if not name.lower().startswith(METADATA_PREFIX):
            continue
        key = name[len(METADATA_PREFIX) :]
        seen[key.lower()] = seen.get(key.lower(), 0) + 1
        yield (key if seen[key.lower()] == 1 else f"{key}{seen[key.lower()]}"), value


def _kept_headers(mail: Message) -> Iterator[Header]:
    for name, value in _headers(mail):
        lower = name.lower()
        if lower not in _FIELDS and lower not in CONTROLS and not lower.startswith(METADATA_PREFIX):
            yield Header(name=name, value=value)


def _parts(mail: Message) -> tuple[dict[str, str], list[Attachment]]:
    """Return the first text of each kind, and every other part as an attachment."""
    bodies: dict[str, str] = {}
    attachments: list[Attachment] = []
    for part in _leaves(mail):
        kind = part.get_content_type()
        is_body = kind in {"text/plain", "text/html"} and kind not in bodies and not part.get_filename()
        if is_body and part.get_content_disposition() != "attachment":
            bodies[kind] = _body(part)
        else:
            attachments.append(_attachment(part, len(attachments) + 1))
    return bodies, attachments


def _leaves(part: Message) -> Iterator[Message]:
    if part.is_multipart() and part.get_content_maintype() == "multipart":
        for child in cast("list[Message]", part.get_payload()):
            yield from _leaves(child)
    else:
        yield part


def _body(part: Message) -> str:
    content = part.get_payload(decode=True)
    octets = content if isinstance(content, bytes) else b""
    try:
        return octets.decode(part.get_content_charset("utf-8"), "replace")
    except LookupError:
        return octets.decode("utf-8", "replace")


def _attachment(part: Message, number: int) -> Attachment:
    if part.get_content_maintype() == "message":
        inner = cast("list[Message]", part.get_payload())
        content = b"".join(bytes(child.as_bytes()) for child in inner)
    else:
        decoded = part.get_payload(decode=True)
        content = decoded if isinstance(decoded, bytes) else b""
    content_id = str(part.get("Content-ID", "")).strip(" <>")
    return Attachment(
        name=_decoded(part.get_filename() or f"attachment-{number}"),
        content=base64.b64encode(content).decode(),
        content_type=part.get_content_type(),
        content_id=f"cid:{content_id}" if content_id else None,
    )
