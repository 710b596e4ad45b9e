"""uvicorn's HTTP protocol, with limits to what is sent without end, and with one packet for the head of an answer and its body:
uvicorn hands them over one after the other, and each would be a system call here and another one at the client.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD = 65_536
"""Bytes of a request line and its header fields."""
MAX_LEFT = 64_000_000
"""Bytes of a body that are still read when it is answered already, so that whoever sends it comes to read the answer."""
PATIENCE = 60.0
"""Seconds, after which a connection is looked at. It is closed when it has not brought a head since the last look, or nothing
of a body."""

_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class HttpProtocol(HttpToolsProtocol):
    """What uvicorn is given for ``http``."""

    _bytes = 0
    _aside = 0
    """Bytes of a head that is not whole, or of a body that nobody reads."""
    _seen: tuple[object, int] | None = None
    _look: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Put the joining transport between."""
        super().connection_made(_Joining(transport, self.loop))  # type: ignore[arg-type]
        self._look = self.loop.call_later(PATIENCE, self._look_at_it)

    def connection_lost(self, exc: Exception | None) -> None:
        """Look no more."""
        if self._look is not None:
            self._look.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read, and count what leads to nothing."""
        super().data_received(data)
        self._bytes += len(data)
        if self._in_head():
            self._aside += len(data)
            if self._aside > MAX_HEAD and not self.transport.is_closing():
                self.transport.write(_TOO_LARGE)
                self.transport.close()
        elif self.cycle.response_complete:
            self._aside += len(data)
            if self._aside > MAX_LEFT:
                self.transport.close()
        else:
            self._aside = 0

    def _in_head(self) -> bool:
        """Whether the head of a request is not whole yet, or nothing of one has come: uvicorn has no scope then, or one
        without a path."""
        return "path" not in (self.scope or ())

    def _look_at_it(self) -> None:
        now = (self.scope, -1 if self._in_head() else self._bytes)
        waits = self._in_head() or (self.cycle.more_body and not self.cycle.response_complete)
        if waits and self._seen is not None and self._seen[0] is now[0] and self._seen[1] == now[1]:
            self.transport.close()
            return
        self._seen = now
        self._look = self.loop.call_later(PATIENCE, self._look_at_it)


class _Joining:
    """A transport that writes together what is written in one turn of the event loop."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport, self._loop = transport, loop
        self.is_closing = transport.is_closing  # asked for each answer
        self._pieces: list[bytes] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if not self._pieces:
            self._loop.call_soon(self._flush)
        self._pieces.append(data)

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._pieces and not self._transport.is_closing():  # whoever asked may have gone meanwhile
            self._transport.write(b"".join(self._pieces))
        self._pieces.clear()
