"""Bounces that are only text. Mail systems differ in their words but not in their layout: an address stands at the
beginning of a line or behind a label, and what is wrong with it stands behind or below it, or above it all.

So one reader serves them all: it finds the addresses that stand so, and takes the text that belongs to each.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from carom.bounce.addresses import ADDRESS, find_address
from carom.bounce.codes import REPLY, STATUS
from carom.bounce.mime import Headers

MAX_LINES, MAX_RECIPIENTS, MAX_DIAGNOSTIC = 400, 100, 2000

_ADDR = ADDRESS.pattern
# An address that begins a line: bullets, quotes and brackets before it; after it nothing, or what begins a reason.
_LEADING = re.compile(
    rf"""^[\s>*|\-•·"'<(\[]*(?:mailto:)?({_ADDR})[>"'\])]*(?:<mailto:[^>\s]*>)?[>"'\])]*\s*
    (?:$|[:;,.]|\(|\[|->|-+\s|\.{{3}}|\#|(?:on|host|is|was)\s|{_ADDR})""",
    re.VERBOSE,
)
# A word for "recipient" or for a failure, then the address: on the same line, at most a few words between.
_LABEL = re.compile(
    rf"""^[\s>*|\-]*(?:\d{{3}}[ -])?(?:
      (?:(?:failed|intended|final|original|target)\ )?(?:mail\ )?(?:recipients?|address|addressee)(?:\ address|\(s\)|\ mail)?\s*:
      | error-for\s*: | (?:sent\ )?(?:<<<|>>>)?\ *rcpt\ to\s*:? | target\ mail\ address\s*:
      | delivery\ failed[^:@]{{0,30}}: | could\ not\ be\ delivered\ to\s*: | unknown\ user\s*: | undeliverable\ to\s
      | (?:user|mailbox|account)[^:@]{{1,60}}: | reason:\s+unable\ to\ deliver\ message\ to\s | unable\ to\ deliver\ (?:mail|message)\ to:?\s
      | (?:message|mail)\ (?:\w+\ ){{0,3}}addressed\ to\s | \(originally\ addressed\ to\s | your\ message\ to\s
      | there\ was\ an\ error\ delivering\ your\ mail\ to\s | did\ not\ reach\ the\ following\ recipients?:\s
    )\s*[^\w@]*(?:\[?smtp:)?({_ADDR})""",
    re.IGNORECASE | re.VERBOSE,
)
# sendmail's transcript: the reply, the address, dots, the reason.
_TRANSCRIPT = re.compile(rf"^\s*(?:<<<\s*)?[245]\d\d[ -](?:\d\.\d\.\d\ )?<?({_ADDR})>?(?:\.\.\.|,)\s", re.VERBOSE)
_EXPANDED = re.compile(rf"\((?:expanded\ from|ultimately\ generated\ from|generated\ from)\s*:?\s*<?({_ADDR})", re.VERBOSE)
# Failure in a sentence, for what has no layout at all.
_SENTENCE = re.compile(
    rf"""(?:deliver\w*|failed|rejected|refused|reach\w*|message|mail|sent|recipient|user|to)\b[^@\n]{{0,60}}?[\s<"'(:]({_ADDR})""",
    re.IGNORECASE | re.VERBOSE,
)
_RULE_LINE = re.compile(r"^[\W_]*$")
_FROM_LINE = re.compile(r"^[\W]*(?:from|sender|reply-to|mail from|contact|original sender|return-path|by|cc)\b", re.IGNORECASE)


class Found(NamedTuple):
    """A recipient that a text names, the one that was sent to where the text tells, and what is wrong."""

    recipient: str
    original: str | None
    diagnostic: str


def read_prose(text: str, headers: Headers, returned: Headers) -> list[Found]:
    """Return the recipients that a text names, in its order. ``X-Failed-Recipients`` (Exim, Google) decides where it
    is there; an address that only the layout of a sentence shows counts only where nothing else does."""
    lines = text.split("\n")[:MAX_LINES]
    named = [address for one in headers.get("x-failed-recipients", "").split(",") if (address := find_address(one))]
    marks = list(_marks(lines))
    if named:
        wanted = {address.lower() for address in named}
        marks = [mark for mark in marks if mark[1].lower() in wanted]
        found = _merge(_blocks(lines, marks))
        missing = [Found(one, None, _whole(text)) for one in named if one.lower() not in {f.recipient.lower() for f in found}]
        return [*found, *missing][:MAX_RECIPIENTS]
    if not marks:
        marks = list(_sentences(lines, _own(headers, returned)))
    return _merge(_blocks(lines, marks))[:MAX_RECIPIENTS]


def paragraph_of(text: str, recipient: str | None) -> str:
    """Return what a text says of one recipient; the whole text where it does not name it."""
    lines = text.split("\n")[:MAX_LINES]
    marks = [mark for mark in _marks(lines) if recipient and mark[1].lower() == recipient.lower()]
    found = _merge(_blocks(lines, marks))
    return found[0].diagnostic if found else _whole(text)


def _marks(lines: list[str]) -> Iterator[tuple[int, str]]:
    """Yield line numbers and addresses of the lines that stand for a recipient."""
    for number, line in enumerate(lines):
        if "@" not in line or len(line) > 2000 or _EXPANDED.search(line):
            continue
        match = _LEADING.match(line) or _TRANSCRIPT.match(line) or _LABEL.match(line)
        if match:
            yield number, _clean(match[1])


def _sentences(lines: list[str], own: set[str]) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(lines):
        if "@" not in line or len(line) > 2000 or _FROM_LINE.match(line):
            continue
        match = _SENTENCE.search(line)
        address = _clean(match[1]) if match else ""
        if address and address.lower() not in own and not _is_daemon(address):
            yield number, address


def _clean(address: str) -> str:
    return address.lstrip("'`=*-").rstrip(".")


def _is_daemon(address: str) -> bool:
    return address.lower().startswith(("mailer-daemon@", "postmaster@", "abuse@", "support@", "helpdesk@"))


def _own(headers: Headers, returned: Headers) -> set[str]:
    """Return the addresses of both ends that are no failed recipients: who reports, and who sent."""
    values = (headers.get("from"), headers.get("to"), returned.get("from"), returned.get("return-path"))
    return {address.lower() for value in values if value and (address := find_address(value))}


def _blocks(lines: list[str], marks: list[tuple[int, str]]) -> Iterator[Found]:
    """Give each marked line the text down to the next marked one; where there is none, the text above them all."""
    above = "\n".join(lines[: marks[0][0]]) if marks else ""
    for position, (number, address) in enumerate(marks):
        end = marks[position + 1][0] if position + 1 < len(marks) else len(lines)
        line = lines[number]
        rest = line[line.find(address) + len(address) :]
        own = rest.strip(" \t<>\"'()[]:;,.-*") and line.strip()
        below = lines[number + 1 : end]
        expanded = _EXPANDED.search("\n".join(below[:2]))
        told = _paragraphs(below)
        text = "\n".join(one for one in (own, told) if one)
        yield Found(address, _clean(expanded[1]) if expanded else None, squash(text or above))


def _paragraphs(lines: list[str]) -> str:
    """Join the lines below an address; a line of dashes ends them once something was said."""
    kept: list[str] = []
    for line in lines:
        if _RULE_LINE.match(line):
            if kept and line.strip():
                break
            continue
        kept.append(line.strip())
    return "\n".join(kept)


def squash(text: str) -> str:
    """Collapse white space and cut a diagnostic to its length."""
    return " ".join(text.split())[:MAX_DIAGNOSTIC]


def _whole(text: str) -> str:
    return squash("\n".join(line for line in text.split("\n") if not _RULE_LINE.match(line)))


def _merge(found: Iterable[Found]) -> list[Found]:
    """Keep one finding an address: the first that holds a code, else the first that says anything."""
    best: dict[str, Found] = {}
    for one in found:
        key = one.recipient.lower()
        if key not in best or _weight(one) > _weight(best[key]):
            best[key] = one._replace(original=one.original or (best[key].original if key in best else None))
    return list(best.values())


def _weight(one: Found) -> int:
    return 2 if REPLY.search(one.diagnostic) or STATUS.search(one.diagnostic) else 1 if one.diagnostic else 0
