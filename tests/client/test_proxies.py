# pyright: basic
"""Proxies: TLS through a tunnel, with user and password, and what goes wrong on the way."""

import asyncio
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest
import trustme

import carom
from carom import ApiClient
from tests.client.conftest import TOKEN
from tests.client.connect_proxy import proxying
from tests.client.scripts import MESSAGE, settle
from tests.client.test_transports import Open, after_reading, network, opened
from tests.client.wire_server import OK, Connection, Peer, always, serving
from tests.waiting import eventually

pytestmark = pytest.mark.anyio

__all__ = ["network", "opened"]

NAME = "api.postmark.test"


@pytest.fixture
def authority(tmp_path: Path) -> Any:
    """Certificates of a name that only the proxy can resolve."""
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(NAME).configure_cert(server)
    return server, str(tmp_path / "ca.pem")


def port(peer: Peer) -> int:
    return int(peer.url.rpartition(":")[2])


async def test_c2_tls_goes_through_a_tunnel_with_user_and_password(opened: Open, authority: Any) -> None:
    """The proxy sees the name and nothing else; the API sees no word of the proxy."""
    server, trusted = authority
    user, password = "ann", "p@ss:w/rd%"
    with serving(tls=server) as api, proxying(user, password) as proxy:
        url = f"https://{NAME}:{port(api)}"
        for options in (
            {"proxy": f"http://ann:p%40ss%3Aw%2Frd%25@127.0.0.1:{port(proxy)}"},
            {"proxy_host": "127.0.0.1", "proxy_port": port(proxy), "proxy_user": user, "proxy_pass": password},
        ):
            client = opened(url, verify=trusted, **options)
            for _ in range(3):
                assert (await settle(client.deliver(MESSAGE))).ok
        assert [head.split(b"\r\n")[0] for head in proxy.heads] == [f"CONNECT {NAME}:{port(api)} HTTP/1.1".encode()] * 2
        assert (api.connections, len(api.heads)) == (2, 6)  # tunnels are kept
        assert not any(TOKEN.encode() in head for head in proxy.heads)
        assert not any(b"proxy-authorization" in head.lower() for head in api.heads)
        assert api.heads[0].startswith(b"POST /email HTTP/1.1\r\n")


async def test_c2_a_large_message_and_a_large_answer_go_through(opened: Open, authority: Any) -> None:
    server, trusted = authority
    rows = b'{"TotalCount":0,"Bounces":[],"Padding":"' + b"x" * 3_000_000 + b'"}'

    def answer(peer: Peer, connection: Connection) -> None:
        while peer.read(connection):
            connection.answer(OK if peer.bodies[-1] else rows)

    with serving(answer, tls=server) as api, proxying() as proxy:
        client = opened(f"https://{NAME}:{port(api)}", verify=trusted, proxy=proxy.url)
        big = {**MESSAGE, "attachments": [("a.txt", b"x" * 5_000_000)]}
        assert (await settle(client.deliver(big))).ok
        assert len((await settle(client.get_bounces())).raw["Padding"]) == 3_000_000
        assert len(api.bodies[0]) > 5_000_000


def refusing(status: str) -> Any:
    return after_reading(lambda _, connection: connection.answer(b"no", status))


@pytest.mark.parametrize(
    ("handler", "said"),
    [
        (refusing("407 Proxy Authentication Required"), "407"),
        (refusing("403 Forbidden"), "403"),
        (refusing("502 Bad Gateway"), "502"),
        (after_reading(lambda _, connection: connection.sock.sendall(b"SSH-2.0-x\r\n\r\n")), "no HTTP answer"),
        (after_reading(lambda _, connection: None), "closed"),
        (after_reading(lambda _, connection: connection.reset()), "reset"),
        (after_reading(lambda peer, _: peer.released.wait(10)), "timed out"),
        (after_reading(lambda _, c: c.sock.sendall(b"HTTP/1.1 200 OK\r\n\r\nnonsense")), "more than"),
        (after_reading(lambda _, c: c.sock.sendall(b"HTTP/1.1 200 OK\r\n\r\n")), ""),
    ],
)
async def test_c82_a_tunnel_that_does_not_come_about_is_one_error(
    opened: Open, handler: Any, said: str, network: str
) -> None:
    """Nothing was sent: never ambiguous, and safe to repeat."""
    with serving(handler) as proxy:
        named = proxy.url.replace("http://", "http://ann:secret-word@")
        client = opened(f"https://{NAME}", proxy=named, timeout=0.3 if said == "timed out" else 10)
        with pytest.raises((carom.ConnectionError, carom.TimeoutError)) as caught:
            await settle(client.deliver(MESSAGE))
        error = caught.value
        eventually(lambda: proxy.bodies, what="the proxy's reading")
        assert (error.ambiguous, error.retryable, len(proxy.bodies)) == (False, True, 1)
        assert str(error).startswith("no connection was made")
        if network == "own" or said[:1].isdigit():  # httpx2 has words of its own
            assert said in str(error)
        assert isinstance(error, carom.TimeoutError) == (said == "timed out")
        assert "secret-word" not in repr(error) + repr(client) + repr(error.__cause__)


async def test_c82_no_proxy_no_tls_wrong_name_and_a_reset_behind_the_tunnel(opened: Open, authority: Any) -> None:
    server, trusted = authority
    with socket.create_server(("127.0.0.1", 0)) as listener:
        gone = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with pytest.raises(carom.ConnectionError) as caught:
        await settle(opened(f"https://{NAME}", proxy=gone).deliver(MESSAGE))
    assert (caught.value.ambiguous, caught.value.retryable) == (False, True)
    with serving(always, tls=server) as api, proxying() as proxy:
        for url, verify in ((f"https://other.test:{port(api)}", trusted), (f"https://{NAME}:{port(api)}", None)):
            with pytest.raises(carom.ConnectionError) as caught:
                await settle(opened(url, proxy=proxy.url, verify=verify).deliver(MESSAGE))
            assert (caught.value.ambiguous, len(api.heads)) == (False, 0)
    with serving(after_reading(lambda _, c: c.reset()), tls=server) as api, proxying() as proxy:
        with pytest.raises(carom.ConnectionError) as caught:
            await settle(opened(f"https://{NAME}:{port(api)}", proxy=proxy.url, verify=trusted).deliver(MESSAGE))
        assert caught.value.ambiguous


@pytest.mark.parametrize("proxy", ["127.0.0.1:3128", "socks5://127.0.0.1:1", "https://127.0.0.1:1", "http://"])
def test_c2_a_proxy_that_cannot_be_used_is_named(proxy: str) -> None:
    with pytest.raises(ValueError, match="proxy is http://"):
        ApiClient(TOKEN, proxy=proxy)


async def test_c5_giving_up_on_a_tunnel_leaves_nothing_open(authority: Any) -> None:
    """A cancelled call closes what it had opened."""
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stall(peer: Peer, connection: Connection) -> None:
        peer.read(connection)
        loop.call_soon_threadsafe(asked.set)
        peer.released.wait(10)

    with serving(stall) as proxy:
        client = carom.AsyncApiClient(TOKEN, base_url=f"https://{NAME}", proxy=proxy.url)
        call = asyncio.ensure_future(client.deliver(MESSAGE))
        await asyncio.wait_for(asked.wait(), 10)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        proxy.released.set()
        assert await asyncio.to_thread(proxy.ended.acquire, timeout=5)
        await client.close()
