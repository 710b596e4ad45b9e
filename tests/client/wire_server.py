# pyright: basic
"""A server that does on a connection what a test says: answers, or what networks do instead."""

import gzip
import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

OK = json.dumps({"InactiveMails": 1, "Bounces": [], "ErrorCode": 0, "Message": "OK", "MessageID": "m"}).encode()


class Connection:
    """One connection of a client."""

    def __init__(self, sock: socket.socket, number: int) -> None:
        self.sock = sock
        self.number = number
        self._pending = b""

    def read(self) -> tuple[bytes, bytes]:
        """Read a request: head and body; nothing when the client has gone."""
        while b"\r\n\r\n" not in self._pending:
            more = self.sock.recv(65536)
            if not more:
                return b"", b""
            self._pending += more
        head, _, rest = self._pending.partition(b"\r\n\r\n")
        lengths = [line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
        length = int(lengths[0]) if lengths else 0
        while len(rest) < length:
            rest += self.sock.recv(65536)
        self._pending = rest[length:]
        return head, rest[:length]

    def answer(self, body: bytes = OK, status: str = "200 OK", headers: str = "", length: int | None = None) -> None:
        said = len(body) if length is None else length
        head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {said}\r\n{headers}\r\n"
        self.sock.sendall(head.encode() + body)

    def reset(self) -> None:
        """Break the connection, as a crash does."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


class Peer:
    """What a test says happens, and what it saw."""

    def __init__(self) -> None:
        self.heads: list[bytes] = []
        self.bodies: list[bytes] = []
        self.connections = 0
        self.released = threading.Event()
        self.ended = threading.Semaphore(0)
        self.url = ""

    def read(self, connection: Connection) -> bool:
        head, body = connection.read()
        if head:
            self.heads.append(head)
            self.bodies.append(body)
        return bool(head)


Handler = Callable[[Peer, Connection], None]


def always(peer: Peer, connection: Connection) -> None:
    """Answer everything, for as long as the client wants."""
    while peer.read(connection):
        connection.answer()


@contextmanager
def serving(handler: Handler = always, tls: ssl.SSLContext | None = None) -> Iterator[Peer]:
    """Serve on a free port of loopback."""
    listener = socket.create_server(("127.0.0.1", 0))
    peer = Peer()
    peer.url = f"{'https' if tls else 'http'}://127.0.0.1:{listener.getsockname()[1]}"

    def one(sock: socket.socket, number: int) -> None:
        try:
            with sock if tls is None else tls.wrap_socket(sock, server_side=True) as talking:
                handler(peer, Connection(talking, number))
        except OSError:
            pass  # the client has gone, which is what some tests are about
        finally:
            peer.ended.release()

    def accept() -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            peer.connections += 1
            threading.Thread(target=one, args=(sock, peer.connections), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield peer
    finally:
        peer.released.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def zipped(body: bytes) -> bytes:
    return gzip.compress(body)


__all__ = ["OK", "Any", "Connection", "Handler", "Peer", "always", "serving", "zipped"]
