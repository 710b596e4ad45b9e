"""The seam between deciding and talking: two methods, and a fault that says how far a request had come."""

import enum
from collections.abc import Mapping
from typing import NamedTuple, Protocol


class Stage(enum.IntEnum):
    """How far a request had come when something went wrong."""

    CONNECTING = 0
    """No connection was made."""
    WRITING = 1
    """The request was not fully written."""
    WAITING = 2
    """The request was written; no answer had begun."""
    READING = 3
    """The answer had begun."""


class TransportFault(Exception):
    """The network failed. ``__cause__`` is what it said."""

    def __init__(self, text: str, stage: Stage, *, timeout: bool = False) -> None:
        """Say what happened, when, and whether it was for want of time."""
        super().__init__(text)
        self.stage = stage
        self.timeout = timeout


class Request(NamedTuple):
    """A request on its way. ``target`` is path and query. Timeouts are in seconds."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    read_timeout: float

    def __repr__(self) -> str:
        """Return method and target; headers hold the token."""
        return f"Request({self.method} {self.target})"


class Reply(NamedTuple):
    """An answer. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Transport(Protocol):
    """Sends a request and returns its answer, whatever its status. Follows no redirects, repeats nothing.
    Raises TransportFault."""

    def send(self, request: Request, /) -> Reply:
        """Send a request; return its answer."""
        ...

    def close(self) -> None:
        """Close every connection."""
        ...


class AsyncTransport(Protocol):
    """The same, for the async clients."""

    async def send(self, request: Request, /) -> Reply:
        """Send a request; return its answer."""
        ...

    async def close(self) -> None:
        """Close every connection."""
        ...
