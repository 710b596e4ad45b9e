"""The bytes of an SMTP connection: commands out, replies in, of a bounded size. What a reply means is not known here."""

import asyncio
import re
from collections import deque
from typing import NamedTuple, cast

LONGEST_REPLY = 32 * 1024
"""Octets of a reply, all its lines together; those of an EHLO are a few hundred. What comes after is not read."""
MOST_REPLIES = 8
"""How many replies may wait to be read: more than a group of commands asks for."""

_START = re.compile(rb"([2-5]\d\d)[ -]?([^\r\n]*)")


class Said(NamedTuple):
    """A reply: its code, and its lines without codes."""

    code: int
    lines: tuple[bytes, ...]

    @property
    def text(self) -> str:
        """The lines as text; bytes that are no UTF-8 are kept as surrogates."""
        return b"\n".join(self.lines).decode("utf-8", "surrogateescape")


class NoReply(Exception):
    """What came is no SMTP reply; the text shows how it begins."""


class Gone(ConnectionError):
    """The connection is lost."""


class Wire(asyncio.Protocol):
    """One connection."""

    transport: asyncio.Transport

    def __init__(self) -> None:
        """Wait for a connection."""
        self._replies: deque[Said] = deque()
        self._buffer = bytearray()
        self._lines: list[bytes] = []
        self._code = 0
        self._size = 0
        self._waiter: asyncio.Future[None] | None = None
        self._end: Exception | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport over."""
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Cut what comes into replies."""
        if self._end is not None:
            return
        self._buffer += data
        self._size += len(data)
        while (end := self._buffer.find(b"\n")) >= 0:
            line = bytes(self._buffer[:end]).rstrip(b" \t\r")
            del self._buffer[: end + 1]
            if not self._take(line):
                break
        else:
            if self._size > LONGEST_REPLY or len(self._replies) > MOST_REPLIES:
                self._overflow()
        self._wake()

    def _take(self, line: bytes) -> bool:
        code = line[:3]
        if not (code.isdigit() and b"200" <= code < b"600" and line[3:4] in {b"", b" ", b"-"}):
            self._stop(NoReply(line[:200].decode("utf-8", "backslashreplace")))
            return False
        self._code = int(code)
        self._lines.append(line[4:].strip())
        if line[3:4] != b"-":
            self._replies.append(Said(self._code, tuple(self._lines)))
            self._lines = []
            self._size = len(self._buffer)
        return True

    def _overflow(self) -> None:
        """Give a reply without end the code with which it begins: all its lines have the same."""
        if self._lines:
            self._replies.append(Said(self._code, tuple(self._lines)))
        elif started := _START.match(self._buffer):
            self._replies.append(Said(int(started[1]), (started[2],)))
        self._stop(NoReply("a reply of more than 32 KiB"))

    def _stop(self, end: Exception) -> None:
        self._end = self._end or end
        self._buffer.clear()
        self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell who waits."""
        self._end = self._end or exc or Gone()
        self._wake()

    def eof_received(self) -> bool:
        """Hear that no more will come."""
        self._end = self._end or Gone()
        self._wake()
        return False

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done() and (self._replies or self._end is not None):
            self._waiter.set_result(None)

    def write(self, data: bytes) -> None:
        """Write; what cannot be written is known from the reply that does not come."""
        if self._end is None:
            self.transport.write(data)

    async def read(self, seconds: float) -> Said:
        """Return the next reply. Raises NoReply, ConnectionError or another OSError, and TimeoutError: the deadline is the whole
        reply's, however slowly it drips in."""
        if not self._replies and self._end is None:
            self._waiter = asyncio.get_running_loop().create_future()
            handle = asyncio.get_running_loop().call_later(seconds, _expire, self._waiter)
            try:
                await self._waiter
            finally:
                handle.cancel()
                self._waiter = None
        if self._replies:
            return self._replies.popleft()
        if self._end is None:
            raise TimeoutError
        raise self._end

    @property
    def silent(self) -> bool:
        """Whether the connection stands and the server has said no more than it was asked."""
        return self._end is None and not self._replies and not self._buffer and not self.transport.is_closing()


def _expire(waiter: "asyncio.Future[None]") -> None:
    if not waiter.done():
        waiter.set_exception(TimeoutError())
