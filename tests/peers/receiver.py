"""Somebody's endpoint for webhooks: it keeps what is posted, and answers as a test has it."""

import contextlib
import json
import threading
from collections.abc import Generator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple


class Post(NamedTuple):
    """What was posted: the path, the header fields by lower-case name, the body."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        """The event."""
        found: dict[str, Any] = json.loads(self.body)
        return found


class Receiver:
    """``posts`` is what came, in order. ``statuses`` says by path what to answer, by default 200; a path of ``held`` is not
    answered before the event is set."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.posts: list[Post] = []
        self.statuses: dict[str, int] = {}
        self.held: dict[str, threading.Event] = {}
        self.sizes: dict[str, int] = {}

    def of(self, path: str) -> list[Post]:
        """Return what came to a path."""
        return [post for post in list(self.posts) if post.path == path]

    def told(self, path: str, kind: str) -> list[dict[str, Any]]:
        """Return the events of a type that came to a path."""
        return [post.json for post in self.of(path) if post.json.get("RecordType") == kind]


@contextlib.contextmanager
def running_receiver() -> Generator[Receiver]:
    """Run a receiver on loopback."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.posts.append(Post(self.path, headers, body))
            if (hold := receiver.held.get(self.path)) is not None:
                hold.wait(60)
            size = receiver.sizes.get(self.path, 2)
            self.send_response(receiver.statuses.get(self.path, 200))
            self.send_header("Content-Length", str(size))
            self.end_headers()
            with contextlib.suppress(ConnectionError):  # whoever posted has seen enough
                for _ in range(-(-size // 65536)):
                    self.wfile.write(b"O" * min(size, 65536))

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the library's
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        receiver = Receiver(f"http://127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield receiver
        finally:
            for hold in receiver.held.values():
                hold.set()
            server.shutdown()
            thread.join()
