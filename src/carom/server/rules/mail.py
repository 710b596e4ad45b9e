"""A mail read with the standard library: decoded headers, mailboxes, bodies and files. What its parser would take too
long for is told before it begins."""

import re
from collections.abc import Iterator
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses
from itertools import islice
from typing import NamedTuple, cast

from carom.bounce.mime import decode_text
from carom.wire.addresses import Address

# What the standard library's parser takes quadratic time for, or recurses on, or reads for minutes: no mail that a
# person means to send comes near.
MAX_HEADERS = 256 * 1024
_MAX_HEADER = 32 * 1024
_MAX_CONTAINERS = 50
_MAX_PARTS = 1000
_MAX_COMMENTS = 100
_MAX_LINES = 1_000_000
_MAX_COMPARISONS = 5_000_000
"""Lines times containers: the parser holds each line against every boundary that is open."""
_HEADERS_END = re.compile(rb"\r?\n\r?\n")
_CONTAINER = re.compile(rb"content-type\s{0,9}:\s{0,9}(?:multipart|message)/", re.IGNORECASE)
_BOUNDARY = re.compile(rb"boundary\s{0,9}=\s{0,9}(?:\"([^\"\r\n]{1,200})\"|([^\s;\"]{1,200}))", re.IGNORECASE)
_SPLIT_BOUNDARY = re.compile(rb"boundary\*", re.IGNORECASE)  # RFC 2231 allows it, and only evasion needs it


class TooCostly(ValueError):
    """A mail that is built to take long to read. The text says of what it has too much."""


class File(NamedTuple):
    """A part that is no body. ``content_id`` is without its brackets, empty where there is none."""

    name: str
    content_type: str
    content_id: str
    content: bytes


class Parts(NamedTuple):
    """What a mail holds: the first text of each kind by media type, and every other part."""

    bodies: dict[str, str]
    files: list[File]


def read_mail(raw: bytes) -> Message:
    """Parse a mail. Raises TooCostly."""
    end = _HEADERS_END.search(raw, 0, MAX_HEADERS)
    if end is None and len(raw) > MAX_HEADERS:
        raise TooCostly("The headers of the message are too long.")
    containers = sum(1 for _ in islice(_CONTAINER.finditer(raw), _MAX_CONTAINERS + 1))
    boundaries = {match[1] or match[2] for match in islice(_BOUNDARY.finditer(raw), _MAX_PARTS)}
    too_many = max(containers, len(boundaries)) > _MAX_CONTAINERS or _SPLIT_BOUNDARY.search(raw)
    if too_many or sum(raw.count(b"\n--" + one) for one in boundaries) > _MAX_PARTS:
        raise TooCostly("The message has too many parts.")
    lines = max(raw.count(b"\n"), raw.count(b"\r"))
    if lines > _MAX_LINES or lines * containers > _MAX_COMPARISONS:
        raise TooCostly("The message has too many lines.")
    return message_from_bytes(raw)


def text_of(raw: bytes) -> str:
    """Return a raw mail as the API's text: UTF-8, and what is none replaced."""
    return raw.decode("utf-8", "replace")


def read_headers(raw: bytes) -> Message:
    """Parse the headers of a mail, as far as they are not too long, and nothing below."""
    head = _HEADERS_END.split(raw[:MAX_HEADERS], maxsplit=1)[0]
    return message_from_bytes(head + b"\r\n\r\n")


def headers(mail: Message) -> Iterator[tuple[str, str]]:
    """Yield names and decoded values in order."""
    for name, value in mail.raw_items():
        yield name, decoded(_characters(value))


def first(mail: Message, name: str) -> str:
    """Return the first header of a name, decoded; empty where there is none."""
    return next((value for known, value in headers(mail) if known.lower() == name.lower()), "")


def joined(mail: Message, name: str) -> str:
    """Return all headers of a name, decoded, with commas between them."""
    return ", ".join(value for known, value in headers(mail) if known.lower() == name.lower())


def mailboxes(mail: Message, name: str) -> list[Address]:
    """Return the mailboxes of all headers of a name, their addresses as they stand. Raises TooCostly."""
    values = [_characters(value) for known, value in mail.raw_items() if known.lower() == name.lower()]
    if sum(map(len, values)) > _MAX_HEADER or sum(value.count("(") for value in values) > _MAX_COMMENTS:
        raise TooCostly(f"The header '{name}' of the message is too long.")
    return [Address(decoded(display), email) for display, email in getaddresses(values) if email]


def read_parts(mail: Message) -> Parts:
    """Return bodies and files."""
    bodies: dict[str, str] = {}
    files: list[File] = []
    for part in _leaves(mail):
        kind = part.get_content_type()
        is_body = kind in {"text/plain", "text/html"} and kind not in bodies and not part.get_filename()
        if is_body and part.get_content_disposition() != "attachment":
            bodies[kind] = decode_text(_octets(part), str(part.get("Content-Type", "")))
        else:
            files.append(_file(part, len(files) + 1))
    return Parts(bodies, files)


def _characters(value: str) -> str:
    """Read the octets of a header that are not ASCII: UTF-8 as a rule, and else Latin-1."""
    octets = value.encode("ascii", "surrogateescape")
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return octets.decode("latin-1")


def decoded(value: str) -> str:
    """Decode encoded words and undo the folding; what cannot be decoded stays as it is."""
    if "=?" not in value and value.isprintable():  # as most are
        return value.strip()
    unfolded = " ".join(value.split("\r\n")).replace("\n", " ").replace("\t", " ").strip()
    if len(unfolded) > _MAX_HEADER:
        return unfolded
    try:
        return str(make_header(decode_header(unfolded)))
    except (HeaderParseError, LookupError, UnicodeError, ValueError):
        return unfolded


def _leaves(part: Message) -> Iterator[Message]:
    if part.is_multipart() and part.get_content_maintype() == "multipart":
        for child in cast("list[Message]", part.get_payload()):
            yield from _leaves(child)
    else:
        yield part


def _octets(part: Message) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _file(part: Message, number: int) -> File:
    if part.get_content_maintype() == "message":
        inner = part.get_payload()
        whole = cast("list[Message]", inner) if isinstance(inner, list) else []
        content = b"".join(bytes(child.as_bytes()) for child in whole)
    else:
        content = _octets(part)
    return File(
        name=decoded(part.get_filename() or f"attachment-{number}"),
        content_type=part.get_content_type(),
        content_id=str(part.get("Content-ID", "")).strip(" <>"),
        content=content,
    )
