"""Arguments of MAIL and RCPT (RFC 5321 section 4.1.2)."""

import re
from typing import NamedTuple

_PATH = re.compile(
    r'\s*<\s*(?:@[^:<>\s\x00-\x1f\x7f]*:)?(?P<address>(?:"(?:[^"\\\x00-\x1f\x7f]|\\[\x20-\x7e])*"|[^<>"\s\x00-\x1f\x7f])*)'
    r"\s*>(?P<parameters>(?: +[^\s\x00-\x1f\x7f]+)*)\s*"
)
_LONGEST = 400  # 64 octets of local part, 255 of domain, and some air for those who overdo it


class Path(NamedTuple):
    """An address of the envelope, empty for ``<>``, and the parameters after it, their names in upper case."""

    address: str
    parameters: dict[str, str]


def read_path(argument: str, prefix: str) -> Path | None:
    """Read ``FROM:<a@b> SIZE=1``, None where it cannot be read. A source route is dropped (RFC 5321, appendix C)."""
    if argument[: len(prefix)].upper() != prefix:
        return None
    match = _PATH.fullmatch(argument, len(prefix))
    if match is None or len(match["address"]) > _LONGEST:
        return None
    pairs = (word.partition("=") for word in match["parameters"].split())
    return Path(match["address"], {name.upper(): value for name, _, value in pairs})
