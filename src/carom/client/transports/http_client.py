"""The sync way: the standard library's http.client with a small pool.

Each step is taken by itself (connect, write, wait), so that it is known how far a request came. Idle connections are
dropped after a few seconds and looked at before they are used again: a service that hung up in a pause is found out before
anything is written. A fork gets connections of its own.
"""

import http.client
import os
import select
import socket
import ssl
import threading
import time
from typing import NamedTuple
from urllib.parse import urlsplit

from carom.client.transports import Request, Response, Stage, TransportError

IDLE_SECONDS = 4.0


class _Idle(NamedTuple):
    since: float
    connection: http.client.HTTPConnection


class HttpClientTransport:
    """Connections by origin, shared by threads."""

    def __init__(self, *, idle_seconds: float = IDLE_SECONDS, context: ssl.SSLContext | None = None) -> None:
        """Keep idle connections for so long; ``context`` is for https."""
        self._idle_seconds = idle_seconds
        self._context = context
        self._lock = threading.Lock()
        self._pid = os.getpid()
        self._idle: dict[tuple[str, str], list[_Idle]] = {}

    def send(self, request: Request) -> Response:
        """See :class:`carom.client.transports.Transport`."""
        parts = urlsplit(request.url)
        origin = (parts.scheme, parts.netloc)
        connection = self._take(origin) or self._connect(origin, request)
        try:
            answer = _exchange(connection, parts.path + (f"?{parts.query}" if parts.query else ""), request)
        except BaseException:
            connection.close()
            raise
        self._give_back(origin, connection)
        return answer

    def close(self) -> None:
        """See :class:`carom.client.transports.Transport`."""
        with self._lock:
            kept, self._idle = self._idle, {}
        for idle in (one for group in kept.values() for one in group):
            idle.connection.close()

    def _take(self, origin: tuple[str, str]) -> http.client.HTTPConnection | None:
        with self._lock:
            if self._pid != os.getpid():
                self._pid, self._idle = os.getpid(), {}
            kept = self._idle.get(origin, [])
            while kept:
                since, connection = kept.pop()
                if time.monotonic() - since < self._idle_seconds and _is_open(connection):
                    return connection
                connection.close()
        return None

    def _give_back(self, origin: tuple[str, str], connection: http.client.HTTPConnection) -> None:
        if connection.sock is None:  # the service closes it
            return
        with self._lock:
            self._idle.setdefault(origin, []).append(_Idle(time.monotonic(), connection))

    def _connect(self, origin: tuple[str, str], request: Request) -> http.client.HTTPConnection:
        scheme, netloc = origin
        connection: http.client.HTTPConnection
        if scheme == "https":
            context = self._context or ssl.create_default_context()
            connection = http.client.HTTPSConnection(netloc, timeout=request.connect_timeout, context=context)
        else:
            connection = http.client.HTTPConnection(netloc, timeout=request.connect_timeout)
        try:
            connection.connect()
            connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            connection.close()
            timed_out = isinstance(error, TimeoutError)
            raise TransportError(Stage.CONNECT, f"cannot connect to {netloc}: {error}", timed_out=timed_out) from error
        return connection


def _is_open(connection: http.client.HTTPConnection) -> bool:
    """Tell whether nothing has come on an idle connection: neither an end nor bytes that nobody asked for."""
    poll = select.poll()
    poll.register(connection.sock, select.POLLIN)
    return not poll.poll(0)


def _exchange(connection: http.client.HTTPConnection, target: str, request: Request) -> Response:
    stage = Stage.WRITE
    connection.sock.settimeout(request.read_timeout)
    try:
        connection.putrequest(request.method, target, skip_accept_encoding=True)
        for name, value in request.headers.items():
            connection.putheader(name, value)
        if request.body or request.method in {"POST", "PUT", "PATCH"}:
            connection.putheader("Content-Length", str(len(request.body)))
        connection.endheaders(request.body or None)
        stage = Stage.WAIT
        answer = connection.getresponse()
        body = answer.read()
    except TimeoutError as error:
        raise TransportError(stage, "no answer in time", timed_out=True) from error
    except (OSError, http.client.HTTPException) as error:
        raise TransportError(stage, f"the connection broke: {str(error) or type(error).__name__}") from error
    return Response(answer.status, {name.lower(): value for name, value in answer.getheaders()}, body)
