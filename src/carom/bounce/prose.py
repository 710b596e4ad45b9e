"""Bounces that are only text. Mail systems differ in their words but not in their layout: an address stands at the
beginning of a line or behind a label, and what is wrong with it stands behind or below it, or above it all.

So one reader serves them all: it finds the addresses that stand so, and takes the text that belongs to each.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from carom.bounce.addresses import ADDRESS, bare_address, find_address, header_address
from carom.bounce.codes import REPLY, STATUS
from carom.bounce.mime import Headers
from carom.bounce.telling import tells_failure
from carom.bounce.text import Told

MAX_LINES, MAX_LINE, MAX_RECIPIENTS, MAX_DIAGNOSTIC = 400, 2000, 100, 2000

_ADDR = ADDRESS.pattern
# An address that begins a line: bullets, quotes and brackets before it; after it nothing, or what begins a reason.
_LEADING = re.compile(
    rf"""^[\s>*|\-•·"'<(\[]*+(?:\d{{1,3}}[.)]\s+<?)?(?:mailto:|smtp:)?({_ADDR})[>"'\])]*(?:<mailto:[^>\s]*>)?[>"'\])]*\s*
    (?:$|[:;,.|：，；]|\(|\[|->|=>|[-–—]+\s|\.{{3}}|…|\#|<?{_ADDR}|[245]\d\d\b
      |(?i:on|am|le|el|il|em|op|den|dnia|host|is|was|has|does|could|can|cannot|did|user|unknown|mailbox|invalid|no|not|address
        |recipient|delivery|failed|rejected|because|since|wurde|konnte|ist|existiert|n'existe|no\ se|não|non|niet|nie|не)\s)""",
    re.VERBOSE,
)
_RECIPIENT_WORDS = (
    "(?:empfänger|adressat|destinat|geadresseerde|ontvanger|e-mailadres|mottagar|modtager|mottaker|vastaanottaja|odbiorc|adresat"
    "|příjemc|príjemc|adresát|primatelj|primaoc|prejemnik|gavėj|saņēmēj|saaja|одержувач|penerima|người\\ nhận|ผู้รับ|المستلم|הנמען|címzett|alıcı|получател|адресат|παραλήπτ|宛先|受信者|收件人|收件者|收信人|받는|수신자)"
)
# A word for "recipient" or for a failure, then the address: on the same line, at most a few words between.
_LABEL = re.compile(
    rf"""^[\s>*|\-]*+(?:\d{{3}}[ -])?(?:
      (?!original\ address)(?:\w+\ ){{0,2}}(?:mail\ )?(?:recipients?|address|addressee|to\ address|e-?mail)(?:\ (?:e-?mail\ )?address|\(s\)|\ mail)?\s*[:=]
      | (?:\w+\ ){{0,2}}{_RECIPIENT_WORDS}\w*(?:\ \w+|\(\w+\))?\s*[:：]
      | error-for\s*: | (?:sent\ )?(?:<<<|>>>)?\ *rcpt\ to\s*:? | target\ mail\ address\s*:
      | invalid\ (?:\w+\ ){{0,3}}userid\s*: | addressed\ to\s*: | (?:(?:non-?\ ?)?deliver\w*|failure|returned)[^:@]{{0,40}}: | could\ not\ be\ delivered\ to\s*: | unknown\ user\s*: | undeliverable\ to\s
      | (?:user|mailbox|account)[^:@]{{1,60}}: | reason:\s+unable\ to\ deliver\ message\ to\s | (?:unable|failed)\ to\ deliver\ (?:mail\ |message\ )?to:?\s
      | (?:message|mail)\ (?:\w+\ ){{0,3}}addressed\ to\s | \(originally\ addressed\ to\s | your\ message\ to\s
      | you\ are\ not\ (?:a\ )?member\ of\ (?:\w+\ ){{1,3}}list\s
      | there\ was\ an\ error\ delivering\ your\ mail\ to\s | did\ not\ reach\ the\ following\ recipients?:\s
    )[^\w@+]*+(?:smtp:)?({_ADDR})""",
    re.IGNORECASE | re.VERBOSE,
)
# From one address to another: the sender or an alias, then the recipient.
_ARROW = re.compile(rf"^\W*+{_ADDR}\W{{1,4}}?[-=]>\W{{0,3}}({_ADDR})")
# sendmail's transcript: the reply, the address, dots, the reason.
_TRANSCRIPT = re.compile(rf"^\s*(?:<<<\s*)?[245]\d\d[ -](?:\d\.\d\.\d\ )?<?({_ADDR})>?(?:\.\.\.|,)\s", re.VERBOSE)
_EXPANDED = re.compile(
    rf"""(?:\((?:expanded\ from|(?:ultimately\ )?generated\ from)|^[ \t]*+original\ address|\be?-?mail\ to(?=[^\n]{{1,320}}\ forwarded\ to\ ))
    \s*:?\s*<?({_ADDR})""",
    re.IGNORECASE | re.VERBOSE | re.MULTILINE,
)
_EXPANDED_WORDS = ("xpanded from", "enerated from", "riginal address", "ORIGINAL ADDRESS", "forwarded to")
# The line before an address that is no recipient: where to write for help.
_DIRECTION = re.compile(
    r"(?:\bcontact\b|to the address|write to|send (?:e-?)?mail to|directed to)[^.!?:@]{0,80}:?\s*$",
)
_DIRECTION_WORDS = ("contact", "to the address", "write to", "mail to", "directed to")
_DASHES = re.compile(r"\n[-=_*#~ ]{3,}(?=\n)")
_HELP = re.compile(
    r"\b(?:contact|assistance|questions|help|support|postmaster|write to|kontakt|contacte[rz]?|contattare)\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[.!?。])\s+")
SENDER = re.compile(
    r"\b(?:(?<!generated )(?<!expanded )from|by|von|proveniente da|sender|absender|expéditeur|remitente|mittente|remetente|afzender|avsändare|отправитель|nadawca|odesílatel|发件人|差出人)\W*$",
    re.IGNORECASE,
)
"""What stands before an address that is the sender's."""
# A line above the recipients that a mail did reach.
_REACHED = re.compile(
    r"""^(?!.*(?:not\b|\bun|fail|n['’]t\b|nicht|\bnon?\b|error|reject|return|bounc))
    (?:\W*(?:successful\w*\s)?(?:delivered|relayed|expanded|zugestellt)\b.{0,40}|.*\b(?:was|were|been|successfully)\s(?:successfully\s)?(?:delivered|relayed)\b.{0,40}):\s*$""",
    re.IGNORECASE | re.VERBOSE,
)
# A line as short as that goes on with the sentence above it.
_FRAGMENT = 12
_LIST_STAFF = ("-owner", "-request")
_RULE_LINE = re.compile(r"^[\W_]*$")
_FROM_LINE = re.compile(
    r"^[\W]*(?:from|sender|reply-to|mail from|contact|original sender|return-path|by|cc|bcc|message[- ]?id|in-reply-to|references?|subject|von|de|da|kopie)\b",
    re.IGNORECASE,
)


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
    own = _own(headers, returned)
    marks = list(_marks(lines, own))
    if named:
        wanted = {address.lower() for address in named}
        marks = [mark for mark in marks if mark.address.lower() in wanted]
        found = _merge(_blocks(lines, marks))
        missing = [
            Found(one, None, whole(text)) for one in named if one.lower() not in {f.recipient.lower() for f in found}
        ]
        return [*found, *missing][:MAX_RECIPIENTS]
    if marks:
        return _merge(_blocks(lines, marks))[:MAX_RECIPIENTS]
    return _weak(text, lines, own, returned)


def _weak(text: str, lines: list[str], own: set[str], returned: Headers) -> list[Found]:
    """Read a text without layout. Where it names whom the returned mail went to, that is the recipient."""
    to = returned.get("to", "")
    went_to = header_address(to) if to.count("@") == 1 else None
    marks = list(_sentences(lines, own))
    if went_to and (not marks or went_to.lower() in text.lower()):
        return [Found(went_to, None, whole(text))]
    return _merge(_blocks(lines, marks))[:MAX_RECIPIENTS]


def paragraph_of(told: Told, recipient: str | None, core: str) -> str:
    """Return what a text says of one recipient: the paragraph that holds ``core`` (in lower case), else the one that
    holds a code, else the whole text where it does not name the recipient."""
    name = (recipient or "").lower()
    if not name or name not in told.lowered:
        return whole(told.text)
    lines = told.text.split("\n")[:MAX_LINES]
    blocks = [one for one in _blocks(lines, list(_marks(lines, set()))) if one.recipient.lower() == name]
    quoting = [one for one in blocks if core and core in one.diagnostic.lower()]
    best = _merge(quoting or blocks)
    return best[0].diagnostic if best else whole(told.text)


class Mark(NamedTuple):
    """A line that stands for a recipient. What is wrong stands below it, in a transcript above it."""

    number: int
    address: str
    above: bool


def _marks(lines: list[str], own: set[str]) -> Iterator[Mark]:
    """Yield the lines that stand for a recipient; in a transcript the sender's address stands in the same form."""
    last = ""
    for number, line in enumerate(lines):
        mark = _mark(number, line) if "@" in line and len(line) <= MAX_LINE else None
        if mark and not (_continues(lines, mark, last) or _is_sender(mark, line, own) or _is_aside(lines, number)):
            last = mark.address.lower()
            yield mark


def _is_aside(lines: list[str], number: int) -> bool:
    """Tell whether the lines above one say that its address is for help, or that it was reached."""
    heading, said, whole_sentence = "", "", False
    for line in reversed(lines[max(0, number - 20) : number]):
        if not whole_sentence and (stripped := line.strip()):
            whole_sentence = bool(said) or len(stripped) > _FRAGMENT
            said = f"{line} {said}"
        if line.endswith(":") and "@" not in line:
            heading = heading or line
        if heading and whole_sentence:
            break
    said = said[-160:].lower()
    directs = any(map(said.__contains__, _DIRECTION_WORDS)) and _DIRECTION.search(said)
    return bool(directs or (heading and _REACHED.match(heading[:200])))


def _expanded(text: str) -> re.Match[str] | None:
    """Find the address that a mail was sent to before an alias or a forward changed it."""
    return _EXPANDED.search(text) if any(map(text.__contains__, _EXPANDED_WORDS)) else None


def _is_sender(mark: Mark, line: str, own: set[str]) -> bool:
    """Tell whether a line names the sender and not a recipient: only a line that an address begins may name itself."""
    return mark.address.lower() in own and not _LEADING.match(line)


def _mark(number: int, line: str) -> Mark | None:
    if _expanded(line) and not _LEADING.match(line):
        return None
    if ">" in line and (match := _ARROW.match(line)):
        return Mark(number, _clean(match[1]), above=False)
    for form in (_LEADING, _TRANSCRIPT, _LABEL):
        if match := form.match(line):
            return Mark(number, _clean(match[1]), form is _TRANSCRIPT)
    return None


def _continues(lines: list[str], mark: Mark, last: str) -> bool:
    """Tell whether a line goes on with what the one above it says of the same address: a folded or quoted reply."""
    return mark.address.lower() == last and mark.number > 0 and bool(lines[mark.number - 1].strip(" \t-=*"))


def _sentences(lines: list[str], own: set[str]) -> Iterator[Mark]:
    """Yield the addresses of the first sentence that tells a failure, else of the first, that holds any that is no end
    of the mail: what has no layout at all."""
    first: list[Mark] = []
    for number, line in enumerate(lines):
        if "@" not in line or len(line) > MAX_LINE or _FROM_LINE.match(line):
            continue
        for sentence in _SENTENCE.split(line):
            named = list(_named_in(sentence, own)) if "@" in sentence else []
            if named and tells_failure(sentence.lower()):
                yield from (Mark(number, address, above=False) for address in named)
                return
            first = first or [Mark(number, address, above=False) for address in named]
    yield from first


def _named_in(sentence: str, own: set[str]) -> Iterable[str]:
    """Return the addresses of a sentence that may be recipients: none if it says where help is to be had."""
    if _HELP.search(ADDRESS.sub("", sentence)):
        return ()
    named = dict.fromkeys(
        address
        for match in ADDRESS.finditer(sentence)
        if not SENDER.search(sentence[: match.start()][-40:])
        and (address := _clean(match[0])).lower() not in own
        and not _is_daemon(address)
    )
    expanded = _expanded(sentence)
    # An alias that led to a file or a program is all that is named.
    # A Notes name has an @ too, and the address of its person stands behind it.
    sent_to = [one for one in named if not expanded or one != _clean(expanded[1])] or named
    return [one for one in sent_to if "/" not in one] or sent_to


def _clean(address: str) -> str:
    return bare_address(address.lstrip("'`=*-").rstrip(".*?!&#"))


def _is_daemon(address: str) -> bool:
    local = address.lower().partition("@")[0]
    return local.endswith(_LIST_STAFF) or local in {
        "mailer-daemon",
        "postmaster",
        "abuse",
        "support",
        "helpdesk",
        "help",
        "noreply",
        "no-reply",
        "webmaster",
        "info-help",
        "hostmaster",
        "listmaster",
        "care",
    }


def _own(headers: Headers, returned: Headers) -> set[str]:
    """Return the addresses of both ends that are no failed recipients: who reports, and who sent."""
    values = (headers.get("from"), headers.get("to"), returned.get("from"), returned.get("return-path"))
    return {address.lower() for value in values if value and (address := header_address(value))}


def _blocks(lines: list[str], marks: list[Mark]) -> Iterator[Found]:
    """Give each marked line the text down to the next marked one, or up to the one before; where there is none, the
    text above them all."""
    head = "\n".join(lines[: marks[0].number]) if marks else ""
    start = 0
    for mark, following in zip(marks, [*marks[1:], None], strict=False):
        end = following.number if following else len(lines)
        line, below = lines[mark.number].strip(), lines[mark.number + 1 : end]
        expanded = _expanded("\n".join([line, *below[:2]]))
        told = _paragraphs(lines[start : mark.number][-6:] if mark.above else below)
        said = bool(told) or _says_more(line, mark.address)
        text = f"{told}\n{line}" if mark.above else f"{line}\n{told}" if said else f"{head}\n{line}"
        start = mark.number + 1
        yield Found(mark.address, _clean(expanded[1]) if expanded else None, squash(text))


def _says_more(line: str, address: str) -> bool:
    """Tell whether a line says anything beside its address."""
    return any(letter.isalnum() for letter in line.replace(f"mailto:{address}", "").replace(address, ""))


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


def whole(text: str) -> str:
    """Return a text as one line, without its lines of dashes."""
    return squash(_DASHES.sub("\n", text))


def _merge(found: Iterable[Found]) -> list[Found]:
    """Keep one finding an address: the first that holds a code, else the first that says anything."""
    best: dict[str, Found] = {}
    for one in found:
        key = one.recipient.lower()
        if key not in best or _weight(one) > _weight(best[key]):
            best[key] = one._replace(original=one.original or (best[key].original if key in best else None))
    return list(best.values())


def _weight(one: Found) -> int:
    return 2 * bool(REPLY.search(one.diagnostic)) + bool(STATUS.search(one.diagnostic))
