# pyright: basic
"""What networks do, over real sockets on loopback."""

import asyncio
import os
import socket
import ssl
import subprocess
import sys
import threading
import time
import traceback
import urllib.request
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import trustme

import carom
from carom import ApiClient, AsyncApiClient
from carom.client.transports.asgi import Asgi
from tests.client.conftest import TOKEN
from tests.client.scripts import MESSAGE, settle
from tests.client.wire_server import OK, Connection, Peer, always, serving, zipped
from tests.waiting import eventually

pytestmark = pytest.mark.anyio

Open = Callable[..., Any]


@pytest.fixture(params=["own", "httpx2"])
def network(request: pytest.FixtureRequest) -> str:
    """Who makes the connections."""
    return str(request.param)


@pytest.fixture
async def opened(flavour: str, network: str) -> AsyncIterator[Open]:
    """Make clients of real connections; they are closed when the test ends."""
    made: list[Any] = []

    def make(url: str, **options: Any) -> Any:
        if network == "httpx2":
            options["transport"] = "httpx2"
        client = (ApiClient if flavour == "sync" else AsyncApiClient)(TOKEN, base_url=url, **options)
        made.append(client)
        return client

    yield make
    for client in made:
        await settle(client.close())


def once(act: Callable[[Peer, Connection], Any]) -> Callable[[Peer, Connection], None]:
    """Act on the first connection; answer on all others."""

    def handler(peer: Peer, connection: Connection) -> None:
        if connection.number == 1:
            act(peer, connection)
        else:
            always(peer, connection)

    return handler


def after_reading(act: Callable[[Peer, Connection], Any]) -> Callable[[Peer, Connection], None]:
    def handler(peer: Peer, connection: Connection) -> None:
        peer.read(connection)
        act(peer, connection)

    return handler


async def test_connections_are_kept(opened: Open) -> None:
    with serving() as peer:
        client = opened(peer.url)
        for _ in range(5):
            assert (await settle(client.deliver(MESSAGE))).ok
        assert (peer.connections, len(peer.heads)) == (1, 5)
        head = peer.heads[0].decode()
        assert head.startswith("POST /email HTTP/1.1\r\n")
        assert f"X-Postmark-Server-Token: {TOKEN}" in head
        assert peer.bodies[0] == b'{"From":"me@example.com","To":"a@example.org","TextBody":"Hi"}'


async def test_c47_idle_connections_are_dropped_in_time(opened: Open) -> None:
    with serving() as peer:
        client = opened(peer.url, idle_timeout=0.001)
        await settle(client.deliver(MESSAGE))
        await asyncio.to_thread(peer.released.wait, 0.05)
        await settle(client.deliver(MESSAGE))
        assert peer.connections == 2


async def test_c47_a_connection_that_ended_while_idle_is_not_used(opened: Open) -> None:
    def close_after_one(peer: Peer, connection: Connection) -> None:
        peer.read(connection)
        connection.answer()

    with serving(close_after_one) as peer:
        client = opened(peer.url)
        for _ in range(3):
            assert (await settle(client.deliver(MESSAGE))).ok
            assert await asyncio.to_thread(peer.ended.acquire, timeout=5)
            await asyncio.sleep(0)
        assert len(peer.heads) == 3


async def test_nobody_listens(opened: Open) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(carom.ConnectionError) as caught:
        await settle(opened(f"http://127.0.0.1:{port}").deliver(MESSAGE))
    assert (caught.value.ambiguous, caught.value.retryable) == (False, True)


async def test_a_reset_before_the_answer_is_ambiguous_for_a_send(opened: Open) -> None:
    with serving(once(after_reading(lambda _, connection: connection.reset()))) as peer:
        with pytest.raises(carom.ConnectionError) as caught:
            await settle(opened(peer.url, max_retries=3).deliver(MESSAGE))
        assert (caught.value.ambiguous, len(peer.heads)) == (True, 1)
    with serving(once(after_reading(lambda _, connection: connection.reset()))) as peer:
        await settle(opened(peer.url, max_retries=1).delivery_stats())


async def test_a_reset_while_the_request_is_written_is_not_ambiguous(opened: Open) -> None:
    """The server never had the whole message."""

    def act(_: Peer, connection: Connection) -> None:
        connection.sock.recv(1000)
        connection.reset()

    big = {**MESSAGE, "attachments": [("a.txt", b"x" * 7_000_000)]}
    with serving(once(act)) as peer:
        with pytest.raises(carom.ConnectionError) as caught:
            await settle(opened(peer.url).deliver(big))
        assert (caught.value.ambiguous, caught.value.retryable) == (False, True)
    with serving(once(act)) as peer:
        assert (await settle(opened(peer.url, max_retries=1).deliver(big))).ok
        assert len(peer.bodies) == 1


async def test_slow_header_and_slow_body(opened: Open) -> None:
    def stall(peer: Peer, connection: Connection) -> None:
        peer.read(connection)
        peer.released.wait(10)

    def half(peer: Peer, connection: Connection) -> None:
        peer.read(connection)
        connection.answer(OK[:5], length=len(OK))
        peer.released.wait(10)

    for act in (stall, half):
        with serving(act) as peer:
            with pytest.raises(carom.TimeoutError) as caught:
                await settle(opened(peer.url, http_read_timeout=0.2).deliver(MESSAGE))
            eventually(peer.heads.copy, what="the server's reading")
            assert (caught.value.ambiguous, len(peer.heads)) == (True, 1)


async def test_an_answer_that_breaks_off(opened: Open) -> None:
    for act in (
        lambda _, connection: connection.answer(OK[:9], length=500),
        lambda _, connection: connection.sock.sendall(b"HTTP/1.1 20"),
        lambda _, connection: connection.sock.sendall(b"nonsense\r\n\r\n"),
    ):
        with serving(after_reading(act)) as peer:
            with pytest.raises(carom.ConnectionError) as caught:
                await settle(opened(peer.url).deliver(MESSAGE))
            assert caught.value.ambiguous


async def test_gzip(opened: Open) -> None:
    whole = zipped(OK)
    gzipped = "Content-Encoding: gzip\r\n"
    with serving(after_reading(lambda _, connection: connection.answer(whole, headers=gzipped))) as peer:
        assert (await settle(opened(peer.url).deliver(MESSAGE))).ok
    for broken in (whole[:-9], b"no gzip at all"):

        def act(_: Peer, connection: Connection, broken: bytes = broken) -> None:
            connection.answer(broken, headers=gzipped)

        with serving(after_reading(act)) as peer, pytest.raises(carom.DecodeError):
            await settle(opened(peer.url).deliver(MESSAGE))


async def test_redirects_are_not_followed(opened: Open) -> None:
    with serving() as other:
        redirect = f"Location: {other.url}/email\r\n"
        moved = serving(after_reading(lambda _, c: c.answer(b"", "302 Found", redirect)))
        with moved as peer, pytest.raises(carom.UnexpectedHttpResponseError):
            await settle(opened(peer.url).deliver(MESSAGE))
        assert not other.heads


async def test_html_for_json(opened: Open) -> None:
    with serving(after_reading(lambda _, c: c.answer(b"<html>"))) as peer:
        with pytest.raises(carom.DecodeError) as caught:
            await settle(opened(peer.url).delivery_stats())
        assert caught.value.body == b"<html>"


class Authority:
    def __init__(self, folder: Path) -> None:
        self.ca = trustme.CA()
        self.pem = folder / "ca.pem"
        self.ca.cert_pem.write_to_path(str(self.pem))
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.ca.issue_cert("127.0.0.1").configure_cert(self.server)
        client = self.ca.issue_cert("client.test")
        self.client = folder / "client.pem"
        client.private_key_and_cert_chain_pem.write_to_path(str(self.client))


async def test_tls(opened: Open, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with serving(tls=authority.server) as peer:
        for verify in (str(authority.pem), ssl.create_default_context(cafile=str(authority.pem)), False):
            assert (await settle(opened(peer.url, verify=verify).deliver(MESSAGE))).ok
        with pytest.raises(carom.ConnectionError) as caught:
            await settle(opened(peer.url).deliver(MESSAGE))
        assert (caught.value.ambiguous, caught.value.retryable) == (False, True)
        with pytest.raises(ValueError, match="verify"):
            await settle(opened(peer.url, verify=str(tmp_path / "nothing.pem")).deliver(MESSAGE))
    plain = serving(lambda _, connection: connection.sock.sendall(b"HTTP/1.1 400 No TLS here\r\n\r\n"))
    with plain as peer, pytest.raises(carom.ConnectionError):
        await settle(opened(peer.url.replace("http", "https")).deliver(MESSAGE))


async def test_client_certificates(opened: Open, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    authority.server.verify_mode = ssl.CERT_REQUIRED
    authority.ca.configure_trust(authority.server)
    with serving(tls=authority.server) as peer:
        mine = opened(peer.url, verify=str(authority.pem), cert=str(authority.client))
        assert (await settle(mine.deliver(MESSAGE))).ok
        with pytest.raises(carom.ConnectionError):
            await settle(opened(peer.url, verify=str(authority.pem)).delivery_stats())


async def test_proxies(opened: Open) -> None:
    with serving() as peer:
        proxy = peer.url.replace("http://", "http://u:p@")
        await settle(opened("http://api.test:8025", proxy=proxy).deliver(MESSAGE))
        head = peer.heads[0].decode()
        assert head.startswith("POST http://api.test:8025/email HTTP/1.1")
        assert "proxy-authorization: basic dtpw" in head.lower()

    def refuse(_: Peer, connection: Connection) -> None:
        connection.sock.recv(4096)
        connection.sock.sendall(b"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n")

    with serving(refuse) as peer:
        with pytest.raises(carom.ConnectionError) as caught:
            await settle(opened("https://api.test", proxy=peer.url).deliver(MESSAGE))
        assert not caught.value.ambiguous


async def test_no_token_in_a_traceback(opened: Open) -> None:
    with serving(after_reading(lambda _, c: c.reset())) as peer, pytest.raises(carom.ConnectionError) as caught:
        await settle(opened(peer.url).deliver(MESSAGE))
    assert TOKEN not in "".join(traceback.format_exception(caught.value))


def test_the_sync_client_is_thread_safe() -> None:
    with serving() as peer, ApiClient(TOKEN, base_url=peer.url) as client, ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: client.deliver(MESSAGE).ok, range(200)))
        assert (all(results), len(peer.heads)) == (True, 200)
        assert peer.connections <= 8


def test_the_sync_client_works_after_a_fork() -> None:
    script = """
import os, sys
from carom import ApiClient
client = ApiClient("t", base_url=sys.argv[1])
client.delivery_stats()
child = os.fork()
client.delivery_stats()
if child == 0:
    os._exit(0)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    with serving() as peer:
        done = subprocess.run(
            [sys.executable, "-c", script, peer.url], capture_output=True, text=True, timeout=60, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert (len(peer.heads), peer.connections) == (3, 2)


def test_an_async_client_may_be_made_outside_of_a_loop_and_used_in_two() -> None:
    with serving() as peer:
        client = AsyncApiClient(TOKEN, base_url=peer.url)

        async def main() -> bool:
            done = (await client.deliver(MESSAGE)).ok
            transport: Any = client._line._transport
            await transport.close()  # of this loop only: the client itself stays open
            transport._closed = False
            return done

        assert asyncio.run(main())
        assert asyncio.run(main())


async def app(scope: Any, receive: Any, send: Any) -> None:
    assert scope["type"] == "http"
    body = (await receive())["body"]
    await send({"type": "http.response.start", "status": 200, "headers": [(b"X-Request-Id", b"r")]})
    await send({"type": "http.response.body", "body": OK, "more_body": True})
    await send({"type": "http.response.body", "body": b" " if body else b""})


async def test_an_asgi_application_in_the_same_process(flavour: str) -> None:
    client: Any = (ApiClient if flavour == "sync" else AsyncApiClient)(TOKEN, transport=app)
    if flavour == "sync":
        assert (await asyncio.to_thread(client.deliver, MESSAGE)).ok
        client.close()
        in_loop = ApiClient(TOKEN, transport=Asgi(app, asyncio.get_running_loop()))
        assert (await asyncio.to_thread(in_loop.delivery_stats)).inactive_mails == 1
    else:
        assert (await client.deliver(MESSAGE)).ok
        await client.close()


def test_what_is_no_transport_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="transport"):
        ApiClient(TOKEN, transport=5).delivery_stats()


def test_m15_requests_to_other_hosts_are_untouched_and_answers_are_real(carom_client: ApiClient) -> None:
    """The fixtures patch nothing: they are a server of their own."""
    with serving() as peer:
        with urllib.request.urlopen(peer.url + "/other", timeout=10) as answered:
            assert answered.read() == OK
        assert peer.heads[0].startswith(b"GET /other")
    assert carom_client.delivery_stats().inactive_mails >= 0
    assert carom_client.server_info().id > 0


def test_a_client_that_runs_long_stays_small() -> None:
    """Sockets and memory do not grow with calls, good or failed."""
    fds = Path("/proc/self/fd")
    if not fds.exists():
        pytest.skip("no /proc")

    def flaky(peer: Peer, connection: Connection) -> None:
        while peer.read(connection):
            if len(peer.heads) % 10 == 0:
                connection.reset()
                return
            connection.answer()

    with serving(flaky) as peer, ApiClient(TOKEN, base_url=peer.url) as client:
        before = 0
        for number in range(1000):
            try:
                client.delivery_stats()
            except carom.ConnectionError:
                assert number
            if number == 100:
                before = len(list(fds.iterdir()))
        assert len(list(fds.iterdir())) <= before + 3
    deadline = time.monotonic() + 10
    while threading.active_count() > 50 and time.monotonic() < deadline:
        os.sched_yield()
