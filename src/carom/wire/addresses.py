"""Addresses as Postmark reads them: ``a@b``, ``Name <a@b>``, comma-separated lists of both. One reader for the client,
the HTTP API and SMTP submission."""

import re
from typing import NamedTuple


class Address(NamedTuple):
    """A mailbox. ``name`` is decoded, without quotes; empty where there is none."""

    name: str
    email: str

    @property
    def domain(self) -> str:
        """What stands after the last ``@``, in lower case."""
        return self.email.rpartition("@")[2].lower()

    def __str__(self) -> str:
        """Write the mailbox with its name quoted where RFC 5322 needs it; non-ASCII stays as it is."""
        if not self.name:
            return self.email
        name = self.name if _ATOMS.fullmatch(self.name) else '"' + re.sub(r'(["\\])', r"\\\1", self.name) + '"'
        return f"{name} <{self.email}>"


class BadAddress(ValueError):
    """An address that cannot be used. The text is Postmark's, for the field it was given in."""


_ATOMS = re.compile(r"[^\x00-\x1f\x7f\"(),.:;<>@\[\\\]]+")
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_QUOTED_LOCAL = re.compile(r'"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\[\x20-\x7e])*"')
_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\x85\u2028\u2029]")
_FOLD = re.compile(r"\r?\n[ \t]+")  # a header that was folded, RFC 5322 section 2.2.3
_REFUSED_DOMAINS = frozenset({"postmarkapp.com"})

# One mailbox as most are written, ``a@b`` or ``Name <a@b>``, without quotes, comments or anything else that needs care.
_PLAIN = re.compile(r"([A-Za-z0-9!#$%&'*+/=?^_`{|}~. -]*)<([^\s\"(),:;<>]+)>|([^\s\"(),:;<>]+)")

# A mailbox up to its comma: quoted strings and comments may hold commas.
_PIECES = re.compile(r'"(?:[^"\\]|\\.)*"|<[^>]*>|[^,"<]+|["<]')


def check_address(email: str, field: str) -> str:
    """Return a bare address, checked, with its local part as given. Raises BadAddress with Postmark's text.

    Stricter than RFC 5321 where Postmark is: no non-ASCII local part, no domain without a dot, no address literal.
    """
    local, at, domain = email.rpartition("@")
    if not at:
        raise BadAddress(f"Error parsing '{field}': Illegal email address '{email}'. It must contain the '@' symbol.")
    if len(domain) > 253 or not _DOMAIN.fullmatch(domain):
        raise BadAddress(f"Error parsing '{field}': Illegal email domain '{domain}' in address '{email}'.")
    if not (_LOCAL.fullmatch(local) or _QUOTED_LOCAL.fullmatch(local)) or len(local) > 64:
        raise BadAddress(f"Error parsing '{field}': Illegal local part '{local}' in address '{email}'.")
    _, dot, top = domain.rpartition(".")
    if not dot or top.isdigit() or domain.lower() in _REFUSED_DOMAINS:
        raise BadAddress(f"Invalid '{field}' address: '{email}'.")
    return email


def parse_address(text: str, field: str) -> Address:
    """Read one mailbox. Raises BadAddress."""
    found = parse_addresses(text, field)
    if len(found) != 1:
        raise BadAddress(f"Error parsing '{field}': Illegal email address '{text}'. Exactly one address is needed.")
    return found[0]


def parse_addresses(text: str, field: str) -> list[Address]:
    """Read a list of mailboxes; empty members (``a@b,,c@d``) are skipped. Raises BadAddress."""
    if not text:
        return []
    if (plain := _PLAIN.fullmatch(text)) is not None:
        name, bracketed, bare = plain.groups()
        return [Address((name or "").rstrip(" "), check_address(bracketed or bare, field))]
    text = _FOLD.sub(" ", text.strip())
    if _CONTROL.search(text):
        raise BadAddress(f"Error parsing '{field}': Illegal control character in an address.")
    return [_mailbox(piece, field) for piece in split_addresses(text)]


def split_addresses(text: str) -> list[str]:
    """Cut a list of mailboxes at its commas, those in quotes, brackets and comments not being any. Checks nothing."""
    if "," not in text:
        return [one] if (one := text.strip()) else []
    members = [""]
    for match in _PIECES.finditer(text):
        members[-1] += match.group()
        if text[match.end() : match.end() + 1] == ",":
            members.append("")
    return [member.strip() for member in members if member.strip()]


def _mailbox(text: str, field: str) -> Address:
    if not text.endswith(">"):
        return Address("", check_address(text, field))
    name, bracket, email = text[:-1].rpartition("<")
    if not bracket:
        raise BadAddress(f"Error parsing '{field}': Illegal email address '{text}'.")
    return Address(_unquote(name.strip()), check_address(email.strip(), field))


def _unquote(name: str) -> str:
    if len(name) >= 2 and name[0] == name[-1] == '"':
        return re.sub(r"\\(.)", r"\1", name[1:-1])
    return name
