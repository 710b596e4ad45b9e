"""Mail addresses as reports write them: with a type, in brackets or quotes, as xtext, in Unicode escapes."""

import re

# Punctuation of other scripts: East Asian full width, quotation marks, the ellipsis.
_FOREIGN = "\u3000-\u3004\u3008-\u303f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65«»“”„‘’‚‹›…"
# Local parts of bounced mail hold the strangest characters; the lengths bound the work, not the syntax.
ADDRESS = re.compile(
    rf"""(?:"[^"\n@]{{1,64}}"|[^\s<>()\[\]:;,"@|{_FOREIGN}]{{1,127}})@[^\s<>()\[\]:;,"'@|/\\={_FOREIGN}]{{1,253}}+"""
)
# Scripts that set no space between a word and an address in it.
_SPACELESS = "\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_BEFORE = re.compile(rf"^[{_SPACELESS}]+(?=[A-Za-z0-9])")
_BEHIND = re.compile(rf"(?<=[A-Za-z0-9])[{_SPACELESS}].*$")
_XTEXT = re.compile(r"\+(2B|3D|40)", re.IGNORECASE)
_ANGLE = re.compile(r"<([^<>\s]*@[^<>]*)>")
_LOCAL = re.compile(r"[\w.+=-]{1,64}")
_ESCAPE = re.compile(r"\\x\{([0-9A-Fa-f]{2,6})\}")
_TYPE = re.compile(r"[\w./-]{1,32}")


def find_address(text: str) -> str | None:
    """Return the first address in a text, trailing dots cut."""
    match = ADDRESS.search(text) if "@" in text else None
    return bare_address(match[0].lstrip("'`=").rstrip(".")) if match else None


def bare_address(address: str) -> str:
    """Cut words that stand around an address without a space, as Chinese and Japanese write; an address may be in such
    a script itself."""
    if address.isascii():
        return address
    local, _, domain = address.rpartition("@")
    cut = _BEHIND.sub("", domain)
    return f"{_BEFORE.sub('', local)}@{cut if '.' in cut else domain}"


def header_address(value: str) -> str | None:
    """Return the address of a header value: the one in angle brackets, as a display name may hold another."""
    inner = _ANGLE.search(value)
    return find_address(inner[1] if inner else value)


def typed_address(value: str, host: str | None = None) -> str | None:
    """Read ``rfc822; user@example.com`` and its broken forms: no type, a display name, brackets, quotes, a comment.

    A local part alone is an address at ``host``, the system that reports. Undoes xtext of type rfc822 (RFC 3461, 4: ``+2B`` for ``+``) and the escapes of type utf-8 (RFC 6533, 3).
    """
    kind, semicolon, rest = value.partition(";")
    kind = kind.strip().lower()
    if semicolon and _TYPE.fullmatch(kind):
        value = rest
    if "\\x{" in value:
        value = _ESCAPE.sub(_unescape, value)
    found = header_address(value) or _local_part(value, host)
    if found and "+" in found and kind in {"rfc822", "utf-8"}:
        found = _XTEXT.sub(lambda code: chr(int(code[1], 16)), found)
    return found


def _local_part(value: str, host: str | None) -> str | None:
    local = value.strip().strip('<>"')
    return f"{local}@{host}" if host and _LOCAL.fullmatch(local) else None


def _unescape(code: re.Match[str]) -> str:
    point = int(code[1], 16)
    return chr(point) if point < 0x110000 and not 0xD800 <= point < 0xE000 else ""
