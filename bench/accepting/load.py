"""The load, a process of its own: ``python -m bench.accepting.load http|batch|smtp|mx|submission PORT CONNECTIONS SECONDS TOKEN``.

Raw sockets that are kept open, one request under way on each. The last line says how many messages were taken in how many
seconds, and how long the answers took.
"""

import json
import selectors
import socket
import sys
import time
from base64 import b64encode
from collections.abc import Iterator
from itertools import count

from bench.accepting.mails import mail, message, request

BATCH = 500


class Refused(RuntimeError):
    """A mail was not taken."""


def receive(connection: socket.socket) -> bytes:
    """Read what is there. Raises Refused at the end."""
    data = connection.recv(1 << 18)
    if not data:
        raise Refused("the connection was closed")
    return data


class Http:
    """A connection that posts, again and again."""

    size = 1

    def __init__(self, port: int, requests: Iterator[bytes]) -> None:
        """Connect."""
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.requests = requests
        self.begun = 0.0
        self.answer = b""

    def begin(self) -> None:
        """Send the next request."""
        self.begun = time.perf_counter()
        self.socket.sendall(next(self.requests))

    def done(self) -> bool:
        """Read; tell whether the answer is whole. Raises Refused where it is no 200."""
        self.answer += receive(self.socket)
        head, end, body = self.answer.partition(b"\r\n\r\n")
        if not end or len(body) < int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]):
            return False
        if not head.startswith(b"HTTP/1.1 200 ") or body.count(b'"ErrorCode":0') != self.size:
            raise Refused(self.answer[:500])
        self.answer = b""
        return True


class Batches(Http):
    """A connection that posts batches."""

    size = BATCH


class Smtp:
    """A connection that sends mail by SMTP: MAIL, RCPT and DATA in one piece (RFC 2920), then the message."""

    size = 1

    def __init__(self, port: int, requests: Iterator[bytes]) -> None:
        """Connect and say hello."""
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.requests = requests
        self.begun = 0.0
        self.answer = b""
        self.message = b""
        while not self.answer.endswith(b"\r\n"):
            self.answer += receive(self.socket)
        self.answer = b""
        self.socket.sendall(b"EHLO bench.example\r\n")
        while not self.answer.endswith(b"\r\n") or b"\r\n250 " not in self.answer:
            self.answer += receive(self.socket)
        self.answer = b""
        self.log_in()

    def log_in(self) -> None:
        """Do nothing: nobody asks for it."""

    def begin(self) -> None:
        """Send the next envelope."""
        self.begun = time.perf_counter()
        self.message = next(self.requests)
        to = self.message.partition(b"To: ")[2].partition(b"<")[2].partition(b">")[0]
        self.socket.sendall(b"MAIL FROM:<shop@example.com>\r\nRCPT TO:<" + to + b">\r\nDATA\r\n")

    def done(self) -> bool:
        """Read; after the 354 send the message; tell whether it is taken. Raises Refused."""
        self.answer += receive(self.socket)
        if self.message:
            if self.answer.count(b"\r\n") < 3:
                return False
            if b"\r\n354 " not in self.answer:
                raise Refused(self.answer)
            self.answer = b""
            self.socket.sendall(self.message)
            self.message = b""
            return False
        if not self.answer.endswith(b"\r\n"):
            return False
        if not self.answer.startswith(b"250 "):
            raise Refused(self.answer)
        self.answer = b""
        return True


class Submission(Smtp):
    """The same after a log-in with the server token of the command line."""

    def log_in(self) -> None:
        """Log in (RFC 4616)."""
        token = sys.argv[5].encode()
        self.socket.sendall(b"AUTH PLAIN " + b64encode(b"\0" + token + b"\0" + token) + b"\r\n")
        answer = receive(self.socket)
        if not answer.startswith(b"235 "):
            raise Refused(answer)


KINDS = {"http": Http, "batch": Batches, "smtp": Smtp, "mx": Smtp, "submission": Submission}


def returning(made: bytes) -> bytes:
    """Address a mail to a return path, of which there is one a recipient."""
    head, to, rest = made.partition(b"To: ")
    local = rest.partition(b"<")[2].partition(b"@")[0]
    return head + to + b"Bounces <b+" + local + b"@bounces.carom.test>" + rest[rest.index(b"\r\n") :]


def requests(kind: str, token: str) -> Iterator[bytes]:
    """Yield what is sent. It is made beforehand, so that making it costs the measured time nothing."""
    numbers = count(1000)
    if kind in {"smtp", "submission"}:
        made = [message(next(numbers)) for _ in range(4000)]
    elif kind == "mx":
        made = [returning(message(next(numbers))) for _ in range(4000)]
    elif kind == "http":
        made = [request("/email", token, mail(next(numbers))) for _ in range(4000)]
    else:
        made = [request("/email/batch", token, [mail(next(numbers)) for _ in range(BATCH)]) for _ in range(8)]
    while True:
        yield from made


def run(kind: str, port: int, connections: int, seconds: float, token: str) -> tuple[int, float, list[float]]:
    """Keep every connection busy for so long; return messages, seconds, and the seconds that each answer took."""
    source = requests(kind, token)
    next(source)
    selector = selectors.EpollSelector()
    for _ in range(connections):
        one = KINDS[kind](port, source)
        selector.register(one.socket, selectors.EVENT_READ, one)
    begun = time.perf_counter()
    for key in selector.get_map().values():
        key.data.begin()
    taken, running, latencies = 0, connections, list[float]()
    while running:
        for key, _ in selector.select():
            one = key.data
            if not one.done():
                continue
            now = time.perf_counter()
            latencies.append(now - one.begun)
            taken += one.size
            if now - begun < seconds:
                one.begin()
            else:
                running -= 1
    took = time.perf_counter() - begun
    for key in selector.get_map().values():
        key.data.socket.close()
    return taken, took, latencies


def main() -> None:
    """Warm up, measure, print."""
    kind, port, connections, seconds, token = sys.argv[1:6]
    warm, _, _ = run(kind, int(port), int(connections), float(seconds) / 5, token)
    taken, took, latencies = run(kind, int(port), int(connections), float(seconds), token)
    p99 = sorted(latencies)[len(latencies) * 99 // 100]
    print(json.dumps({"warm": warm, "taken": taken, "seconds": took, "p99": p99}))


if __name__ == "__main__":
    main()
