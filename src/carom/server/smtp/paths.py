"""Arguments of MAIL and RCPT (RFC 5321 section 4.1.2)."""

import re
from typing import NamedTuple

_PATH = re.compile(
    r'(?P<keyword>FROM|TO): *(?:<(?P<path>(?:"(?:[^"\\]|\\.)*"|[^<>"\s])*)>|(?P<bare>[^<>"\s]+))(?P<parameters>(?: +\S+)*) *',
    re.IGNORECASE,
)
_LONGEST = 320  # 64 of local part, 255 of domain, the @
_LOCAL = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s"(),:;<>@\[\\\]]+')
_DOMAIN = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?\.?")


class Path(NamedTuple):
    """An address of the envelope, empty for ``<>``, and its parameters with their names in upper case."""

    address: str
    parameters: dict[str, str]


def read_path(argument: str, keyword: str) -> Path | None:
    """Read ``FROM:<address> NAME=value``; None where it cannot be read. Angle brackets may be left out."""
    match = _PATH.fullmatch(argument)
    if match is None or match["keyword"].upper() != keyword:
        return None
    pairs = (word.partition("=") for word in match["parameters"].split())
    return Path(
        match["path"] if match["bare"] is None else match["bare"], {name.upper(): text for name, _, text in pairs}
    )


def is_mailbox(address: str) -> bool:
    """Tell whether an address can be mailed: no source route, no literal, no domain left out but of postmaster."""
    local, at, domain = address.rpartition("@")
    if not at:
        return address.lower() == "postmaster"
    return len(address) <= _LONGEST and bool(_LOCAL.fullmatch(local) and _DOMAIN.fullmatch(domain))
