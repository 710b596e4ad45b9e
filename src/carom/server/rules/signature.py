"""A mail's DKIM-Signature (RFC 6376), relaxed in header and body: what is hashed, and the header that says so.

Pure: the RSA operation is the caller's. It reads the mails that ``compose`` writes, with CRLF and no bare CR or LF; no
signature covers another.
"""

import re
from base64 import b64encode
from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import sha256

from msgspec import Struct

SIGNED = (
    "from", "to", "cc", "subject", "date", "message-id", "reply-to", "sender", "in-reply-to", "references", "feedback-id",
    "mime-version", "content-type", "content-transfer-encoding", "list-id", "list-unsubscribe", "list-unsubscribe-post",
)  # fmt: skip
"""The fields that a signature covers where a mail has them (RFC 6376 section 5.4.1, RFC 8058 section 4)."""

SEALED = ("from", "to", "cc", "subject", "date", "message-id", "reply-to", "content-type")
"""Fields that are named once more than they occur: one that somebody adds on the way breaks the signature (RFC 6376
section 8.15)."""

_COVERED = frozenset(SIGNED)
_FOLDS = re.compile(rb"\r\n(?=[ \t])")
_BLANKS = re.compile(rb"[ \t]+")
_FOLD_AT = 72


class Mail(Struct, frozen=True):
    """A mail as it is signed: its fields by lower-case name, each as relaxed line with CRLF, first to last; the hash of
    its body in base64."""

    fields: dict[str, list[bytes]]
    body_hash: str


class Signature(Struct, frozen=True):
    """A signature that lacks its value: ``signed`` is what the key signs, ``unsigned`` the header up to it."""

    signed: bytes
    unsigned: str

    def header(self, value: bytes) -> bytes:
        """Return the header with the value of the RSA operation, ending in CRLF."""
        text = b64encode(value).decode()
        lines = "".join(f"\r\n {text[at : at + _FOLD_AT]}" for at in range(0, len(text), _FOLD_AT))
        return f"{self.unsigned}{lines}\r\n".encode()


def read(content: bytes) -> Mail:
    """Read a mail once for all of its signatures."""
    head, _, body = content.partition(b"\r\n\r\n")
    fields: dict[str, list[bytes]] = {}
    for name, value in _fields(head):
        if name in _COVERED:
            fields.setdefault(name, []).append(_relaxed(name, value))
    return Mail(fields, b64encode(sha256(relaxed_body(body)).digest()).decode())


def sign(mail: Mail, domain: str, selector: str, at: datetime, lasts: timedelta | None = None) -> Signature:
    """Return what a domain's key is to sign. ``lasts`` is how long the signature is good for, by default for ever."""
    names = [name for name in SIGNED for _ in mail.fields.get(name, ())]
    names += SEALED
    until = "" if lasts is None else f" x={(at + lasts).timestamp():.0f};"
    unsigned = (
        f"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; t={at.timestamp():.0f};{until}\r\n"
        f" d={domain}; s={selector};\r\n"
        f" h={_list(names)};\r\n"
        f" bh={mail.body_hash};\r\n"
        " b="
    )
    own = _relaxed("dkim-signature", unsigned.removeprefix("DKIM-Signature:").replace("\r\n", "").encode())
    return Signature(b"".join(_chosen(mail, names)) + own, unsigned)


def _chosen(mail: Mail, names: list[str]) -> Iterator[bytes]:
    """Give the lines in the order named: several of one name from the last up, one named too often is empty (RFC 6376
    section 5.4.2)."""
    left = {name: list(lines) for name, lines in mail.fields.items()}
    for name in names:
        if lines := left.get(name):
            yield lines.pop() + b"\r\n"


def _list(names: list[str]) -> str:
    lines: list[str] = []
    line = ""
    for name in names:
        if line and len(line) + len(name) > _FOLD_AT:
            lines.append(line)
            line = ""
        line += f"{':' if line or lines else ''}{name}"
    return "\r\n ".join([*lines, line])


def _fields(head: bytes) -> Iterator[tuple[str, bytes]]:
    for line in _FOLDS.sub(b"", head).split(b"\r\n"):
        name, _, value = line.partition(b":")
        yield name.strip().decode("latin-1").lower(), value


def _relaxed(name: str, value: bytes) -> bytes:
    """Return a field as RFC 6376 section 3.4.2 has it, without the CRLF at its end."""
    return name.encode() + b":" + _BLANKS.sub(b" ", value).strip(b" ")


def relaxed_body(body: bytes) -> bytes:
    """Return a body as RFC 6376 section 3.4.4 has it: an empty one stays empty."""
    # Searches for fixed bytes: on common mail these take a tenth of the time of one regular expression.
    body = body.replace(b"\t", b" ")
    while b"  " in body:
        body = body.replace(b"  ", b" ")
    body = body.replace(b" \r\n", b"\r\n").rstrip(b"\r\n")
    return body + b"\r\n" if body else b""
