"""A network between client and server that a test can break: on its way there, or on its way back."""

import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import Literal
from urllib.parse import urlsplit

from tests.client.wire_server import Connection

Fault = Literal["before", "after", "end"]
"""What a connection suffers: reset before anything reaches the server; reset when the server has answered and nothing
has come back; ended after one answer, as idle connections are."""


class Relay:
    """Hands requests on to a server; the first connections suffer what ``faults`` says, the others nothing."""

    def __init__(self, url: str, faults: tuple[Fault, ...]) -> None:
        self._to = urlsplit(url)
        self._faults = faults
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.connections = 0
        self.ended = threading.Semaphore(0)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            fault = self._faults[self.connections] if self.connections < len(self._faults) else None
            self.connections += 1
            threading.Thread(target=self._serve, args=(sock, fault), daemon=True).start()

    def _serve(self, sock: socket.socket, fault: Fault | None) -> None:
        with suppress(OSError), sock:  # the client may go at any time
            client = Connection(sock, 0)
            while True:
                head, body = client.read()
                if not head:
                    break
                if fault == "before":
                    client.reset()
                    break
                answer = self._ask(head + b"\r\n\r\n" + body)
                if fault == "after":
                    client.reset()
                    break
                sock.sendall(answer)
                if fault == "end":
                    break
        self.ended.release()

    def _ask(self, request: bytes) -> bytes:
        assert self._to.hostname
        with socket.create_connection((self._to.hostname, self._to.port or 80), 30) as there:
            there.sendall(request)
            head, body = Connection(there, 0).read()
        return head + b"\r\n\r\n" + body

    def close(self) -> None:
        """Listen no more."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)


@contextmanager
def relayed(url: str, *faults: Fault) -> Generator[Relay]:
    """Run a relay to a server."""
    relay = Relay(url, faults)
    try:
        yield relay
    finally:
        relay.close()
