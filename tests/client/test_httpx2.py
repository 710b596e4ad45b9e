# pyright: basic
"""The httpx2 transport: what is its own. The networks' common promises are in test_transports and test_proxies."""

import subprocess
import sys
from typing import Any

import httpx2
import pytest

import carom
from carom import ApiClient, AsyncApiClient
from tests.client.conftest import TOKEN
from tests.client.scripts import MESSAGE, settle
from tests.client.wire_server import Connection, Peer, serving

pytestmark = pytest.mark.anyio

CLIENTS: dict[str, tuple[Any, Any]] = {
    "sync": (ApiClient, httpx2.Client),
    "async": (AsyncApiClient, httpx2.AsyncClient),
}


async def closed(client: Any) -> None:
    await settle(client.close() if hasattr(client, "close") else client.aclose())


async def test_a_client_of_ones_own_is_used_as_it_is_and_left_open(flavour: str) -> None:
    """Its headers go along; its redirects and its user and password do not: the token is what says who asks."""

    def answer(peer: Peer, connection: Connection) -> None:
        while peer.read(connection):
            connection.answer(b"", "302 Found", f"Location: {peer.url}/other\r\n")

    ours, theirs = CLIENTS[flavour]
    with serving(answer) as peer:
        own = theirs(headers={"X-Mine": "1"}, follow_redirects=True, auth=("u", "p"))
        client = ours(TOKEN, base_url=peer.url + "/pre%2Ffix", transport=own)
        with pytest.raises(carom.UnexpectedHttpResponseError):
            await settle(client.get_template("a/b c"))
        await closed(client)
        assert not own.is_closed
        await closed(own)
        [head] = [head.decode().lower() for head in peer.heads]
        assert head.startswith("get /pre%2ffix/templates/a%2fb%20c http/1.1")
        assert f"x-postmark-server-token: {TOKEN}" in head
        assert "x-mine: 1" in head
        assert "authorization" not in head


async def test_a_transport_that_tells_nothing_counts_as_having_sent(flavour: str) -> None:
    """Better an error too many than a mail too many."""
    asked: list[httpx2.Request] = []

    def broken(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        raise httpx2.WriteError("gone", request=request)

    ours, theirs = CLIENTS[flavour]
    own = theirs(transport=httpx2.MockTransport(broken))
    client = ours(TOKEN, base_url="http://api.test", transport=own, max_retries=3)
    with pytest.raises(carom.ConnectionError) as caught:
        await settle(client.deliver(MESSAGE))
    assert (caught.value.ambiguous, len(asked)) == (True, 1)
    await closed(own)


async def test_a_client_of_the_other_kind_is_named(flavour: str) -> None:
    wrong = CLIENTS["async" if flavour == "sync" else "sync"][1]()
    client = CLIENTS[flavour][0](TOKEN, transport=wrong)
    with pytest.raises(TypeError, match="transport is an httpx2"):
        await settle(client.delivery_stats())
    await closed(wrong)


def test_it_works_after_a_fork() -> None:
    script = """
import os, sys
from carom import ApiClient
client = ApiClient("t", base_url=sys.argv[1], transport="httpx2")
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


def test_without_httpx2_it_says_what_to_install() -> None:
    script = """
import sys
sys.modules["httpx2"] = None
from carom import ApiClient
try:
    ApiClient("t", transport="httpx2").delivery_stats()
except ValueError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout.strip(), done.stderr) == ("transport='httpx2' needs httpx2: pip install 'carom[httpx2]'", "")
