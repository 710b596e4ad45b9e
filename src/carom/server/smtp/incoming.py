"""The bytes of a client: command lines, and a mail's content up to CRLF.CRLF and nothing else that looks like it.

Limits hold while reading, so memory is bounded by them whatever is sent.
"""

import asyncio
import re

_CHUNK = 64 * 1024
_END = b"\r\n.\r\n"
_BARE = re.compile(rb"\r(?!\n)|(?<!\r)\n")


class LineTooLong(Exception):
    """A line went on beyond its limit."""


class BareLineEnd(Exception):
    """A CR without LF, or an LF without CR, or a NUL in a command."""


class TooBig(Exception):
    """The content was larger than its limit. ``ended`` tells whether its end was found all the same."""

    def __init__(self, *, ended: bool) -> None:
        super().__init__(ended)
        self.ended = ended


class Gone(Exception):
    """The client has closed the connection."""


class Incoming:
    """What the client sends. Bytes that were read and not asked for yet stay here, as pipelining needs."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        """Read from a stream."""
        self._reader = reader
        self._buffer = bytearray()

    @property
    def waiting(self) -> bool:
        """Whether bytes have come that nothing has asked for yet."""
        return bool(self._buffer)

    @property
    def has_line(self) -> bool:
        """Whether a whole line has come."""
        return b"\n" in self._buffer

    async def line(self, limit: int) -> bytes:
        """Return the next line without its CRLF. Raises LineTooLong, BareLineEnd, Gone."""
        searched = 0
        while (end := self._buffer.find(b"\n", searched)) < 0:
            searched = len(self._buffer)
            if searched > limit:
                raise LineTooLong
            await self._more()
        if end > limit:
            raise LineTooLong
        line = bytes(self._buffer[: end + 1])
        del self._buffer[: end + 1]
        if not line.endswith(b"\r\n") or b"\r" in line[:-2] or b"\0" in line:
            raise BareLineEnd
        return line[:-2]

    async def content(self, limit: int, *, refuse_bare: bool, seconds: float) -> bytes:
        """Return a mail's content with the dots unstuffed, its last CRLF included. Raises TooBig, Gone, and
        BareLineEnd as soon as one is seen, if ``refuse_bare``; TimeoutError when nothing comes for ``seconds``."""
        # The CRLF of the DATA command counts: a mail that has no line begins with its end.
        buffer = self._buffer
        buffer[:0] = b"\r\n"
        searched = 0
        while True:
            end = buffer.find(_END, max(0, searched - len(_END) + 1))
            if refuse_bare:
                self._check(max(0, searched - 1), end + 2 if end >= 0 else len(buffer))
            if end > limit or (end < 0 and len(buffer) > limit + len(_END)):
                await self._discard(limit, seconds)
            if end >= 0:
                break
            searched = len(buffer)
            await self._more(seconds)
        content = bytes(buffer[: end + 2])
        del buffer[: end + len(_END)]
        return content.replace(b"\r\n.", b"\r\n")[2:]

    def _check(self, start: int, stop: int) -> None:
        if stop == len(self._buffer) and self._buffer.endswith(b"\r"):
            stop -= 1  # its LF may be on the way
        if _BARE.search(self._buffer, start, stop):
            raise BareLineEnd

    async def _discard(self, limit: int, seconds: float) -> None:
        """Read on to the end of content that is too big, but not for ever, then raise TooBig."""
        allowance = limit + _CHUNK
        while (end := self._buffer.find(_END)) < 0:
            allowance -= len(self._buffer)
            if allowance < 0:
                raise TooBig(ended=False)
            del self._buffer[: -len(_END) + 1]
            await self._more(seconds)
        del self._buffer[: end + len(_END)]
        raise TooBig(ended=True)

    async def drain(self) -> None:
        """Read to the end of the connection and forget it, so that a reply on its way out is not reset."""
        self._buffer.clear()
        while await self._reader.read(_CHUNK):
            pass

    async def _more(self, seconds: float | None = None) -> None:
        if seconds is None:
            chunk = await self._reader.read(_CHUNK)
        else:
            async with asyncio.timeout(seconds):
                chunk = await self._reader.read(_CHUNK)
        if not chunk:
            raise Gone
        self._buffer += chunk
