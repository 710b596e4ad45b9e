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

_FIELD = re.compile(rb"[ \t]*:[ \t]*(.*(?:\n[ \t].*)*)")
_NAME = re.compile(rb"\n([!-9;-~]+)[ \t]*:")
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
    """Header fields by lower-case name, unfolded, the first of each name, cut at ``MAX_VALUE``. A field is searched for
    when it is asked for: of a block of thirty only a few are."""

    __slots__ = ("_block", "_lowered", "_values")

    def __init__(self, block: bytes = b"") -> None:
        self._block = b"\n" + block
        self._lowered = self._block.lower()
        self._values: dict[str, str | None] = {}

    def _find(self, name: str) -> str | None:
        value, begin = None, b"\n" + name.encode()
        at = self._lowered.find(begin)
        while at >= 0:
            if field := _FIELD.match(self._block, at + len(begin)):
                text = field[1][:MAX_VALUE].decode("utf-8", "replace")
                value = (_FOLD.sub(" ", text) if "\n" in text else text).strip()
                break
            at = self._lowered.find(begin, at + 1)
        self._values[name] = value
        return value

    @overload
    def get(self, name: str, /) -> str | None: ...
    @overload
    def get(self, name: str, /, default: str) -> str: ...
    @overload
    def get(self, name: str, /, default: _Other) -> str | _Other: ...
    def get(self, name: str, /, default: str | _Other | None = None) -> str | _Other | None:
        """Return a field, ``default`` where there is none."""
        value = self._values[name] if name in self._values else self._find(name)
        return default if value is None else value

    def __getitem__(self, name: str) -> str:
        value = self.get(name)
        if value is None:
            raise KeyError(name)
        return value

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.get(name) is not None

    def __iter__(self) -> Iterator[str]:
        """Yield the names in their order, each once."""
        return iter(dict.fromkeys(name.decode() for name in _NAME.findall(self._lowered)))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __bool__(self) -> bool:
        return b":" in self._block

    def holds(self, words: bytes) -> bool:
        """Tell whether words in lower case stand anywhere in the block; a quick way to say no."""
        return words in self._lowered


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
    headers, parts = Headers(block), list[Part]()
    _read_entity(b"", headers, body, parts, 0)
    content_type = headers.get("content-type", "")
    return Mail(headers, parts, media_type(content_type), content_type)


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


def media_type(content_type: str) -> str:
    """Return the lower-case media type of a Content-Type value, ``text/plain`` where it has none."""
    return content_type.partition(";")[0].strip().lower() or "text/plain"


def parameters(content_type: str) -> dict[str, str]:
    """Return the parameters of a Content-Type value by lower-case name."""
    return {name.lower(): quoted or plain for name, quoted, plain in _PARAMETER.findall(content_type[:4096])}


def _read_entity(block: bytes, headers: Headers, body: bytes, parts: list[Part], depth: int) -> None:
    """Add the leaves of an entity to ``parts``."""
    content_type = headers.get("content-type", "")
    kind = media_type(content_type)
    pieces: list[bytes] = []
    if kind.startswith("multipart/"):
        if depth < MAX_DEPTH:
            boundary = parameters(content_type).get("boundary", "").encode("utf-8", "replace")
            pieces = (_pieces(body, boundary) if boundary else []) or _guess(body)
        kind = "text/plain"
    elif depth == 0 and body.startswith(_PREAMBLE):
        pieces = _guess(body)
    for piece in pieces:
        head, inner = split_head(piece)
        _read_entity(head, Headers(head), inner, parts, depth + 1)
    if not pieces:
        parts.append(Part(kind, headers, body, block))


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
