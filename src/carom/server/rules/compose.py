"""A message to send, as the mail that one recipient gets: bytes with CRLF, no line over 998 octets.

Own assembly, because the mail is small and its form is fixed: text parts are quoted-printable, files are base64, and
no boundary can occur in either. https://postmarkapp.com/developer/user-guide/send-email-with-api
"""

import re
from base64 import b64decode, b64encode, encodebytes
from binascii import b2a_qp
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import NamedTuple
from urllib.parse import quote
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType

from carom.server.rules.headers import address_header, one_line, parameter, text_header
from carom.server.rules.scenarios import BOUNCE_TYPE_HEADER, TEST_DOMAIN
from carom.server.rules.senders import domain_of
from carom.wire.addresses import parse_address, parse_addresses
from carom.wire.email import Attachment, Header, SendEmail


class Facts(Struct, frozen=True, kw_only=True):
    """What the service knows of a message when it is written for one recipient.

    ``hostname`` stands to the right in Message-Id; ``proof`` is the token by which the service knows its own mail
    again; ``submitted_at`` is aware. ``list_unsubscribe`` is the link of RFC 8058, empty where the sender has to care;
    ``complaints_to`` the address for complaints, empty where there is none.
    """

    message_id: UUID
    server_id: int
    account_id: int
    recipient: str
    submitted_at: datetime
    hostname: str
    proof: str
    list_unsubscribe: str = ""
    complaints_to: str = ""


COMPLAINTS = "abuse"
"""Where complaints come in, people's and providers' reports, at every return-path domain (RFC 2142)."""

# Headers that the service writes itself, or that steer it: given as custom headers they are ignored.
RESERVED_HEADERS = frozenset(
    {
        "bcc", "cc", "date", "delivered-to", "dkim-signature", "feedback-id", "from", "message-id", "mime-version",
        "received", "reply-to", "return-path", "sender", "subject", "to", "x-complaints-to", "x-pm-bounce-type", "x-pm-keepid",
        "x-pm-message-id", "x-pm-message-options", "x-pm-rcpt", "x-pm-tag",
    }
)  # fmt: skip
UNSUBSCRIBE_HEADERS = frozenset({"list-unsubscribe", "list-unsubscribe-post"})
"""The sender's own where the service does not handle unsubscribing, and ignored where it does."""
RESERVED_PREFIXES = ("content-", "resent-")
ONCE = frozenset({"in-reply-to", "references"})  # RFC 5322 section 3.6: more than one is no valid mail

_HEADER_NAME = re.compile(r"[!-9;-~]{1,76}")
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,900}>")
_MEDIA_TYPE = re.compile(
    r'[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+(?: *; *[A-Za-z0-9_-]+=(?:[A-Za-z0-9_.:+/-]+|"[ !#-\[\]-~]*"))*'
)
_LONGEST_MEDIA_TYPE = 200
_ANY_FILE = "application/octet-stream"
# A container cannot be base64 (RFC 2045 section 6.4), and a file is one.
_CONTAINERS = ("multipart/", "message/")
_LONGEST_TAG_BYTES = 240  # in Feedback-ID, which cannot be folded


class _Part(NamedTuple):
    headers: str
    body: bytes

    def __bytes__(self) -> bytes:
        return self.headers.encode() + b"\r\n" + self.body


def compose(email: SendEmail, facts: Facts) -> bytes:
    """Write the mail for one recipient. Raises BadAddress where From, To, Cc or ReplyTo cannot be read, and ValueError
    where an attachment is no base64."""
    headers = "".join(line + "\r\n" for line in _headers(email, facts))
    content = bytes(_content(email, facts.message_id.hex))
    return headers.encode() + content + (b"" if content.endswith(b"\r\n") else b"\r\n")


def _headers(email: SendEmail, facts: Facts) -> Iterator[str]:
    for name, value in (("From", email.from_), ("To", email.to), ("Cc", email.cc), ("Reply-To", email.reply_to)):
        if mailboxes := parse_addresses(_given(value), name):
            yield address_header(name, mailboxes)
    yield text_header("Subject", _given(email.subject))
    yield f"Date: {format_datetime(facts.submitted_at.astimezone(UTC))}"
    yield f"Message-Id: {message_id(email, facts)}"
    yield from _service_headers(one_line(_given(email.tag)), facts)
    if facts.list_unsubscribe:
        yield f"List-Unsubscribe: <{facts.list_unsubscribe}>"
        yield "List-Unsubscribe-Post: List-Unsubscribe=One-Click"
    yield from _custom_headers(email, facts)
    yield "MIME-Version: 1.0"


def sender_domain(email: SendEmail) -> str:
    """Return the domain that a mail comes from, in lower case. Raises BadAddress where From cannot be read."""
    return domain_of(parse_address(_given(email.from_), "From").email)


def message_id(email: SendEmail, facts: Facts) -> str:
    """Return the Message-ID with its brackets: the service's own, or the sender's where X-PM-KeepID asks for it."""
    given = {header.name.lower(): header.value.strip() for header in _custom(email)}
    kept = given.get("message-id", "")
    if given.get("x-pm-keepid", "").lower() == "true" and _MESSAGE_ID.fullmatch(kept):
        return kept
    return f"<{facts.message_id}@{facts.hostname}>"


def _service_headers(tag: str, facts: Facts) -> Iterator[str]:
    short = tag.encode("utf-8", "replace")[:_LONGEST_TAG_BYTES].decode("utf-8", "ignore")
    stream = b64encode(short.encode()).decode() or "_"
    rcpt = f"m0|{facts.account_id}|{facts.server_id}|{facts.recipient}"
    yield f"Feedback-ID: s{facts.server_id}-{stream}:s{facts.server_id}:a{facts.account_id}:postmark"
    yield f"X-PM-Message-Id: {facts.message_id}"
    yield f"X-PM-RCPT: |{b64encode(rcpt.encode('utf-8', 'replace')).decode()}|"
    yield text_header("X-PM-Message-Options", f"v1;{facts.proof}")
    if facts.complaints_to:
        yield f"X-Complaints-To: {facts.complaints_to}"
    if tag:
        yield text_header("X-PM-Tag", tag)


def _custom_headers(email: SendEmail, facts: Facts) -> Iterator[str]:
    seen: set[str] = set()
    for header in _custom(email):
        name = header.name.lower()
        if _may_stand(name, facts) and not (name in ONCE and name in seen):
            seen.add(name)
            yield text_header(header.name, header.value)


def _may_stand(name: str, facts: Facts) -> bool:
    if name in UNSUBSCRIBE_HEADERS and facts.list_unsubscribe:
        return False
    if name == BOUNCE_TYPE_HEADER.lower():
        # Nobody reads mail at the test domain but the built-in remote, which is told by this header.
        return facts.recipient.lower().endswith(f"@{TEST_DOMAIN}")
    return name not in RESERVED_HEADERS and not name.startswith(RESERVED_PREFIXES)


def _custom(email: SendEmail) -> Sequence[Header]:
    given = [] if email.headers is UNSET else email.headers
    return [header for header in given if _HEADER_NAME.fullmatch(header.name)]


def _content(email: SendEmail, seed: str) -> _Part:
    files = [] if email.attachments is UNSET else email.attachments
    html = _given(email.html_body)
    inline = [_file(file) for file in files if html and file.content_id]
    attached = [_file(file) for file in files if not (html and file.content_id)]
    texts = [_text("plain", email.text_body)] if _given(email.text_body) or not html else []
    if html:
        texts.append(_multipart("related", [_text("html", html), *inline], seed))
    return _multipart("mixed", [_multipart("alternative", texts, seed), *attached], seed)


def _multipart(subtype: str, parts: Sequence[_Part], seed: str) -> _Part:
    """Join parts; one alone stays itself. ``=_`` occurs in no quoted-printable and no base64 text (RFC 2045 section
    6.7), so the boundary needs no search for it."""
    if len(parts) == 1:
        return parts[0]
    boundary = f"=_{subtype}-{seed}"
    joined = b"".join(b"--%b\r\n%b\r\n" % (boundary.encode(), bytes(part)) for part in parts)
    return _Part(
        f'Content-Type: multipart/{subtype};\r\n boundary="{boundary}"\r\n',
        b"%b--%b--\r\n" % (joined, boundary.encode()),
    )


def _text(subtype: str, text: str | UnsetType) -> _Part:
    lines = _given(text).replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace")
    body = b2a_qp(lines, istext=True).replace(b"\n", b"\r\n")
    return _Part(
        f"Content-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n", body
    )


def _file(file: Attachment) -> _Part:
    content_id = _content_id(file.content_id or "")
    disposition = "inline" if content_id else "attachment"
    headers = (
        f"Content-Type: {_media_type(file.content_type)}\r\n"
        "Content-Transfer-Encoding: base64\r\n"
        f"Content-Disposition: {disposition}{parameter('filename', file.name)}\r\n"
    )
    if content_id:
        headers += f"Content-ID: <{content_id}>\r\n"
    return _Part(headers, encodebytes(b64decode(file.content)).replace(b"\n", b"\r\n"))


def _media_type(given: str | None) -> str:
    value = one_line(given or "")
    usable = len(value) <= _LONGEST_MEDIA_TYPE and _MEDIA_TYPE.fullmatch(value)
    return value if usable and not value.lower().startswith(_CONTAINERS) else _ANY_FILE


def _content_id(given: str) -> str:
    bare = one_line(given).removeprefix("cid:").strip("<> ")
    return quote(bare, safe="!#$%&'*+-/=?^_`{|}~.@", errors="replace")[:900]


def _given(value: str | UnsetType) -> str:
    return "" if value is UNSET else value
