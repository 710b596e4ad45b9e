"""The same thing made by many at once: one makes it, the others are told that it is there."""

import asyncio
from typing import Any

import pytest

from tests.contract.conftest import STRANGER, Server

pytestmark = pytest.mark.anyio

MANY = 6
MADE: dict[str, tuple[str, str, dict[str, Any], int]] = {
    "template": ("server", "/templates", {"Name": "T", "Alias": "same", "Subject": "S", "TextBody": "x"}, 1122),
    "stream": ("server", "/message-streams", {"ID": "same", "Name": "S", "MessageStreamType": "Transactional"}, 1230),
    "inbound rule": ("server", "/triggers/inboundrules", {"Rule": "same.example.com"}, 810),
    "server": ("account", "/servers", {"Name": "same"}, 603),
    "domain": ("account", "/domains", {"Name": "same.example.com"}, 512),
    "sender": ("account", "/senders", {"FromEmail": "a@same.example.com", "Name": "A"}, 504),
}


@pytest.fixture
async def server(server: Server) -> Server:
    """Connections that are open already: one that must be opened first comes too late to race."""
    await asyncio.gather(*(server.get("/server") for _ in range(MANY)))
    return server


@pytest.mark.parametrize("made", MADE)
async def test_of_many_one_makes_it_and_the_others_are_refused(server: Server, made: str) -> None:
    """With the code for what is there already, never with an error of the server's own."""
    kind, path, body, taken = MADE[made]
    answers = await asyncio.gather(*(server.call("POST", path, body, kind=kind) for _ in range(MANY)))
    assert sorted(answer.json.get("ErrorCode", 0) for answer in answers) == [0, *[taken] * (MANY - 1)]


async def test_templates_without_an_alias_each_get_one_of_their_own(server: Server) -> None:
    """Though all are named the same at the same moment."""
    body = {"Name": "Welcome", "Subject": "S", "TextBody": "x"}
    answers = await asyncio.gather(*(server.post("/templates", body) for _ in range(MANY)))
    assert len({answer["Alias"] for answer in answers}) == MANY


async def test_an_inbound_domain_goes_to_one_of_two_servers(server: Server) -> None:
    """Also when those of two accounts ask for it at once, and in letters of another case."""
    asked = ((server.tokens.server, "in.example.com"), (STRANGER.server, "IN.example.com"))
    answers = await asyncio.gather(
        *(server.call("PUT", "/server", {"InboundDomain": domain}, token=token) for token, domain in asked)
    )
    assert sorted(answer.json.get("ErrorCode", 0) for answer in answers) == [0, 602]
