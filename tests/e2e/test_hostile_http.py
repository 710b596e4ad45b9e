"""Security row 16, by HTTP: what has no end is cut off while it is read, memory stays flat, and others are served meanwhile."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from itertools import repeat

import pytest

from carom import ApiClient
from carom.server.http import protocol
from carom.testing import LocalServer
from tests.e2e.bouncing import send

SENT_MOST = 400_000_000
GROWS_MOST = 60_000_000
"""Bytes: of what the hostile client gets to send, and of what the server grows by."""

PIECE = 1_000_000


@pytest.fixture(scope="module")
def server() -> Iterator[LocalServer]:
    with LocalServer(process=True) as server:
        yield server


@pytest.fixture(scope="module")
def client(server: LocalServer) -> Iterator[ApiClient]:
    with server.client() as client:
        yield client


def connected(server: LocalServer) -> socket.socket:
    at = server.listening.http
    return socket.create_connection((at.host, at.port), timeout=10)


def start(server: LocalServer, *fields: str) -> bytes:
    lines = ["POST /email HTTP/1.1", "Host: x", f"X-Postmark-Server-Token: {server.server_token}", *fields]
    return "\r\n".join(lines).encode() + b"\r\n"


def resident(server: LocalServer) -> float:
    with connected(server) as asking:
        asking.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        text = b"".join(iter(lambda: asking.recv(65536), b"")).decode()
    return float(text.partition("\nprocess_resident_memory_bytes ")[2].split()[0])


ENDLESS: dict[str, Callable[[LocalServer], tuple[bytes, bytes]]] = {
    "chunks": lambda server: (
        start(server, "Content-Type: application/json", "Transfer-Encoding: chunked", "") + b'1\r\n"\r\n',
        b"%x\r\n%b\r\n" % (PIECE, b"a" * PIECE),
    ),
    "one header": lambda server: (start(server)[:-2] + b"\r\nX-Long: ", b"a" * PIECE),
    "headers": lambda server: (start(server), b"X-More: and more\r\n" * (PIECE // 18)),
    "one path": lambda server: (b"POST /", b"a" * PIECE),
    "empty lines": lambda server: (b"", b"\r\n" * (PIECE // 2)),
}


@pytest.mark.parametrize("kind", ENDLESS)
def test_what_has_no_end_is_cut_off(kind: str, server: LocalServer, client: ApiClient) -> None:
    before = resident(server)
    begin, piece = ENDLESS[kind](server)
    sent = flood(server, client, begin, piece)
    assert sent < SENT_MOST
    assert resident(server) < before + GROWS_MOST


def flood(server: LocalServer, client: ApiClient, begin: bytes, piece: bytes) -> int:
    """Send until the server ends it, while somebody else sends mail; return how many bytes went out."""
    sent = 0
    with connected(server) as hostile, suppress(OSError):  # reset, or a pipe that is broken
        hostile.sendall(begin)
        for part in repeat(piece, SENT_MOST // PIECE):
            hostile.sendall(part)
            sent += len(part)
            if sent % (50 * PIECE) < PIECE:
                send(client, "ann@example.org")
    return sent


def test_hundreds_who_never_finish_keep_nobody_out(server: LocalServer, client: ApiClient) -> None:
    with ExitStack() as stack:
        for number in range(300):
            slow = stack.enter_context(connected(server))
            slow.sendall(start(server, "Content-Length: 1000", "")[: 20 + number % 120])
        begun = time.monotonic()
        for _ in range(20):
            send(client, "ann@example.org")
        assert time.monotonic() - begun < 10


def test_who_does_not_finish_is_let_go_of(monkeypatch: pytest.MonkeyPatch) -> None:
    """A head that stops, or never comes, and a body that stops; a connection between two requests stays."""
    monkeypatch.setattr(protocol, "PATIENCE", 0.2)
    with LocalServer() as server:
        half = start(server, "Content-Length: 1000", "")
        whole = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
        with ExitStack() as stack:
            silent, head, body, idle = (stack.enter_context(connected(server)) for _ in range(4))
            head.sendall(half[:40])
            body.sendall(half + b"{")
            idle.sendall(whole)
            assert idle.recv(4096).startswith(b"HTTP/1.1 200 ")
            for slow in (silent, head, body):
                assert slow.recv(4096) == b""
            idle.sendall(whole)
            assert idle.recv(4096).startswith(b"HTTP/1.1 200 ")
