"""Header lines as bytes of the wire: one value, one header, whatever the value holds.

Line ends and other control characters become a space, what is not plain ASCII becomes encoded words (RFC 2047), and
lines are folded at spaces (RFC 5322 section 2.2.3). Written here and not by the standard library, whose headers have
let line ends through more than once.
"""

import re
from binascii import b2a_base64
from collections.abc import Iterable, Iterator
from urllib.parse import quote

from carom.wire.addresses import Address, BadAddress

FOLD_AT = 76  # RFC 2047 section 2: the longest line that may hold an encoded word
_LONGEST_WORD = 900  # below the 998 of RFC 5322, with room for a header's name

_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_PLAIN = re.compile(r"[\x20-\x7e]*")
_WORDS = re.compile(r" +[^ ]+")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LONGEST_PHRASE = 60
_ENCODED_WORD_BYTES = 36
_PARAMETER_BYTES = 18


def one_line(text: str) -> str:
    """Return a value as it can stand in a header: no control character, no line end of any alphabet."""
    return _BREAKS.sub(" ", text).strip(" ")


def text_header(name: str, value: str) -> str:
    """Write an unstructured header. An encoded word in ``value`` is encoded once more, so it stays the text it is."""
    return _fold(name, _text_words(one_line(value)))


def address_header(name: str, mailboxes: Iterable[Address]) -> str:
    """Write a list of mailboxes. Raises BadAddress where a domain has no ASCII form."""
    words: list[str] = []
    for mailbox in mailboxes:
        if words:
            words[-1] += ","
        words += _mailbox(mailbox)
    return _fold(name, words)


def ascii_address(email: str) -> str:
    """Return an address with its domain in ASCII, as the envelope needs it. Raises BadAddress."""
    local, _, domain = email.rpartition("@")
    try:
        return email if domain.isascii() else f"{local}@{domain.encode('idna').decode()}"
    except UnicodeError as error:
        raise BadAddress(f"The domain of '{email}' has no ASCII form.") from error


def parameter(name: str, value: str) -> str:
    """Write a parameter of a structured header, each on a line of its own; RFC 2231 where it is not short ASCII."""
    value = one_line(value)
    if _PLAIN.fullmatch(value) and len(value) <= _LONGEST_PHRASE:
        escaped = re.sub(r'(["\\])', r"\\\1", value)
        return f';\r\n {name}="{escaped}"'
    pieces = [quote(piece, safe="", errors="replace") for piece in _chunks(value, _PARAMETER_BYTES)]
    if len(pieces) == 1:
        return f";\r\n {name}*=utf-8''{pieces[0]}"
    charset = "utf-8''"
    return "".join(f";\r\n {name}*{at}*={'' if at else charset}{piece}" for at, piece in enumerate(pieces))


def _text_words(value: str) -> list[str]:
    words = _WORDS.findall(" " + value)
    if _PLAIN.fullmatch(value) and "=?" not in value and all(len(word) <= _LONGEST_WORD for word in words):
        return words
    return list(_encoded_words(value))


def _encoded_words(value: str) -> Iterator[str]:
    for chunk in _chunks(value, _ENCODED_WORD_BYTES):
        yield f" =?utf-8?b?{b2a_base64(chunk.encode('utf-8', 'replace'), newline=False).decode()}?="


def _chunks(text: str, size: int) -> Iterator[str]:
    """Cut at characters, into pieces of at most ``size`` bytes of UTF-8."""
    start = length = 0
    for at, character in enumerate(text):
        width = len(character.encode("utf-8", "replace"))
        if length + width > size:
            yield text[start:at]
            start, length = at, 0
        length += width
    yield text[start:]


def _mailbox(mailbox: Address) -> list[str]:
    email, name = ascii_address(mailbox.email), one_line(mailbox.name)
    return [*_phrase(name), f" <{email}>"] if name else [f" {email}"]


def _phrase(name: str) -> list[str]:
    if "=?" in name or len(name) > _LONGEST_PHRASE or not _PLAIN.fullmatch(name):
        return list(_encoded_words(name))
    if _ATOMS.fullmatch(name):
        return [f" {name}"]
    escaped = re.sub(r'(["\\])', r"\\\1", name)
    return [f' "{escaped}"']


def _fold(name: str, words: Iterable[str]) -> str:
    lines = [f"{name}:"]
    for word in words:
        if len(lines[-1]) + len(word) > FOLD_AT and lines != [f"{name}:"]:
            lines.append(word)
        else:
            lines[-1] += word
    return "\r\n".join(lines)
