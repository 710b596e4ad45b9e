"""The sync network: http.client's connections, kept for a few seconds, each step ours to see.

http.client makes the connection, TLS and proxies included; the request is written in one piece, so that a failure says
whether all of it had gone out. Thread-safe: a connection has one user at a time. After
a fork the child makes its own.
"""

import http.client
import os
import select
import socket
import ssl
import threading
import time
from base64 import b64encode
from collections import deque
from urllib.parse import unquote, urlsplit

from carom.client._settings import Settings
from carom.client.transports.answers import AnswerReader
from carom.client.transports.seam import Reply, Request, Stage, TransportFault
from carom.client.transports.tls import tls_context


class Pool:
    """Connections to one host."""

    def __init__(self, settings: Settings) -> None:
        """Open nothing yet."""
        self._settings = settings
        self._idle: deque[tuple[float, http.client.HTTPConnection]] = deque()
        self._lock = threading.Lock()
        self._pid = os.getpid()
        self._tls = tls_context(settings) if settings.scheme == "https" else None
        default = 443 if self._tls else 80
        name = f"[{settings.host}]" if ":" in settings.host else settings.host
        self._host = name if settings.port == default else f"{name}:{settings.port}"
        self._proxy = urlsplit(settings.proxy) if settings.proxy else None

    def send(self, request: Request, /) -> Reply:
        """Send a request; return its answer. Raises TransportFault."""
        connection = self._kept() or self._new()
        try:
            reply, kept = self._exchange(connection, request)
        except BaseException:  # an interrupt too leaves an answer half read: no other call may get it
            connection.close()
            raise
        if kept:
            self._keep(connection)
        else:
            connection.close()
        return reply

    def _exchange(self, connection: http.client.HTTPConnection, request: Request) -> tuple[Reply, bool]:
        """Return the answer, and whether the connection can be used again."""
        sock: socket.socket = connection.sock
        reader = AnswerReader(sock)
        written = False
        try:
            if sock.gettimeout() != request.read_timeout:
                sock.settimeout(request.read_timeout)
            sock.sendall(self._head(request) + request.body)
            written = True
            return reader.read(request.method)
        except (OSError, ValueError) as error:
            stage = Stage.READING if reader.begun else Stage.WAITING if written else Stage.WRITING
            raise _fault(error, stage) from error

    def close(self) -> None:
        """Close what is kept; connections in use are closed by their users."""
        with self._lock:
            kept, self._idle = self._idle, deque()
        for _, connection in kept:
            connection.close()

    def _kept(self) -> http.client.HTTPConnection | None:
        if self._pid != os.getpid():
            self._forked()
        while True:
            with self._lock:
                if not self._idle:
                    return None
                since, connection = self._idle.pop()
            if time.monotonic() - since < self._settings.idle_timeout and not _ended(connection.sock):
                return connection
            connection.close()

    def _keep(self, connection: http.client.HTTPConnection) -> None:
        with self._lock:
            self._idle.append((time.monotonic(), connection))
            expired: list[http.client.HTTPConnection] = []
            while time.monotonic() - self._idle[0][0] >= self._settings.idle_timeout:
                expired.append(self._idle.popleft()[1])
        for old in expired:
            old.close()

    def _forked(self) -> None:
        # The parent goes on using these sockets; closing the child's copies of the descriptors does not disturb it.
        self._lock = threading.Lock()
        self._pid = os.getpid()
        self.close()

    def _new(self) -> http.client.HTTPConnection:
        connection = self._connection()
        try:
            connection.connect()
        except (OSError, http.client.HTTPException, ValueError) as error:
            connection.close()
            raise _fault(error, Stage.CONNECTING) from error
        return connection

    def _connection(self) -> http.client.HTTPConnection:
        at = self._settings
        host, port = (self._proxy.hostname or "", self._proxy.port or 80) if self._proxy else (at.host, at.port)
        made = (
            http.client.HTTPSConnection(host, port, timeout=at.connect_timeout, context=self._tls)
            if self._tls
            else http.client.HTTPConnection(host, port, timeout=at.connect_timeout)
        )
        if self._proxy and self._tls:
            made.set_tunnel(at.host, at.port, self._proxy_headers())
        return made

    def _proxy_headers(self) -> dict[str, str]:
        if self._proxy is None or self._proxy.username is None:
            return {}
        pair = f"{unquote(self._proxy.username)}:{unquote(self._proxy.password or '')}"
        return {"Proxy-Authorization": f"Basic {b64encode(pair.encode()).decode()}"}

    def _head(self, request: Request) -> bytes:
        plain_proxy = self._proxy is not None and self._tls is None
        target = self._settings.origin + request.target if plain_proxy else request.target
        headers = {"Host": self._host, **request.headers, **(self._proxy_headers() if plain_proxy else {})}
        if request.body or request.method not in {"GET", "HEAD"}:
            headers["Content-Length"] = str(len(request.body))
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"{request.method} {target} HTTP/1.1\r\n{lines}\r\n".encode("latin-1")


def _ended(sock: socket.socket) -> bool:
    # Readable while nothing is asked: the other side has closed, or says what nobody wants to know.
    if isinstance(sock, ssl.SSLSocket) and sock.pending():
        return True
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(0))


def _fault(error: Exception, stage: Stage) -> TransportFault:
    timeout = isinstance(error, TimeoutError)
    what = {
        Stage.CONNECTING: "no connection was made",
        Stage.WRITING: "the connection broke while the request was written",
        Stage.WAITING: "no answer came",
        Stage.READING: "the answer broke off",
    }[stage]
    why = "timed out" if timeout else str(error) or type(error).__name__
    return TransportFault(f"{what}: {why}", stage, timeout=timeout)
