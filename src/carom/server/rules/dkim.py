"""DKIM keys of a domain: what becomes of them, what they are called, and what DNS must say of them.

A domain has at most one key in each state. The active one signs until DNS holds the pending one, so that a key is changed
without a mail in between that nobody can check. https://postmarkapp.com/developer/api/domains-api
"""

from collections.abc import Container, Iterable
from datetime import datetime, timedelta
from enum import IntEnum
from itertools import count


class KeyState(IntEnum):
    """What a key is for. The numbers are stored."""

    PENDING = 0
    """Made, and not yet seen in DNS."""
    ACTIVE = 1
    """Seen in DNS: mail is signed with it."""
    REVOKED = 2
    """The one before: mail that it signed is still on its way."""


WHEN_VERIFIED: dict[KeyState, KeyState | None] = {
    KeyState.REVOKED: None,
    KeyState.ACTIVE: KeyState.REVOKED,
    KeyState.PENDING: KeyState.ACTIVE,
}
"""What becomes of each key when the pending one is seen in DNS, in the order in which they make room; None: it goes."""

SAFE_AFTER = timedelta(days=5)
"""How long mail that a revoked key signed may still be read: RFC 5321 section 4.5.4.1 has senders try for four to five
days."""


def selector(at: datetime, taken: Container[str]) -> str:
    """Name a key by the second in which it is made, or the next that no other key of the domain has."""
    names = (f"{at + timedelta(seconds=later):%Y%m%d%H%M%S}pm" for later in count())
    return next(name for name in names if name not in taken)


def host(name: str, domain: str) -> str:
    """Return where DNS holds a key."""
    return f"{name}._domainkey.{domain}"


def text_value(public: str) -> str:
    """Return what DNS must hold of a key. ``public`` is the base64 of its SubjectPublicKeyInfo."""
    return f"k=rsa; p={public}"


def is_published(public: str, texts: Iterable[str]) -> bool:
    """Tell whether one of the TXT records at its host gives a key: same key, whatever stands beside it (RFC 6376 section
    3.6.1)."""
    return any(_tags(text).get("p") == public for text in texts)


def _tags(text: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in text.split(";"))
    return {name.strip(): "".join(value.split()) for name, _, value in pairs}


def safe_to_remove(revoked_at: datetime, now: datetime) -> bool:
    """Tell whether a revoked key may leave DNS."""
    return now - revoked_at >= SAFE_AFTER
