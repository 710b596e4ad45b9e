"""The async network: asyncio's connections, kept for a few seconds, each step ours to see.

A client can be made outside of any loop; each loop has connections of its own. Close the client before its loop ends:
what is open then can only be dropped.
"""

import asyncio
from collections import deque
from contextlib import suppress
from typing import cast

from carom.client._settings import Settings
from carom.client.transports.answers import AnswerParser, BadAnswer
from carom.client.transports.peer import Peer, Unshown, ended, fault, tunnelled
from carom.client.transports.seam import Reply, Request, Stage

_PIECE = 1 << 16
_MOST_WRITTEN = 1 << 18


class Connection(asyncio.BufferedProtocol):
    """A connection. One answer is waited for at a time."""

    transport: asyncio.Transport
    closed = False
    written = False
    idle_since = 0.0

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Wait to be connected."""
        self._loop = loop
        # asyncio's own way makes a new buffer of 256 KB for each bit that comes.
        self._buffer = memoryview(bytearray(_PIECE))
        self._parser: AnswerParser | None = None
        self._whole: asyncio.Future[None] | None = None
        self._emptied: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._paused = False
        self._moved = 0.0

    async def ask(self, text: Unshown, parser: AnswerParser, seconds: float) -> None:
        """Write a request, and feed a parser until the answer is whole. Raises OSError, BadAnswer; TimeoutError when
        nothing moves for so long."""
        self._parser, self._whole = parser, self._loop.create_future()
        self._moved = self._loop.time()
        self._timer = self._loop.call_later(seconds, self._watch, seconds)
        try:
            self.written = await self._write(text, self._whole)
            await self._whole
        finally:
            self._timer.cancel()
            if self._whole.done() and not self._whole.cancelled():
                self._whole.exception()  # somebody has seen it
            self._parser = self._whole = self._emptied = self._timer = None

    def _watch(self, seconds: float) -> None:
        left = self._moved + seconds - self._loop.time()
        if left > 0:
            self._timer = self._loop.call_later(left, self._watch, seconds)
        else:
            self._fail(TimeoutError())

    async def _write(self, text: Unshown, whole: "asyncio.Future[None]") -> bool:
        """Write; return whether all of it went out before there was an answer."""
        # In pieces: a large one in asyncio's buffer is moved with each bit that goes out of it.
        for start in range(0, len(text), _MOST_WRITTEN):
            self.transport.write(text[start : start + _MOST_WRITTEN] if len(text) > _MOST_WRITTEN else text)
            if self._paused or self.transport.is_closing():
                self._emptied = self._loop.create_future()
                await self._emptied
                if whole.done():
                    return False
                self._moved = self._loop.time()
        return True

    def take(self, transport: asyncio.BaseTransport) -> None:
        """Take the way to the other side. Nothing counts as written while some of it is still on this side."""
        self.transport = cast("asyncio.Transport", transport)
        # asyncio's TLS pauses at the limit, its sockets above it: at 0, TLS would always pause.
        self.transport.set_write_buffer_limits(1 if transport.get_extra_info("ssl_object") else 0)

    def drop(self) -> None:
        """Close the connection, now."""
        self.closed = True
        self.transport.abort()

    # What asyncio says

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self.take(transport)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Say where to read to."""
        del sizehint
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Read on."""
        self._feed(bytes(self._buffer[:nbytes]))

    def eof_received(self) -> bool:
        """Read what an end ends. Whatever it was, the connection is of no further use."""
        self.closed = True
        self._feed(b"")
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell who waits."""
        self.closed = True
        if exc is None:
            self._feed(b"")
        self._fail(exc or ConnectionResetError("the connection was closed"))

    def pause_writing(self) -> None:
        """Wait until what was written has gone."""
        self._paused = True

    def resume_writing(self) -> None:
        """Write on."""
        self._paused = False
        if self._emptied is not None and not self._emptied.done():
            self._emptied.set_result(None)

    def _feed(self, data: bytes) -> None:
        if self._parser is None or self._whole is None or self._whole.done():
            self.closed = True  # it says what nobody asked for
            return
        self._moved = self._loop.time()
        try:
            if self._parser.feed(data):
                self._whole.set_result(None)
                if self._emptied is not None and not self._emptied.done():
                    self._emptied.set_result(None)  # nobody reads the rest of the request
        except BadAnswer as error:
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        self.closed = True
        for waiting in (self._emptied, self._whole):
            if waiting is not None and not waiting.done():
                waiting.set_exception(error)
                return


class Aio:
    """Connections to one host."""

    def __init__(self, settings: Settings) -> None:
        """Open nothing yet."""
        self._settings = settings
        self._peer = Peer(settings)
        self._idle: dict[asyncio.AbstractEventLoop, deque[Connection]] = {}
        self._closed = False

    async def send(self, request: Request, /) -> Reply:
        """Send a request; return its answer. Raises TransportFault."""
        loop = asyncio.get_running_loop()
        connection = self._kept(loop) or await self._connect(loop)
        parser = AnswerParser(request.method)
        try:
            await connection.ask(Unshown(self._peer.head(request) + request.body), parser, request.read_timeout)
        except (OSError, ValueError) as error:
            connection.drop()
            written = connection.written
            raise fault(
                error, Stage.READING if parser.begun else Stage.WAITING if written else Stage.WRITING
            ) from error
        except BaseException:  # a call that was given up leaves an answer half read
            connection.drop()
            raise
        if parser.reusable and connection.written and not connection.closed and not self._closed:
            connection.idle_since = loop.time()
            self._idle[loop].append(connection)
        else:
            connection.drop()
        return parser.reply

    def _kept(self, loop: asyncio.AbstractEventLoop) -> Connection | None:
        idle = self._idle.get(loop)
        if idle is None:
            for over in [other for other in self._idle if other.is_closed()]:
                del self._idle[over]
            idle = self._idle[loop] = deque()
        oldest = loop.time() - self._settings.idle_timeout
        while idle and (idle[0].closed or idle[0].idle_since <= oldest):
            idle.popleft().drop()
        while idle:
            connection = idle.pop()
            # The loop may not have had the time to notice the end.
            if not connection.closed and not ended(connection.transport.get_extra_info("socket")):
                return connection
            connection.drop()
        return None

    async def _connect(self, loop: asyncio.AbstractEventLoop) -> Connection:
        peer = self._peer
        connection = Connection(loop)
        try:
            async with asyncio.timeout(self._settings.connect_timeout):
                if peer.tunnel is None:
                    await loop.create_connection(
                        lambda: connection,
                        peer.host,
                        peer.port,
                        ssl=peer.tls,
                        server_hostname=peer.server_name if peer.tls else None,
                    )
                else:
                    await loop.create_connection(lambda: connection, peer.host, peer.port)
                    await self._dig(connection, peer.tunnel)
        except (OSError, ValueError) as error:
            self._abandon(connection)
            raise fault(error, Stage.CONNECTING) from error
        except BaseException:  # a call that was given up while it connected leaves nothing open
            self._abandon(connection)
            raise
        return connection

    async def _dig(self, connection: Connection, wish: Unshown) -> None:
        parser = AnswerParser("CONNECT")
        await connection.ask(wish, parser, self._settings.connect_timeout)
        tunnelled(parser.reply, parser)
        assert self._peer.tls is not None
        loop = asyncio.get_running_loop()
        transport = await loop.start_tls(
            connection.transport, connection, self._peer.tls, server_hostname=self._peer.server_name
        )
        if transport is None:
            raise ConnectionResetError("the connection was closed during the TLS handshake")
        connection.take(transport)

    @staticmethod
    def _abandon(connection: Connection) -> None:
        with suppress(AttributeError):  # it never had a transport
            connection.drop()

    async def close(self) -> None:
        """Close what is kept; connections in use are closed by their users."""
        self._closed = True
        idle, self._idle = self._idle, {}
        here = asyncio.get_running_loop()
        for loop, connections in idle.items():
            for connection in connections:
                if loop is here:
                    connection.drop()
                elif loop.is_running():
                    loop.call_soon_threadsafe(connection.drop)
        await asyncio.sleep(0)  # asyncio closes a socket in the loop's next turn
