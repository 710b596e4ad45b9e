"""E-mail messages of the standard library, turned into what Postmark takes. Reads any message, never raises for a
broken one."""

import email
import re
from binascii import b2a_base64
from collections.abc import Iterator
from email.header import Header, decode_header
from email.message import Message as AnyMessage
from email.policy import compat32
from email.utils import collapse_rfc2231_value, getaddresses
from typing import Any, NamedTuple, TypeAlias, TypeGuard, cast

from carom.client.errors import UnknownMessageType
from carom.wire.addresses import Address
from carom.wire.email import FORBIDDEN_EXTENSIONS

Letter: TypeAlias = "AnyMessage[Any, Any]"
"""A message, old style or new."""


def is_letter(message: object) -> TypeGuard[Letter]:
    """Whether something is a message of the e-mail package."""
    return isinstance(message, AnyMessage)


def read_letter(message: object) -> Letter:
    """Return a message; bytes are parsed. Raises UnknownMessageType."""
    if is_letter(message):
        return message
    if isinstance(message, bytes):
        return email.message_from_bytes(message, policy=compat32)
    raise UnknownMessageType(f"{type(message).__name__} is no e-mail message: give an EmailMessage or its bytes")


class Part(NamedTuple):
    """What Postmark calls an attachment, and the e-mail package a part."""

    name: str
    content: bytes
    content_type: str
    content_id: str | None


# Headers that are fields of their own, or written by whoever sends.
_FIELDS = ("From", "To", "Cc", "Bcc", "Reply-To", "Subject")
_DROPPED = frozenset(name.lower() for name in (*_FIELDS, "Sender", "Date", "Received", "Return-Path")) | {
    "mime-version",
    "x-pm-rcpt",
}

# Settings: the gem's headers, and those of Postmark's SMTP.
_SETTINGS = {
    "tag": "Tag",
    "x-pm-tag": "Tag",
    "track-opens": "TrackOpens",
    "x-pm-trackopens": "TrackOpens",
    "track-links": "TrackLinks",
    "x-pm-tracklinks": "TrackLinks",
    "message-stream": "MessageStream",
    "x-pm-message-stream": "MessageStream",
    "postmark-template-alias": "TemplateAlias",
}
_METADATA = "x-pm-metadata-"


def to_fields(letter: Letter) -> dict[str, Any]:
    """Return a message by Postmark's names; what is blank is left out, a templated one has no subject and bodies."""
    text, html, parts = contents(letter)
    found: dict[str, Any] = {name.replace("-", ""): _mailboxes(letter, name) for name in _FIELDS[:-1]}
    found |= {"Subject": header_text(letter.get("Subject", "")), "TextBody": text, "HtmlBody": html}
    found |= settings(letter) | getattr(letter, "postmark_fields", dict[str, Any])()
    found["Headers"] = [{"Name": name, "Value": value} for name, value in _other_headers(letter)]
    found["Attachments"] = [_attachment(part) for part in parts]
    if found.get("TemplateAlias") or found.get("TemplateId"):
        for name in ("Subject", "TextBody", "HtmlBody"):
            found.pop(name)
    return {name: value for name, value in found.items() if value not in (None, "", [], {}) or name == "TemplateModel"}


def settings(letter: Letter) -> dict[str, Any]:
    """Return what headers say about tag, tracking, stream, template and metadata."""
    found: dict[str, Any] = {}
    metadata: dict[str, str] = {}
    for name, value in letter.items():
        field = _SETTINGS.get(name.lower())
        if field is not None:
            found[field] = _SETTING.get(field, str)(header_text(value).strip())
        elif name.lower().startswith(_METADATA):
            metadata[name[len(_METADATA) :]] = header_text(value).strip()
    return {**found, "Metadata": metadata} if metadata else found


def _flag(text: str) -> bool:
    return text.lower() in {"true", "yes", "1"}


def track_links(text: str) -> str:
    """Return ``HtmlAndText`` for that or for the gem's ``html_and_text``."""
    return "".join(word[:1].upper() + word[1:] for word in text.split("_"))


_SETTING: dict[str, Any] = {"TrackOpens": _flag, "TrackLinks": track_links}


def _other_headers(letter: Letter) -> Iterator[tuple[str, str]]:
    for name, value in letter.items():
        low = name.lower()
        if low in _DROPPED or low in _SETTINGS or low.startswith(("content-", _METADATA)):
            continue
        yield name, _unfolded(str(value)) if "=?" not in str(value) else header_text(value)


_FOLD = re.compile(r"[\r\n]+[ \t]*")


def _unfolded(text: str) -> str:
    return _FOLD.sub(" ", text).strip()


def header_text(value: str | Header) -> str:
    """Return a header decoded (RFC 2047) and on one line; bytes that are no text become replacement marks."""
    if not isinstance(value, Header) and "=?" not in value and value.isascii():
        return _unfolded(value)
    pieces: list[str] = []
    for text, charset in decode_header(value if isinstance(value, Header) else _unfolded(value)):
        if isinstance(text, str):
            pieces.append(text.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))
        else:
            pieces.append(as_text(text, None if charset == "unknown-8bit" else charset))
    return _unfolded("".join(pieces))


def as_text(content: bytes, charset: str | None) -> str:
    """Decode bytes; an unknown charset or a broken byte raises nothing."""
    try:
        return content.decode(charset or "utf-8", "replace")
    except LookupError:
        return content.decode("utf-8", "replace")


def _mailboxes(letter: Letter, name: str) -> str:
    values = [_unfolded(str(value)) for value in letter.get_all(name, [])]
    found = [(who, where) for who, where in getaddresses(values) if where]
    if not found:
        return header_text(", ".join(value for value in values if "@" in value))
    return ", ".join(str(Address(header_text(who), where)) for who, where in found)


def contents(letter: Letter) -> tuple[str, str, list[Part]]:
    """Return the plain text, the HTML, and every other part."""
    bodies: dict[str, str] = {}
    parts: list[Part] = []
    for leaf, related in _leaves(letter):
        kind = leaf.get_content_type()
        if kind in {"text/plain", "text/html"} and kind not in bodies and not _is_attachment(leaf):
            bodies[kind] = as_text(_content(leaf), leaf.get_content_charset())
        else:
            parts.append(_part(leaf, related=related))
    return bodies.get("text/plain", ""), bodies.get("text/html", ""), parts


def _leaves(letter: Letter, *, related: bool = False) -> Iterator[tuple[Letter, bool]]:
    """Iterate over the parts that hold something, each with whether others show it (multipart/related)."""
    payload: Any = letter.get_payload()
    if letter.get_content_maintype() == "multipart" and isinstance(payload, list):
        for part in cast("list[Letter]", payload):
            yield from _leaves(part, related=letter.get_content_subtype() == "related")
    elif letter.get_content_maintype() != "multipart" or payload:
        yield letter, related


def _is_attachment(leaf: Letter) -> bool:
    return leaf.get_content_disposition() == "attachment" or leaf.get_filename() is not None


def _content(leaf: Letter) -> bytes:
    payload: Any = leaf.get_payload()
    if isinstance(payload, list):
        return b"\n".join(part.as_bytes() for part in cast("list[Letter]", payload))
    content: Any = leaf.get_payload(decode=True)
    return content if isinstance(content, bytes) else str(payload or "").encode("utf-8", "surrogateescape")


def _part(leaf: Letter, *, related: bool) -> Part:
    cid = str(leaf.get("Content-ID", "")).strip().strip("<>")
    inline = cid and (related or leaf.get_content_disposition() != "attachment")
    return Part(_name(leaf), _content(leaf), _content_type(leaf), f"cid:{cid}" if inline else None)


def _name(leaf: Letter) -> str:
    given = leaf.get_filename()
    if given:
        return header_text(given)
    if leaf.get_content_type() == "message/rfc822":
        return "message.eml"
    import mimetypes

    ending = mimetypes.guess_extension(leaf.get_content_type()) or ".dat"
    return "attachment" + (".dat" if ending[1:] in FORBIDDEN_EXTENSIONS else ending)


def _content_type(leaf: Letter) -> str:
    parameters = cast("list[tuple[str, Any]]", leaf.get_params(failobj=[]))[1:]
    kept = [
        f"; {name}={_quoted(collapse_rfc2231_value(value))}"
        for name, value in parameters
        if name.lower() not in {"name", "boundary"}
    ]
    return leaf.get_content_type() + "".join(kept)


def _quoted(value: str) -> str:
    return value if re.fullmatch(r"[\w.+-]+", value) else '"' + value.replace('"', "") + '"'


def _attachment(part: Part) -> dict[str, str]:
    found = {
        "Name": part.name,
        "Content": b2a_base64(part.content, newline=False).decode(),
        "ContentType": part.content_type,
    }
    return found if part.content_id is None else {**found, "ContentID": part.content_id}
