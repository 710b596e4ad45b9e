"""The async network: aiohttp. A session is made by the first call in a loop, so that a client can be made outside of
any; each loop has its own. Close the client before its loop ends: what is open then can only be dropped."""

import asyncio
from weakref import WeakKeyDictionary

import aiohttp
from aiohttp.abc import AbstractStreamWriter
from aiohttp.payload import Payload
from yarl import URL

from carom.client._settings import Settings
from carom.client.transports.seam import Reply, Request, Stage, TransportFault
from carom.client.transports.tls import tls_context

_PIECE = 1 << 18


class _Body(Payload):
    """A body that knows whether all of it was handed to the connection. It goes out in pieces, so that a large one
    neither blocks the loop nor counts as written before it is."""

    _value: bytes
    _autoclose = True
    written = False

    def __init__(self, value: bytes) -> None:
        super().__init__(value, content_type="application/json")
        self._size = len(value)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return self._value.decode(encoding, errors)

    async def write(self, writer: AbstractStreamWriter) -> None:
        await self.write_with_length(writer, None)

    async def write_with_length(self, writer: AbstractStreamWriter, content_length: int | None) -> None:
        del content_length  # the whole value, always
        for start in range(0, len(self._value), _PIECE):
            await writer.write(self._value[start : start + _PIECE])
        self.written = True


class Aio:
    """Connections to one host."""

    def __init__(self, settings: Settings) -> None:
        """Open nothing yet."""
        self._settings = settings
        self._tls = tls_context(settings) if settings.scheme == "https" else None
        self._sessions: WeakKeyDictionary[asyncio.AbstractEventLoop, aiohttp.ClientSession] = WeakKeyDictionary()

    async def send(self, request: Request, /) -> Reply:
        """Send a request; return its answer. Raises TransportFault."""
        body = _Body(request.body) if request.body else None
        begun = False
        try:
            async with self._session().request(
                request.method,
                URL(f"{self._settings.origin}{request.target}", encoded=True),
                headers=request.headers,
                data=body,
                allow_redirects=False,
                proxy=self._settings.proxy,
                timeout=aiohttp.ClientTimeout(
                    total=None, sock_connect=self._settings.connect_timeout, sock_read=request.read_timeout
                ),
            ) as answer:
                begun = True
                headers = {name.lower(): value for name, value in answer.headers.items()}
                return Reply(answer.status, headers, await answer.read())
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise _fault(error, body, begun=begun) from error

    def _session(self) -> aiohttp.ClientSession:
        loop = asyncio.get_running_loop()
        session = self._sessions.get(loop)
        if session is None:
            session = self._sessions[loop] = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=0, keepalive_timeout=self._settings.idle_timeout, ssl=self._tls or True
                ),
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return session

    async def close(self) -> None:
        """Close every connection."""
        sessions, self._sessions = dict(self._sessions), WeakKeyDictionary()
        for loop, session in sessions.items():
            if loop is asyncio.get_running_loop():
                await session.close()
            elif loop.is_running():
                asyncio.run_coroutine_threadsafe(session.close(), loop)


_UNCONNECTED = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.ClientHttpProxyError)


def _fault(error: Exception, body: _Body | None, *, begun: bool) -> TransportFault:
    timeout = isinstance(error, TimeoutError)
    if isinstance(error, _UNCONNECTED):
        stage, what = Stage.CONNECTING, "no connection was made"
    elif begun:
        stage, what = Stage.READING, "the answer broke off"
    elif body is not None and not body.written:
        stage, what = Stage.WRITING, "the connection broke while the request was written"
    else:
        stage, what = Stage.WAITING, "no answer came"
    why = "timed out" if timeout else str(error) or type(error).__name__
    return TransportFault(f"{what}: {why}", stage, timeout=timeout)
