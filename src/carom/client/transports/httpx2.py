"""httpx2 as the network, for those who have a set-up of its kind: ``transport="httpx2"`` makes a client of it from the
options, ``transport=httpx2.Client(...)`` takes one that is there, which stays its owner's to close.

httpx2 tells by its trace how far a request had come. Of a transport that tells nothing, everything that is no failure to
connect counts as sent.
"""

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx2

from carom.client._settings import Settings
from carom.client.transports.peer import fault
from carom.client.transports.seam import Reply, Request, Stage, TransportFault
from carom.client.transports.tls import tls_context

_PIECE = 1 << 16
_UNCONNECTED = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.ProxyError,
    httpx2.UnsupportedProtocol,
    httpx2.InvalidURL,
)
_REACHED = {
    "send_request_headers.started": Stage.WRITING,
    "send_request_body.complete": Stage.WAITING,
    "receive_response_headers.complete": Stage.READING,
}


class _Progress:
    """How far a request has come. What is said to a proxy about a tunnel is not the request."""

    def __init__(self) -> None:
        """Begin."""
        self.stage = Stage.CONNECTING
        self._seen = False
        self._to_proxy = False

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Take note of an event."""
        self._seen = True
        name = event.partition(".")[2]
        if name == "send_request_headers.started":
            self._to_proxy = info["request"].method == b"CONNECT"
        if not self._to_proxy:
            self.stage = max(self.stage, _REACHED.get(name, Stage.CONNECTING))

    async def async_trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Take note of an event."""
        self.trace(event, info)

    def fault(self, error: Exception) -> TransportFault:
        """Return the fault that an error is."""
        _unframe(error)
        unconnected = isinstance(error, _UNCONNECTED)
        stage = Stage.CONNECTING if unconnected else self.stage if self._seen else Stage.WAITING
        return fault(error, stage, timeout=isinstance(error, (TimeoutError, httpx2.TimeoutException)))


def _unframe(error: BaseException | None) -> None:
    """Forget where in httpx2 an error came about: the variables there hold the token, and error trackers show them."""
    while error is not None:
        error.__traceback__ = None
        error = error.__cause__ or error.__context__


_FAULTS = (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError)


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    # A break in the middle of one large write is told to nobody; it is at the next one.
    for start in range(0, len(body), _PIECE):
        yield body[start : start + _PIECE]


def _asked(settings: Settings, request: Request) -> dict[str, Any]:
    times = {"connect": settings.connect_timeout, "read": request.read_timeout, "write": request.read_timeout}
    return {
        "method": request.method,
        # The path as it is: httpx2 would write some of it in another way.
        "url": httpx2.URL(settings.origin).copy_with(raw_path=request.target.encode("ascii")),
        "headers": {**request.headers, **({"Content-Length": str(len(request.body))} if request.body else {})},
        "timeout": httpx2.Timeout(**times, pool=None),
    }


def _options(settings: Settings) -> dict[str, Any]:
    return {
        "verify": tls_context(settings) if settings.scheme == "https" else False,
        "proxy": settings.proxy,
        "trust_env": False,
        "limits": httpx2.Limits(
            max_connections=None, max_keepalive_connections=None, keepalive_expiry=settings.idle_timeout
        ),
    }


def _reply(response: httpx2.Response, body: bytes) -> Reply:
    return Reply(response.status_code, {name.lower(): value for name, value in response.headers.items()}, body)


class Httpx2:
    """httpx2 for the sync clients."""

    def __init__(self, settings: Settings, client: httpx2.Client | None = None) -> None:
        """Take a client, or make one."""
        self._settings = settings
        self._given = client
        self._options = {} if client else _options(settings)
        self._own: httpx2.Client | None = None
        self._pid = os.getpid()
        self._lock = threading.Lock()

    def _client(self) -> httpx2.Client:
        if self._given is not None:
            return self._given
        if self._pid != os.getpid():  # the parent's connections are not ours to use after a fork
            self._lock, self._own, self._pid = threading.Lock(), None, os.getpid()
        with self._lock:
            self._own = self._own or httpx2.Client(**self._options)
            return self._own

    def send(self, request: Request, /) -> Reply:
        """Send a request; return its answer. Raises TransportFault."""
        progress = _Progress()
        client = self._client()
        try:
            asked = client.build_request(
                **_asked(self._settings, request), content=request.body or None, extensions={"trace": progress.trace}
            )
            response = client.send(asked, stream=True, auth=None, follow_redirects=False)
            try:
                return _reply(response, b"".join(response.iter_raw()))
            finally:
                response.close()
        except _FAULTS as error:
            raise progress.fault(error) from error

    def close(self) -> None:
        """Close the client if it was made here."""
        with self._lock:
            own, self._own = self._own, None
        if own is not None:
            own.close()


class AsyncHttpx2:
    """httpx2 for the async clients."""

    def __init__(self, settings: Settings, client: httpx2.AsyncClient | None = None) -> None:
        """Take a client, or make one for each loop."""
        self._settings = settings
        self._given = client
        self._options = {} if client else _options(settings)
        self._own: dict[asyncio.AbstractEventLoop, httpx2.AsyncClient] = {}

    def _client(self) -> httpx2.AsyncClient:
        if self._given is not None:
            return self._given
        loop = asyncio.get_running_loop()
        if loop not in self._own:
            for over in [other for other in self._own if other.is_closed()]:
                del self._own[over]
            self._own[loop] = httpx2.AsyncClient(**self._options)
        return self._own[loop]

    async def send(self, request: Request, /) -> Reply:
        """Send a request; return its answer. Raises TransportFault."""
        progress = _Progress()
        client = self._client()
        try:
            body = _pieces(request.body) if len(request.body) > _PIECE else request.body
            asked = client.build_request(
                **_asked(self._settings, request), content=body or None, extensions={"trace": progress.async_trace}
            )
            response = await client.send(asked, stream=True, auth=None, follow_redirects=False)
            try:
                return _reply(response, b"".join([piece async for piece in response.aiter_raw()]))
            finally:
                await response.aclose()
        except _FAULTS as error:
            raise progress.fault(error) from error

    async def close(self) -> None:
        """Close what was made here."""
        own, self._own = self._own, {}
        here = asyncio.get_running_loop()
        for loop, client in own.items():
            if loop is here:
                await client.aclose()
            elif loop.is_running():
                asyncio.run_coroutine_threadsafe(client.aclose(), loop)
