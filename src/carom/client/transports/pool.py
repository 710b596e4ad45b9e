"""The sync network: sockets that are kept for a few seconds, each step ours to see.

The request is written in one piece, so that a failure says whether all of it had gone out. Thread-safe: a connection has
one user at a time. After a fork the child makes its own.
"""

import os
import socket
import threading
import time
from collections import deque

from carom.client._settings import Settings
from carom.client.transports.answers import AnswerParser
from carom.client.transports.peer import Peer, Unshown, ended, fault, tunnelled
from carom.client.transports.seam import Reply, Request, Stage

_PIECE = 65536


class Pool:
    """Connections to one host."""

    def __init__(self, settings: Settings) -> None:
        """Open nothing yet."""
        self._settings = settings
        self._peer = Peer(settings)
        self._idle: deque[tuple[float, socket.socket]] = deque()
        self._lock = threading.Lock()
        self._pid = os.getpid()
        self._closed = False

    def send(self, request: Request, /) -> Reply:
        """Send a request; return its answer. Raises TransportFault."""
        sock = self._kept() or self._connect()
        try:
            parser = self._exchange(sock, request)
        except BaseException:  # an interrupt too leaves an answer half read: no other call may get it
            sock.close()
            raise
        if parser.reusable and not self._closed:
            self._keep(sock)
        else:
            sock.close()
        return parser.reply

    def _exchange(self, sock: socket.socket, request: Request) -> AnswerParser:
        parser = AnswerParser(request.method)
        written = False
        try:
            if sock.gettimeout() != request.read_timeout:
                sock.settimeout(request.read_timeout)
            sock.sendall(self._peer.head(request) + request.body)
            written = True
            while not parser.feed(sock.recv(_PIECE)):
                pass
        except (OSError, ValueError) as error:
            raise fault(
                error, Stage.READING if parser.begun else Stage.WAITING if written else Stage.WRITING
            ) from error
        return parser

    def close(self) -> None:
        """Close what is kept; connections in use are closed by their users."""
        self._closed = True
        self._drop()

    def _drop(self) -> None:
        with self._lock:
            kept, self._idle = self._idle, deque()
        for _, sock in kept:
            sock.close()

    def _kept(self) -> socket.socket | None:
        if self._pid != os.getpid():
            self._forked()
        while True:
            with self._lock:
                if not self._idle:
                    return None
                since, sock = self._idle.pop()
            if time.monotonic() - since < self._settings.idle_timeout and not ended(sock):
                return sock
            sock.close()

    def _keep(self, sock: socket.socket) -> None:
        with self._lock:
            self._idle.append((time.monotonic(), sock))
            expired: list[socket.socket] = []
            while time.monotonic() - self._idle[0][0] >= self._settings.idle_timeout:
                expired.append(self._idle.popleft()[1])
                if not self._idle:
                    break
        for old in expired:
            old.close()

    def _forked(self) -> None:
        # The parent goes on using these sockets; closing the child's copies of the descriptors does not disturb it.
        self._lock = threading.Lock()
        self._pid = os.getpid()
        self._drop()

    def _connect(self) -> socket.socket:
        sock: socket.socket | None = None
        try:
            sock = socket.create_connection((self._peer.host, self._peer.port), self._settings.connect_timeout)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._peer.tunnel is not None:
                self._dig(sock, self._peer.tunnel)
            if self._peer.tls is not None:
                sock = self._peer.tls.wrap_socket(sock, server_hostname=self._peer.server_name)
        except (OSError, ValueError) as error:
            if sock is not None:
                sock.close()
            raise fault(error, Stage.CONNECTING) from error
        return sock

    def _dig(self, sock: socket.socket, wish: Unshown) -> None:
        parser = AnswerParser("CONNECT")
        sock.sendall(wish)
        while not parser.feed(sock.recv(_PIECE)):
            pass
        tunnelled(parser.reply, parser)
