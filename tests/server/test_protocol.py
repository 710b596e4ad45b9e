"""Answers as they come over a socket: the head and the body of one in one piece, pipelined requests, who goes away."""

import socket
from pathlib import Path

from carom.testing import LocalServer
from tests.e2e.test_serve import Serving


def connected(url: str) -> socket.socket:
    """Connect to a server."""
    host, _, port = url.removeprefix("http://").rpartition(":")
    return socket.create_connection((host, int(port)), timeout=30)


def asking(path: str, method: str = "GET", body: bytes = b"", token: str = "") -> bytes:
    """Write a request."""
    head = f"{method} {path} HTTP/1.1\r\nHost: a\r\nX-Postmark-Server-Token: {token}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def answer(connection: socket.socket) -> bytes:
    """Read one answer, whole."""
    said = b""
    while b"\r\n\r\n" not in said:
        said += connection.recv(65536)
    head, _, body = said.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def test_an_answer_is_one_piece(carom_server: LocalServer) -> None:
    with connected(carom_server.url) as connection:
        for _ in range(20):
            connection.sendall(asking("/healthz"))
            first = connection.recv(65536)  # of two pieces the first would be seen alone, sooner or later
            assert first.startswith(b"HTTP/1.1 200 ")
            assert first.endswith(b'{"status":"alive"}')


def test_pipelined_requests_are_answered_in_their_order(carom_server: LocalServer) -> None:
    body = b'{"From":"a@example.com","To":"b@example.org","TextBody":"Hello"}'
    with connected(carom_server.url) as connection:
        connection.sendall(
            asking("/email", "POST", body, carom_server.server_token) + asking("/healthz") + asking("/nowhere")
        )
        said = b""
        while said.count(b"HTTP/1.1 ") < 3 or not said.endswith(b"}"):
            said += connection.recv(65536)
    statuses = [piece[:3] for piece in said.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [b"200", b"200", b"404"]
    assert b'"Message":"OK"' in said.split(b"HTTP/1.1 ")[1]


def test_a_head_has_no_body_and_the_connection_goes_on(carom_server: LocalServer) -> None:
    with connected(carom_server.url) as connection:
        connection.sendall(asking("/healthz", "HEAD"))
        said = connection.recv(65536)
        assert said.startswith(b"HTTP/1.1 200 ")
        assert said.endswith(b"\r\n\r\n")
        connection.sendall(asking("/healthz"))
        assert answer(connection).endswith(b'{"status":"alive"}')


def test_who_goes_away_before_the_answer_leaves_no_trace(tmp_path: Path) -> None:
    token = "33333333-3333-4333-8333-333333333333"
    serving = Serving(tmp_path, CAROM_SERVER_TOKEN=token)
    body = b'{"From":"a@example.com","To":"b@example.org","TextBody":"Hello"}'
    for _ in range(50):
        with connected(serving.http) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            connection.sendall(asking("/email", "POST", body, token) + asking("/healthz"))
    with connected(serving.http) as connection:
        connection.sendall(asking("/healthz"))
        assert answer(connection).endswith(b'{"status":"alive"}')
    assert serving.stop() == 0
    assert not [line for line in serving.lines if "rror" in line or "Traceback" in line]
