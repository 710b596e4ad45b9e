"""The links that we put into mails: each holds what it is for, sealed, so that there is nothing to look up, to guess or to
redirect to but what was written. They stay good as long as the installation's secret does.
"""

from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from carom.server.keyring import Keyring
from carom.server.rules.tracking import Location

OPEN, CLICK, UNSUBSCRIBE = "open", "click", "unsubscribe"
"""What a link is for, and the first segment of its path."""

T = TypeVar("T", bound=Struct)


class Opened(Struct, frozen=True, array_like=True):
    """What the link of a pixel holds."""

    recipient_id: int


class Followed(Struct, frozen=True, array_like=True):
    """What a tracked link holds."""

    recipient_id: int
    location: Location
    url: str


class Subscriber(Struct, frozen=True, array_like=True):
    """What an unsubscribe link holds: it is good for longer than its mail is kept."""

    server_id: int
    stream: str
    email: str
    recipient_id: int


_PURPOSES: dict[type[Any], str] = {Opened: OPEN, Followed: CLICK, Subscriber: UNSUBSCRIBE}
_encoder = msgspec.msgpack.Encoder()


def link(keyring: Keyring, base: str, what: Opened | Followed | Subscriber) -> str:
    """Return a link below a base URL."""
    purpose = _PURPOSES[type(what)]
    return f"{base.rstrip('/')}/{purpose}/{keyring.link_token(purpose.encode(), _encoder.encode(what))}"


def read_link(keyring: Keyring, kind: type[T], path: str) -> T | None:
    """Read the path of a link, None for one that we have not made."""
    purpose = _PURPOSES[kind]
    payload = keyring.read_link_token(purpose.encode(), path.removeprefix(f"/{purpose}/"))
    return None if payload is None else msgspec.msgpack.decode(payload, type=kind)
