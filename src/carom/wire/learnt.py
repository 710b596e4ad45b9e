"""Types that msgspec has to know before threads read them.

It learns a type when it first reads one, and a thread that comes along meanwhile sees it half learnt and crashes the process
(msgspec 0.22). So what is read on threads is learnt at import, and what is learnt later is learnt by one thread at a time.
"""

import threading
from typing import Any, Final, TypeVar

import msgspec

T = TypeVar("T")

_LEARNING: Final = threading.RLock()


def decoder(kind: type[T], *, strict: bool = True) -> "msgspec.json.Decoder[T]":
    """Return a decoder of a type; the type is learnt then."""
    with _LEARNING:
        return msgspec.json.Decoder(kind, strict=strict)


def learn(*kinds: Any) -> None:
    """Have types learnt, with all that they hold."""
    for kind in kinds:
        decoder(kind)
