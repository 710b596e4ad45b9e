"""The text that a report has for people, cut where the returned mail begins, and the headers of that mail."""

import re
from html import unescape
from typing import NamedTuple

from carom.bounce.ids import bare_id
from carom.bounce.mime import MAX_TEXT, Headers, Mail, Part, split_head, undo_transfer

RETURNED_TYPES = frozenset(
    {
        "message/rfc822",
        "text/rfc822-headers",
        "message/global",
        "message/global-headers",
        "message/rfc822-headers",
        "message/partial",
    }
)

# Lines that mail systems put before the mail they return, and lines that only a returned mail begins with; in lower
# case, with the line end before.
_RETURNED = re.compile(
    r"""\n(?:
      [-_=*|>\ \t]*+(?:
        below\ (?:this\ line\ )?is\ a\ copy | (?:this|here|enclosed|attachment|included)\ is\ a\ copy | start\ of\ returned\ message
        | returned\ (?:mail|message)(?:\ follows)?[-\ \t]*$ | (?:the\ )?headers?\ (?:of\ the\ original|and\ top)
        | (?:original|unsent|returned|bounced|undelivered)\ (?:e-?mail|message)(?:\ follows|\ header|\ below|[-\ \t.:]*$)
        | (?:the\ )?original\ (?:message\ )?headers?\b | message\ (?:headers?|text)\ follow | old\ message:
        | forwarded\ message\ -+ | 附件中的内容是原信件
        | your\ message\ reads | (?:a\ )?summary\ of\ the\ undelivered
      )
      | [\ \t]*+(?:return-path|received|dkim-signature|delivered-to|x-originating-ip):[ ]
    )""",
    re.MULTILINE | re.VERBOSE,
)
# What people do not read.
_NOT_READ = frozenset({"text/html", "text/calendar", "text/csv", "text/vcard", "text/x-vcard"})
_TAG = re.compile(r"<(?:br|p|div|tr|li|h\d|/p|/div|/tr)\b[^>\n]{0,400}>", re.IGNORECASE)
_CELL = re.compile(r"</t[dh]>", re.IGNORECASE)
_OTHER_TAG = re.compile(r"<(?:style|script|title)\b[^<]*|<a\s[^>]{0,400}>|</?[a-z!][^<>@]{0,400}>", re.IGNORECASE)
# A later part of three header lines or more is the header of the returned mail, whatever its type says.
_HEADER_BLOCK = re.compile(r"\s*(?:[A-Za-z][A-Za-z0-9-]*:[ \t].*\n(?:[ \t]+.*\n)*){3}")
_HEADER = re.compile(r"^[A-Za-z][A-Za-z0-9-]*:[ \t]", re.MULTILINE)
# A label that speaks of an id, in whatever language, and an id behind it.
_NAMED_ID = re.compile(
    r"^[>\s|]*+[^\n:=<]{0,40}\bid\b[^\n:=<]{0,20}[:=]\s*(<[^>\s]+@[^>\s]+>)", re.IGNORECASE | re.MULTILINE
)
# The id of a mail that stands where no part is: the delimiter before it is broken, or its type says something else.
_LOOSE_ID = re.compile(rb"^[>\t ]*(?:original-)?message-id:\s*(<[^>\s]{1,900}>)", re.IGNORECASE | re.MULTILINE)


class Told(NamedTuple):
    """What a report tells people, as it stands and in lower case, the headers of the mail it returns, and the report as
    it came."""

    text: str
    lowered: str
    returned: Headers
    mail: Mail

    @property
    def message_id(self) -> str | None:
        """The Message-ID of the returned mail: of its headers, else the one that the text names, else the first that
        stands in a part, else the one that the report answers."""
        headers = self.mail.headers
        return bare_id(
            self.returned.get("message-id")
            or _named_id(self.text)
            or _loose_id(self.mail.parts)
            or headers.get("in-reply-to")
            or headers.get("references", "").rpartition("<")[2]
        )


def _named_id(text: str) -> str | None:
    match = _NAMED_ID.search(text) if "<" in text else None
    return match[1] if match else None


def _loose_id(parts: list[Part]) -> str | None:
    found = (_LOOSE_ID.search(block) for part in parts for block in (part.head, part.body[:MAX_TEXT]))
    return next((match[1].decode("utf-8", "replace") for match in found if match), None)


def read_told(mail: Mail) -> Told:
    """Return the human text of a mail and the headers of the mail it returns, in a part of its own or in the text."""
    returned = next((part_headers(part) for part in mail.parts if part.type in RETURNED_TYPES), Headers())
    returned = returned or next((found for part in mail.parts[1:] if (found := _untyped_mail(part))), returned)
    told: list[str] = []
    for part in _human(mail.parts):
        text = strip_html(part.text) if part.type == "text/html" else part.text
        if told and (_HEADER_BLOCK.match(text) or _is_mail_head(part.head)):
            returned = returned or Headers(text.lstrip().encode())
            break
        cut = returned_from(text)
        told.append(text if cut is None else text[:cut])
        if cut is not None:
            returned = returned or _headers_in(text[cut:])
            break
    text = "\n\n".join(told).strip()
    return Told(text, text.lower(), returned, mail)


def _untyped_mail(part: Part) -> Headers | None:
    """Read the headers of a mail that is a part's own headers, or a part that is called a file."""
    if _is_mail_head(part.head):
        return Headers(part.head)
    headers = part_headers(part) if part.type.startswith("application/") else None
    return headers if headers and headers.holds(b"\nmessage-id:") else None


def _is_mail_head(head: bytes) -> bool:
    """Tell whether the headers of a part are those of a mail: some systems set no line between delimiter and mail."""
    return b"\nmessage-id:" in head.lower()


def returned_from(text: str) -> int | None:
    """Return where the returned mail begins in a text."""
    found = _RETURNED.search(f"\n{lower(text)}")
    return found.start() if found else None


def lower(text: str) -> str:
    """Return a text in lower case, each character at its place: those that would become two stay as they are."""
    lowered = text.lower()
    if len(lowered) != len(text):
        lowered = "".join([one if len(low := one.lower()) > 1 else low for one in text])
    return lowered


def part_headers(part: Part) -> Headers:
    """Read the headers that a returned mail or its header part begins with."""
    body = undo_transfer(part.body[:MAX_TEXT], part.headers)
    return Headers(split_head(body.lstrip(b"\n"))[0])


def _human(parts: list[Part]) -> list[Part]:
    plain = [part for part in parts if _is_plain(part.type) and part.body.strip()]
    return plain or [part for part in parts if part.type == "text/html"]


def _is_plain(kind: str) -> bool:
    """Tell whether a media type is text to be read as it stands: also a broken one, as ``text`` or ``text/english``."""
    return (kind.startswith("text") and kind not in RETURNED_TYPES and kind not in _NOT_READ) or "/" not in kind


def _headers_in(text: str) -> Headers:
    """Read the header block that begins with the first header line of a text."""
    first = _HEADER.search(text)
    return Headers(split_head(text[first.start() :].encode())[0]) if first else Headers()


def strip_html(text: str) -> str:
    """Return the text of a page: line breaks where blocks end, tags out, entities decoded."""
    return unescape(_OTHER_TAG.sub("", _CELL.sub(" ", _TAG.sub("\n", text))))
