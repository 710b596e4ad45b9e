"""How a request reaches the network: one seam of two methods, ``send`` and ``close``, and several ways behind it.

Whatever fails raises :class:`TransportError`, which says how far the request came: that decides whether it may be repeated.
"""

from collections.abc import Mapping
from enum import IntEnum
from typing import NamedTuple, Protocol


class Request(NamedTuple):
    """A request as it goes out. ``url`` is whole; times are in seconds."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    connect_timeout: float
    read_timeout: float


class Response(NamedTuple):
    """An answer. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Stage(IntEnum):
    """How far a request came."""

    CONNECT = 0
    """No connection was made."""
    WRITE = 1
    """A connection was there; the request was not written whole."""
    WAIT = 2
    """The request was written; the service may have acted on it."""


class TransportError(Exception):
    """A request has no answer. ``stage`` says how far it came, ``timed_out`` that patience ran out."""

    def __init__(self, stage: Stage, reason: str, *, timed_out: bool = False) -> None:
        """Say what happened."""
        super().__init__(reason)
        self.stage = stage
        self.timed_out = timed_out


class Transport(Protocol):
    """A way to the network for the sync clients. It must be safe to use from many threads."""

    def send(self, request: Request) -> Response:
        """Return the answer. Raises TransportError."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...


class AsyncTransport(Protocol):
    """A way to the network for the async clients."""

    async def send(self, request: Request) -> Response:
        """Return the answer. Raises TransportError."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
