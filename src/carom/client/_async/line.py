"""The connections of a client, made when they are needed, shared by the clients made from it."""

import threading

from carom.client._settings import Settings
from carom.client.transports.choose import async_choose
from carom.client.transports.seam import AsyncTransport, Reply, Request

_CONNECTION = ("scheme", "host", "port", "connect_timeout", "idle_timeout", "proxy", "verify", "cert", "transport")


class AsyncLine:
    """A transport that is not there before the first call, and says so when it is closed."""

    def __init__(self, settings: Settings) -> None:
        """Open nothing yet."""
        self._settings = settings
        self._transport: AsyncTransport | None = None
        self._lock = threading.Lock()
        self._closed = False

    def shared(self, settings: Settings) -> "AsyncLine":
        """Return this line for settings that connect in the same way, another one for others."""
        same = all(getattr(settings, name) == getattr(self._settings, name) for name in _CONNECTION)
        return self if same else AsyncLine(settings)

    async def send(self, request: Request) -> Reply:
        """Send a request. Raises TransportFault; RuntimeError on a closed line; ValueError for TLS files that cannot
        be used."""
        return await (self._transport or self._open()).send(request)

    def _open(self) -> AsyncTransport:
        with self._lock:
            if self._closed:
                raise RuntimeError("this client is closed")
            if self._transport is None:
                try:
                    self._transport = async_choose(self._settings)
                except OSError as error:
                    raise ValueError(f"verify or cert cannot be used: {error}") from error
            return self._transport

    async def close(self) -> None:
        """Close what is open."""
        with self._lock:
            self._closed = True
            transport, self._transport = self._transport, None
        if transport is not None:
            await transport.close()
