"""Mails that the server writes itself, to the people who run it: plain text, and nobody answers them."""

from binascii import b2a_qp
from datetime import UTC, datetime
from email.utils import format_datetime

from msgspec import Struct

from carom.server.rules.headers import address_header, text_header
from carom.wire.addresses import Address


class Letter(Struct, frozen=True, kw_only=True):
    """A mail of the server's own. ``to`` is a bare address, ``key`` what tells it from others in its Message-ID."""

    to: str
    subject: str
    text: str
    key: str


def sender_of(hostname: str) -> str:
    """Return the address that letters come from."""
    return f"no-reply@{hostname}"


def write_letter(letter: Letter, hostname: str, at: datetime) -> bytes:
    """Write a letter as a mail. Raises BadAddress where an address has no ASCII form."""
    headers = (
        address_header("From", [Address("Carom", sender_of(hostname))]),
        address_header("To", [Address("", letter.to)]),
        text_header("Subject", letter.subject),
        f"Date: {format_datetime(at.astimezone(UTC))}",
        f"Message-Id: <{letter.key}@{hostname}>",
        "Auto-Submitted: auto-generated",  # RFC 3834: no automatic reply
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: quoted-printable",
    )
    lines = letter.text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace")
    body = b2a_qp(lines, istext=True).replace(b"\n", b"\r\n")
    return "".join(f"{line}\r\n" for line in headers).encode() + b"\r\n" + body
