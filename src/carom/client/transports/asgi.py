"""An ASGI application in the same process instead of the network: for tests of your own application and of Carom."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import unquote

from carom.client.transports.seam import Reply, Request

Message = MutableMapping[str, Any]
AsgiApp = Callable[
    [MutableMapping[str, Any], Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]
]


async def call_app(app: AsgiApp, request: Request) -> Reply:
    """Give an application a request; return its answer. What it raises goes to the caller."""
    path, _, query = request.target.partition("?")
    scope: Message = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(b"host", b"asgi"), (b"content-length", str(len(request.body)).encode())]
        + [(name.lower().encode(), value.encode("latin-1")) for name, value in request.headers.items()],
        "client": ("127.0.0.1", 0),
        "server": ("asgi", 80),
    }
    received = iter([{"type": "http.request", "body": request.body, "more_body": False}])
    status, headers, body = 500, dict[str, str](), bytearray()

    async def receive() -> Message:
        return next(received, {"type": "http.disconnect"})

    async def send(message: Message) -> None:
        nonlocal status, headers
        if message["type"] == "http.response.start":
            status = message["status"]
            headers = {name.decode().lower(): value.decode("latin-1") for name, value in message.get("headers", [])}
        elif message["type"] == "http.response.body":
            body.extend(message.get("body", b""))

    await app(scope, receive, send)
    return Reply(status, headers, bytes(body))


class AsyncAsgi:
    """An application, called in the loop of the caller."""

    def __init__(self, app: AsgiApp) -> None:
        """Take the application."""
        self._app = app

    async def send(self, request: Request, /) -> Reply:
        """Give the application a request; return its answer."""
        return await call_app(self._app, request)

    async def close(self) -> None:
        """Do nothing: there is no connection."""


class Asgi:
    """An application, called from threads: in ``loop`` if it lives in one that runs in another thread, else in a loop
    of its own."""

    def __init__(self, app: AsgiApp, loop: asyncio.AbstractEventLoop | None = None) -> None:
        """Take the application and the loop that it lives in."""
        self._app = app
        self._loop = loop
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def send(self, request: Request, /) -> Reply:
        """Give the application a request; return its answer."""
        with self._lock:
            loop = self._loop or self._start()
        return asyncio.run_coroutine_threadsafe(call_app(self._app, request), loop).result()

    def _start(self) -> asyncio.AbstractEventLoop:
        self._loop = loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=loop.run_forever, name="carom-asgi", daemon=True)
        self._thread.start()
        return loop

    def close(self) -> None:
        """End the loop if it is the client's own."""
        if self._thread is not None and self._loop is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()
            self._thread = self._loop = None
