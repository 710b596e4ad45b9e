"""Posting to hooks, over real sockets: where to, how long, how much."""

import asyncio
import gzip
import json
import socket
from base64 import b64encode
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from carom.server.outbound.hooks import KEPT_ANSWER, Hooks

pytestmark = pytest.mark.anyio

Raw = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Place:
    """A listener on loopback that keeps the requests that it gets."""

    def __init__(self) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        self.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK"
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            (int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
        )
        self.requests.append(head + await reader.readexactly(length))
        writer.write(self.answer)
        writer.close()


@asynccontextmanager
async def place(handler: Raw | None = None) -> AsyncGenerator[Place]:
    found = Place()
    server = await asyncio.start_server(handler or found.serve, "127.0.0.1", 0)
    found.port = server.sockets[0].getsockname()[1]
    async with server:
        yield found


async def test_a_post_carries_body_login_and_headers() -> None:
    async with place() as there, Hooks(inside=True) as hooks:
        answer = await hooks.post(
            f"http://url:pass@127.0.0.1:{there.port}/hook?a=b",
            b'{"x":1}',
            login=("ann", "sec:ret ä"),
            headers={"X-Shop": "one", "content-length": "3", "Host": "inside", "Transfer-Encoding": "chunked"},
        )
    assert (answer.status, answer.body) == (200, b"OK")
    [request] = there.requests
    head, _, body = request.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0] == b"POST /hook?a=b HTTP/1.1"
    assert b"Authorization: Basic " + b64encode("ann:sec:ret ä".encode()) in lines
    assert {b"X-Shop: one", b"Content-Type: application/json", f"Host: 127.0.0.1:{there.port}".encode()} <= {*lines}
    assert sum(line.lower().startswith((b"content-length", b"host")) for line in lines) == 2
    assert b"chunked" not in head
    assert json.loads(body) == {"x": 1}


async def test_the_login_of_the_url_is_used_when_there_is_no_other() -> None:
    async with place() as there, Hooks(inside=True) as hooks:
        await hooks.post(f"http://ann:pass@127.0.0.1:{there.port}/", b"{}")
    assert b"Authorization: Basic " + b64encode(b"ann:pass") in there.requests[0]


async def test_no_proxy_of_the_environment_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    async with place() as proxy, place() as there, Hooks(inside=True) as hooks:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert (await hooks.post(f"http://127.0.0.1:{there.port}/", b"{}")).status == 200
        assert proxy.connections == 0


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0177.0.0.1", "0x7f.0.0.1", "127.1", "0"],
)
async def test_no_form_of_a_loopback_address_is_connected_to(host: str) -> None:
    """Also those that the check at registration knows nothing of."""
    async with place() as there, Hooks(inside=False) as hooks:
        answer = await hooks.post(f"http://{host}:{there.port}/", b"{}")
        assert answer.status is None
        assert there.connections == 0


class Changing(AbstractResolver):
    """A name server of the attacker: a public address the first time, then loopback."""

    def __init__(self, port: int) -> None:
        self.asked, self.port = 0, port

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked += 1
        address = "127.0.0.1" if self.asked > 1 else "93.184.215.14"
        return [ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)]

    async def close(self) -> None:
        return None


async def test_a_name_that_resolves_to_loopback_later_is_refused_then() -> None:
    """The address that was looked at is the one that is connected to."""
    async with place() as there, Hooks(inside=False) as hooks:
        session: Any = hooks._session
        connector: Any = session.connector
        connector._resolver = resolver = Changing(there.port)
        await resolver.resolve("hook.example")
        answer = await hooks.post(f"http://hook.example:{there.port}/", b"{}")
        assert answer.reason == "127.0.0.1 is no address of the public internet"
        assert (resolver.asked, there.connections) == (2, 0)


async def test_a_redirect_is_an_answer_and_not_followed() -> None:
    """Inward or not: the other sees nothing, whatever was to be posted along."""
    async with place() as inner, place() as outer, Hooks(inside=True) as hooks:
        for status in (301, 302, 303, 307, 308):
            outer.answer = f"HTTP/1.1 {status} On\r\nLocation: http://127.0.0.1:{inner.port}/\r\nContent-Length: 0\r\n\r\n".encode()
            answer = await hooks.post(f"http://127.0.0.1:{outer.port}/", b"{}", login=("ann", "secret"))
            assert (answer.status, answer.reason) == (status, "On")
        assert (outer.connections, inner.connections) == (5, 0)


async def _endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    try:
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()
    except ConnectionError:
        writer.close()


async def _silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    writer.close()


async def _dripping(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\n")
    with suppress(ConnectionError):
        while not reader.at_eof():
            writer.write(b"X-Drip: 1\r\n")
            await writer.drain()
            with suppress(TimeoutError):
                async with asyncio.timeout(0.05):
                    await reader.read()
    writer.close()


async def _flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 10_000_000 + b"\r\n\r\n")
    writer.close()


async def test_of_an_endless_answer_only_the_beginning_is_read() -> None:
    async with place(_endless) as there, Hooks(inside=True) as hooks:
        answer = await hooks.post(f"http://127.0.0.1:{there.port}/", b"{}")
    assert answer.status == 200
    assert 0 < len(answer.body) <= KEPT_ANSWER


@pytest.mark.parametrize("handler", [_silent, _dripping])
async def test_a_slow_hook_meets_the_deadline(handler: Raw) -> None:
    async with place(handler) as there, Hooks(inside=True, seconds=0.3) as hooks:
        answer = await hooks.post(f"http://127.0.0.1:{there.port}/", b"{}")
    assert (answer.status, answer.reason) == (None, "no answer within 0.3 seconds")


@pytest.mark.parametrize(
    "answer", [b"", b"220 smtp.example ESMTP\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"]
)
async def test_what_is_no_answer_is_told_in_words(answer: bytes) -> None:
    async with place() as there, Hooks(inside=True) as hooks:
        there.answer = answer
        found = await hooks.post(f"http://127.0.0.1:{there.port}/", b"{}")
    assert found.status is None
    assert found.reason


async def test_a_header_without_end_is_not_read() -> None:
    async with place(_flood) as there, Hooks(inside=True) as hooks:
        assert (await hooks.post(f"http://127.0.0.1:{there.port}/", b"{}")).status is None


async def test_an_answer_is_not_inflated() -> None:
    """A megabyte of zeros is a kilobyte of gzip, and a thousand such are one more: what is kept is as it came."""
    bomb = gzip.compress(bytes(50_000_000))
    async with place() as there, Hooks(inside=True) as hooks:
        head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\n\r\n"
        there.answer = head.encode() + bomb
        answer = await hooks.post(f"http://127.0.0.1:{there.port}/", b"{}")
    assert answer.status == 200
    assert answer.body == bomb[:KEPT_ANSWER]


async def test_nobody_there() -> None:
    async with place() as there:
        port = there.port
    async with Hooks(inside=True) as hooks:
        answer = await hooks.post(f"http://127.0.0.1:{port}/", b"{}")
    assert answer.status is None
    assert "refused" in answer.reason.lower() or "connect" in answer.reason.lower()
