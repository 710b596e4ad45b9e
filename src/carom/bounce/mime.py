"""Byte-level MIME reading that parses only what decides: headers, the parts of a multipart, their decoded text.

It never raises, and its limits bound the work on hostile mail: what lies beyond them is not read.
"""

import binascii
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple, TypeVar, overload

HEAD_BYTES, TAIL_BYTES = 1 << 20, 1 << 18
REPORT_LEAD, REPORT_BYTES = 1 << 9, 1 << 16
MAX_DEPTH, MAX_PARTS, MAX_TEXT, MAX_SUBJECT, MAX_VALUE = 16, 256, 1 << 17, 1000, 1 << 13

# Of a part only what says how to read it.
_PART_NAMES = b"\ncontent-t"
_PART_FIELD = re.compile(rb"(content-(?:type|transfer-encoding))[ \t]*:[ \t]*(.*(?:\n[ \t].*)*)", re.IGNORECASE)
_VALUE = re.compile(rb".*(?:\n[ \t].*)*")
_FOLD = re.compile(r"\n[ \t]+")
_PARAMETER = re.compile(r""";\s*([a-zA-Z0-9*_-]+)\s*=\s*(?:"([^"\n]*)"?|([^;\s]*))""")
_DELIMITER = re.compile(rb"^--(\S[^\n]{0,199}?)[ \t]*\n(?:Content-|\n|Received:)", re.MULTILINE | re.IGNORECASE)
# What old Exchange wrote before the first delimiter, of mails whose Content-Type was lost on their way.
_PREAMBLE = b"This message is in MIME format."
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")
# Codecs that are no charsets of mail; punycode takes quadratic time.
_NO_CHARSETS = frozenset({"punycode", "idna", "undefined", "raw_unicode_escape", "unicode_escape"})


_Other = TypeVar("_Other")


class Headers(Mapping[str, str]):
    """Header fields by lower-case name, unfolded, the first of each name, cut at ``MAX_VALUE``. Where each begins is found
    at once when the first is asked for; a value is read when it is."""

    __slots__ = ("_block", "_places", "_values")

    def __init__(self, block: bytes = b"") -> None:
        self._block = block
        self._places: dict[str, int] | None = None
        self._values: dict[str, str | None] = {}

    def _find(self, name: str) -> str | None:
        if name in self._values:
            return self._values[name]
        places = self._places if self._places is not None else self._look()
        at = places.get(name)
        value = None if at is None else self._read(at)
        self._values[name] = value
        return value

    def _look(self) -> dict[str, int]:
        self._places, at = {}, 0
        for line in self._block.split(b"\n"):
            name, colon, _ = line.partition(b":")
            if colon and name and name[0] not in b" \t":
                self._places.setdefault(name.decode("utf-8", "replace").rstrip().lower(), at + len(name) + 1)
            at += len(line) + 1
        return self._places

    def _read(self, at: int) -> str:
        match = _VALUE.match(self._block, at)
        text = match[0].decode("utf-8", "replace") if match else ""
        return (_FOLD.sub(" ", text) if "\n" in text else text)[:MAX_VALUE].strip()

    @overload
    def get(self, name: str, /) -> str | None: ...
    @overload
    def get(self, name: str, /, default: str) -> str: ...
    @overload
    def get(self, name: str, /, default: _Other) -> str | _Other: ...
    def get(self, name: str, /, default: str | _Other | None = None) -> str | _Other | None:
        """Return a field, ``default`` where there is none."""
        value = self._find(name)
        return default if value is None else value

    def __getitem__(self, name: str) -> str:
        value = self._find(name)
        if value is None:
            raise KeyError(name)
        return value

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._find(name) is not None

    def __iter__(self) -> Iterator[str]:
        return (name for name in (self._places or self._look()) if " " not in name)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __bool__(self) -> bool:
        return b":" in self._block

    def holds(self, words: bytes) -> bool:
        """Tell whether words in lower case stand anywhere in the block; a quick way to say no."""
        return words in self._block.lower()


class Part(NamedTuple):
    """A leaf of a mail: its media type in lower case, the headers that say how to read it, its body still encoded, and
    the whole of its headers."""

    type: str
    headers: Mapping[str, str]
    body: bytes
    head: bytes = b""

    @property
    def text(self) -> str:
        """The body as text, transfer encoding and charset undone, cut at ``MAX_TEXT``."""
        return decode_text(undo_transfer(self.body[:MAX_TEXT], self.headers), self.headers.get("content-type", ""))


class Mail(NamedTuple):
    """A mail read as far as it decides: the top headers, the leaves, the top media type."""

    headers: Headers
    parts: list[Part]
    type: str
    content_type: str


def read_mail(raw: bytes) -> Mail:
    """Read a mail: headers, and its leaves in order."""
    block, body = split_head(plain_lines(raw))
    entity = _read_part_headers(block)
    content_type = entity.get("content-type", "")
    parts = list(_leaves(b"", entity, body, 0))
    return Mail(Headers(block), parts, media_type(content_type), content_type)


def plain_lines(raw: bytes) -> bytes:
    """Return the mail with LF line ends. Of a very long one the head and the tail, as reports stand before the returned
    mail or after it, and the report itself where it stands between two long parts."""
    if len(raw) > HEAD_BYTES + TAIL_BYTES:
        at = raw.find(b"/delivery-status", HEAD_BYTES, -TAIL_BYTES)
        report = raw[max(HEAD_BYTES, at - REPORT_LEAD) : at + REPORT_BYTES] if at >= 0 else b""
        raw = b"\n".join((raw[:HEAD_BYTES], report, raw[-TAIL_BYTES:]))
    if b"\r" in raw:
        raw = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return raw.lstrip(b"\xef\xbb\xbf\n")


def split_head(entity: bytes) -> tuple[bytes, bytes]:
    """Split an entity at its first empty line; one that begins with an empty line has no headers."""
    if entity.startswith(b"\n"):
        return b"", entity[1:]
    head, _, body = entity.partition(b"\n\n")
    return head, body


def _read_part_headers(block: bytes) -> dict[str, str]:
    """Read of headers only what says how to read the entity."""
    fields: dict[str, str] = {}
    block = b"\n" + block
    lowered = block.lower()
    at = lowered.find(_PART_NAMES)
    while at >= 0:
        if match := _PART_FIELD.match(block, at + 1):
            name, value = (one[:MAX_VALUE].decode("utf-8", "replace") for one in match.groups())
            fields.setdefault(name.lower(), _FOLD.sub(" ", value).strip())
        at = lowered.find(_PART_NAMES, at + 1)
    return fields


def media_type(content_type: str) -> str:
    """Return the lower-case media type of a Content-Type value, ``text/plain`` where it has none."""
    return content_type.partition(";")[0].strip().lower() or "text/plain"


def parameters(content_type: str) -> dict[str, str]:
    """Return the parameters of a Content-Type value by lower-case name."""
    return {name.lower(): quoted or plain for name, quoted, plain in _PARAMETER.findall(content_type[:4096])}


def _leaves(block: bytes, headers: Mapping[str, str], body: bytes, depth: int) -> Iterator[Part]:
    content_type = headers.get("content-type", "")
    kind = media_type(content_type)
    pieces: list[bytes] = []
    if kind.startswith("multipart/") and depth < MAX_DEPTH:
        boundary = parameters(content_type).get("boundary", "").encode("utf-8", "replace")
        pieces = (_pieces(body, boundary) if boundary else []) or _guess(body)
    elif depth == 0 and body.startswith(_PREAMBLE):
        pieces = _guess(body)
    for piece in pieces:
        head, inner = split_head(piece)
        yield from _leaves(head, _read_part_headers(head), inner, depth + 1)
    if not pieces:
        yield Part("text/plain" if kind.startswith("multipart/") else kind, headers, body, block)


def _guess(body: bytes) -> list[bytes]:
    """Split a body whose boundary is not the declared one, or that declares none: by its first delimiter line."""
    match = _DELIMITER.search(body)
    return _pieces(body, match[1]) if match else []


def _pieces(body: bytes, boundary: bytes) -> list[bytes]:
    """Split a multipart body. A delimiter line may be the beginning of another's (RFC 2046, 5.1.2), so what follows
    the boundary decides: line end, blank, or ``--`` for the last."""
    marker, found = b"\n--" + boundary, list[bytes]()
    for piece in (b"\n" + body).split(marker, MAX_PARTS)[1:]:
        line, _, rest = piece.partition(b"\n")
        tail = line.rstrip()
        if not tail:
            found.append(rest)
        elif tail == b"--":
            break
        elif found:
            found[-1] += marker + piece
    return found


def undo_transfer(body: bytes, headers: Mapping[str, str]) -> bytes:
    """Undo base64 and quoted-printable, broken ones as far as they go."""
    encoding = headers.get("content-transfer-encoding", "").lower()
    if encoding.startswith("base64"):
        digits = _NOT_BASE64.sub(b"", body)
        digits = digits[: len(digits) - 1] if len(digits) % 4 == 1 else digits
        return binascii.a2b_base64(digits + b"=" * (-len(digits) % 4))
    if encoding.startswith("quoted-printable"):
        return binascii.a2b_qp(body)
    return body


def decode_text(body: bytes, content_type: str) -> str:
    """Decode a body by the charset of its Content-Type, else as UTF-8, else as Latin-1."""
    if body.isascii() and b"\x1b" not in body:
        return body.decode("ascii")
    charset = parameters(content_type).get("charset", "utf-8")
    for name in (charset, "utf-8"):
        if name.lower().replace("-", "_") in _NO_CHARSETS:
            continue
        try:
            return body.decode(name)
        except (LookupError, ValueError):
            continue
    return body.decode("latin-1")


_WORD = re.compile(r"=\?([^?\s]{1,64})\?([BbQq])\?([^?\n]*)\?=(?:\s+(?==\?))?")


def decode_words(value: str) -> str:
    """Decode the encoded words of a header value (RFC 2047)."""
    return _WORD.sub(_word, value) if "=?" in value else value


def subject_of(headers: Headers) -> str:
    """Return the subject, decoded, cut at ``MAX_SUBJECT``."""
    return decode_words(headers.get("subject", "")[:MAX_SUBJECT])


def _word(word: re.Match[str]) -> str:
    encoding = "base64" if word[2] in "Bb" else "quoted-printable"
    text = word[3] if encoding == "base64" else word[3].replace("_", " ")
    body = undo_transfer(text.encode("utf-8", "replace"), {"content-transfer-encoding": encoding})
    return decode_text(body, f"; charset={word[1].partition('*')[0]}")
