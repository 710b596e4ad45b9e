# Generated from _async/line.py by tools/generators/unasync.py: edit _async.
"""The connections of a client, made when they are needed, shared by the clients made from it."""

import threading

from carom.client._settings import Settings
from carom.client.transports.choose import choose
from carom.client.transports.seam import Reply, Request, Transport

_CONNECTION = ("scheme", "host", "port", "connect_timeout", "idle_timeout", "proxy", "verify", "cert", "transport")


class Line:
    """A transport that is not there before the first call, and says so when it is closed."""

    def __init__(self, settings: Settings) -> None:
        """Open nothing yet."""
        self._settings = settings
        self._transport: Transport | None = None
        self._lock = threading.Lock()
        self._closed = False

    def shared(self, settings: Settings) -> "Line":
        """Return this line for settings that connect in the same way, another one for others."""
        same = all(getattr(settings, name) == getattr(self._settings, name) for name in _CONNECTION)
        return self if same else Line(settings)

    def send(self, request: Request) -> Reply:
        """Send a request. Raises TransportFault; RuntimeError on a closed line; ValueError for TLS files that cannot
        be used."""
        return (self._transport or self._open()).send(request)

    def _open(self) -> Transport:
        with self._lock:
            if self._closed:
                raise RuntimeError("this client is closed")
            if self._transport is None:
                try:
                    self._transport = choose(self._settings)
                except OSError as error:
                    raise ValueError(f"verify or cert cannot be used: {error}") from error
            return self._transport

    def close(self) -> None:
        """Close what is open."""
        with self._lock:
            self._closed = True
            transport, self._transport = self._transport, None
        if transport is not None:
            transport.close()
