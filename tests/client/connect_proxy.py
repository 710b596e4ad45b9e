# pyright: basic
"""A proxy that makes tunnels, as companies have them: CONNECT, a user and password, names resolved by itself."""

import socket
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.client.wire_server import Connection, Peer, serving


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(65536):
            sink.sendall(piece)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


def _tunnel(connection: Connection, port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as onward:
        connection.sock.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        back = threading.Thread(target=_pump, args=(onward, connection.sock), daemon=True)
        back.start()
        _pump(connection.sock, onward)
        back.join(10)


@contextmanager
def proxying(user: str = "", password: str = "") -> Iterator[Peer]:
    """Serve as a proxy. Every name is one of this machine's; without the right password it asks for one."""
    wanted = f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}" if user else ""

    def serve(peer: Peer, connection: Connection) -> None:
        while peer.read(connection):
            line, *headers = peer.heads[-1].decode().split("\r\n")
            given = dict(header.split(": ", 1) for header in headers).get("Proxy-Authorization", "")
            method, place, _ = line.split(" ")
            if wanted and given != wanted:
                connection.answer(
                    b"who are you?", "407 Proxy Authentication Required", 'Proxy-Authenticate: Basic realm="x"\r\n'
                )
            elif method != "CONNECT":
                connection.answer(b"no", "405 Method Not Allowed")
            else:
                _tunnel(connection, int(place.rpartition(":")[2]))
                return

    with serving(serve) as peer:
        yield peer
