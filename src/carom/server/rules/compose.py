"""A message as it goes out: the request and one recipient become a whole mail, in bytes.

Own assembly, since each byte matters: no value can make a header or a line of its own, lines end in CRLF and have at most
998 octets (RFC 5322, 2.1.1), text is UTF-8 in quoted-printable, To and Cc list everybody, Bcc nobody.
"""

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

from carom.server.rules.sending import given
from carom.wire.addresses import Address, parse_addresses
from carom.wire.email import Attachment, Header, SendEmail

RESERVED = frozenset(
    [
        "bcc",
        "cc",
        "content-disposition",
        "content-id",
        "content-transfer-encoding",
        "content-type",
        "date",
        "dkim-signature",
        "feedback-id",
        "from",
        "mime-version",
        "received",
        "reply-to",
        "return-path",
        "sender",
        "subject",
        "to",
        "x-pm-keepid",
        "x-pm-message-id",
        "x-pm-message-options",
        "x-pm-rcpt",
        "x-pm-tag",
    ]
)
"""Headers that a sender cannot set through Headers: they are ours, or the message's own fields."""

_BREAKS = re.compile(r"[\x00\r\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029]+")
_ASCII = re.compile(r"[\x09\x20-\x7e]*")
_WORD_OCTETS = 45
"""How many octets of text one encoded word holds: 60 characters of base64, 75 in all (RFC 2047, 2)."""
_LINE = 76


class Facts(NamedTuple):
    """What a mail carries beside the request. ``proof`` is the signed token that proves a bounce to be of this mail."""

    message_id: UUID
    server_id: int
    account_id: int
    recipient: str
    submitted_at: datetime
    hostname: str
    proof: str


def compose(email: SendEmail, facts: Facts) -> bytes:
    """Write the mail for one recipient."""
    content_headers, content = _content(email, facts)
    headers = b"".join(_header(name, value) for name, value in _headers(email, facts))
    return headers + b"MIME-Version: 1.0\r\n" + content_headers + b"\r\n" + content


def _headers(email: SendEmail, facts: Facts) -> Iterator[tuple[str, str]]:
    custom = email.headers if isinstance(email.headers, list) else []
    yield "From", _mailboxes(given(email.from_), "From")
    for name, text in (("To", email.to), ("Cc", email.cc), ("Reply-To", email.reply_to)):
        if given(text):
            yield name, _mailboxes(given(text), name)
    yield "Subject", given(email.subject)
    yield "Date", format_datetime(facts.submitted_at.astimezone(UTC))
    yield "Message-ID", _message_id(custom, facts)
    yield from _own_headers(email, facts)
    for header in custom:
        if header.name.lower() not in RESERVED and header.name.lower() != "message-id":
            yield header.name, header.value


def _own_headers(email: SendEmail, facts: Facts) -> Iterator[tuple[str, str]]:
    tag = given(email.tag)
    routed = f"m0|{facts.account_id}|{facts.server_id}|{facts.recipient}"
    tag_word = base64.b64encode(tag.encode()).decode() if tag else "_"
    yield "X-PM-Message-Id", str(facts.message_id)
    yield "X-PM-RCPT", f"|{base64.b64encode(routed.encode()).decode()}|"
    yield "X-PM-Message-Options", f"v1;{facts.proof}"
    if tag:
        yield "X-PM-Tag", tag
    yield "Feedback-ID", f"s{facts.server_id}-{tag_word[:60]}:s{facts.server_id}:a{facts.account_id}:carom"


def _message_id(custom: Iterable[Header], facts: Facts) -> str:
    named = {header.name.lower(): header.value.strip() for header in custom}
    if named.get("x-pm-keepid", "").lower() == "true" and "message-id" in named:
        return named["message-id"]
    return f"<{facts.message_id}@{facts.hostname}>"


def _mailboxes(text: str, field: str) -> str:
    return ", ".join(_mailbox(address) for address in parse_addresses(text, field))


def _mailbox(address: Address) -> str:
    if not address.name or _ASCII.fullmatch(address.name):
        return str(address)
    return f"{' '.join(_encoded_words(address.name))} <{address.email}>"


def _header(name: str, value: str) -> bytes:
    """Write a header: one line, folded at white space, in encoded words where it is not ASCII."""
    value = _BREAKS.sub(" ", value).strip()
    safe = _ASCII.fullmatch(value)
    words = value.split(" ") if safe and all(len(word) < 900 for word in value.split(" ")) else _encoded_words(value)
    lines = [f"{name}:"]
    for word in words:
        if len(lines[-1]) + 1 + len(word) > _LINE and lines[-1].strip() and lines[-1] != f"{name}:":
            lines.append("")
        lines[-1] += f" {word}"
    return "\r\n".join(lines).encode("ascii") + b"\r\n"


def _encoded_words(text: str) -> list[str]:
    """Write a text as encoded words (RFC 2047), none of which parts a character."""
    pieces = [""]
    for character in text:
        if len((pieces[-1] + character).encode("utf-8", "replace")) > _WORD_OCTETS:
            pieces.append("")
        pieces[-1] += character
    return [f"=?utf-8?B?{base64.b64encode(piece.encode('utf-8', 'replace')).decode()}?=" for piece in pieces]


def _content(email: SendEmail, facts: Facts) -> tuple[bytes, bytes]:
    """Return the content headers and the content: alternatives, inside related parts, inside attachments."""
    html, text = given(email.html_body), given(email.text_body)
    bodies = [_text(kind, body) for kind, body in (("plain", text), ("html", html)) if body]
    attached = email.attachments if isinstance(email.attachments, list) else []
    inline = [_attachment(one) for one in attached if one.content_id]
    files = [_attachment(one) for one in attached if not one.content_id]
    content = _multipart("alternative", bodies, facts)
    if inline:
        content = _multipart("related", [content, *inline], facts)
    return _multipart("mixed", [content, *files], facts) if files else content


def _multipart(kind: str, parts: list[tuple[bytes, bytes]], facts: Facts) -> tuple[bytes, bytes]:
    if len(parts) == 1:
        return parts[0]
    boundary = b"=_%s_%s" % (kind[:3].encode(), sha256(f"{facts.message_id} {kind}".encode()).hexdigest()[:32].encode())
    body = b"".join(b"--%s\r\n%s\r\n%s\r\n" % (boundary, headers, content) for headers, content in parts)
    head = b'Content-Type: multipart/%s; boundary="%s"\r\n' % (kind.encode(), boundary)
    return head, body + b"--%s--\r\n" % boundary


def _text(kind: str, body: str) -> tuple[bytes, bytes]:
    lines = body.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace")
    encoded = binascii.b2a_qp(lines, istext=True).replace(b"\n", b"\r\n")
    head = b"Content-Type: text/%s; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n" % kind.encode()
    return head, encoded if encoded.endswith(b"\r\n") else encoded + b"\r\n"


def _attachment(one: Attachment) -> tuple[bytes, bytes]:
    content = base64.encodebytes(base64.b64decode("".join(one.content.split()))).replace(b"\n", b"\r\n")
    kind = one.content_type if one.content_type and re.fullmatch(r"[\w.+-]+/[\w.+-]+", one.content_type) else None
    disposition = "inline" if one.content_id else "attachment"
    head = _header("Content-Type", kind or "application/octet-stream") + b"Content-Transfer-Encoding: base64\r\n"
    head += _header("Content-Disposition", f"{disposition};{_file_name(one.name)}")
    if one.content_id:
        head += _header("Content-ID", f"<{_BREAKS.sub('', one.content_id).removeprefix('cid:').strip('<> ')}>")
    return head, content


def _file_name(name: str) -> str:
    """Write a file name as a parameter: quoted, or by RFC 2231 where it is not plain ASCII."""
    name = _BREAKS.sub(" ", name)
    if re.fullmatch(r"[\x20-\x7e]{0,200}", name) and not re.search(r'["\\]', name):
        return f' filename="{name}"'
    octets = name.encode("utf-8", "replace")[:400]
    quoted = "".join(chr(b) if (chr(b).isalnum() and b < 128) or b in b"-._" else f"%{b:02X}" for b in octets)
    pieces = [quoted[at : at + 60] for at in range(0, len(quoted), 60)]
    if len(pieces) == 1:
        return f" filename*=utf-8''{quoted}"
    return "; ".join([f" filename*0*=utf-8''{pieces[0]}", *(f"filename*{n}*={p}" for n, p in enumerate(pieces[1:], 1))])
