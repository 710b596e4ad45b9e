# pyright: basic
"""A client that runs long leaves nothing: the short form of ``make bench SUITE=client_soak``."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import carom
from tests.client.conftest import TOKEN
from tests.client.scripts import settle
from tests.client.wire_server import Connection, Peer, serving, zipped

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="open files are counted in /proc"),
]


def unreliable(peer: Peer, connection: Connection) -> None:
    """Answer, and at each tenth request do what networks do."""
    while peer.read(connection):
        at = len(peer.heads)
        if at % 10:
            connection.answer()
        elif at % 40 == 0:
            connection.reset()
            return
        elif at % 40 == 10:
            connection.answer(b"half", length=50)
            return
        elif at % 40 == 20:
            connection.answer(b"<html>", "500 Oh")
        else:
            connection.answer(zipped(b"{}")[:-4], headers="Content-Encoding: gzip\r\n")


def client_sockets(peer: Peer) -> int:
    """How many connections of this process lead to a server."""
    port = int(peer.url.rpartition(":")[2])
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    mine: set[str] = set()
    for link in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # the server's threads close theirs meanwhile
            mine.add(str(link.readlink()))
    return sum(int(row[2].rpartition(":")[2], 16) == port and f"socket:[{row[9]}]" in mine for row in rows)


@pytest.mark.parametrize("network", [None, "httpx2"])
async def test_no_socket_is_left_after_good_calls_and_failed_ones(flavour: str, network: str | None) -> None:
    kind: Any = carom.ApiClient if flavour == "sync" else carom.AsyncApiClient
    with serving(unreliable) as peer:
        client = kind(TOKEN, base_url=peer.url, transport=network)
        failed = 0
        for number in range(200):
            try:
                await settle(client.delivery_stats())
            except carom.Error:
                failed += 1
            if number % 20 == 0:
                assert client_sockets(peer) <= 1
        assert failed == 20
        await settle(client.close())
        assert client_sockets(peer) == 0
