"""The token's own server, on both databases."""

from typing import Any

import pytest

from tests.contract.conftest import OTHER_TOKEN, Server

pytestmark = pytest.mark.anyio

EVERYTHING = {
    "Name": "Shop: 2026-11-23T12:00:00+01:00",
    "Color": "turquoise",
    "SmtpApiActivated": False,
    "RawEmailEnabled": True,
    "InboundHookUrl": "https://example.com/inbound",
    "BounceHookUrl": "https://example.com/bounce",
    "OpenHookUrl": "https://example.com/open",
    "DeliveryHookUrl": "http://127.0.0.1:9000/delivery",
    "ClickHookUrl": "https://user:pw@example.com/click?a=b",
    "PostFirstOpenOnly": True,
    "InboundDomain": "in.example.com",
    "InboundSpamThreshold": 30,
    "TrackOpens": True,
    "TrackLinks": "HtmlOnly",
    "IncludeBounceContentInHook": True,
    "EnableSmtpApiErrorHooks": True,
}


async def test_everything_that_can_be_set_comes_back(server: Server) -> None:
    """And the rest stays as it is."""
    before = await server.get("/server")
    edited = (await server.call("PUT", "/server", EVERYTHING)).ok
    assert edited == {**before, **EVERYTHING}
    assert await server.get("/server") == edited
    assert (await server.call("PUT", "/server", {"Color": "Red", "ID": 7, "DeliveryType": "Sandbox"})).ok == {
        **edited,
        "Color": "red",
    }
    assert (await server.call("PUT", "/server", {"InboundHookUrl": "", "Name": None})).ok["InboundHookUrl"] == ""
    assert (await server.get("/server"))["Name"] == EVERYTHING["Name"]


FAULTS: list[tuple[dict[str, Any], int]] = [
    ({"InboundDomain": "IN.example.com"}, 602),
    ({"Name": "Other"}, 603),
    ({"BounceHookUrl": "example.com/x"}, 606),
    ({"OpenHookUrl": "ftp://example.com"}, 606),
    ({"ClickHookUrl": "http://"}, 606),
    ({"InboundHookUrl": "http://[::1"}, 606),
    ({"DeliveryHookUrl": "http://a:99999999/"}, 606),
    ({"Color": "Pink"}, 607),
    ({"Name": " "}, 608),
    ({"InboundDomain": "in.postmarkapp.com"}, 608),
    ({"InboundDomain": "thisisnodomain"}, 608),
    ({}, 609),
    ({"ID": 5}, 609),
    ({"InboundSpamThreshold": 31}, 611),
    ({"InboundSpamThreshold": -1}, 611),
    ({"TrackLinks": "All"}, 612),
    ({"TrackOpens": "perhaps"}, 403),
]


async def test_faults_are_refused_and_change_nothing(server: Server) -> None:
    """Each with its own code."""
    other = await server.call("PUT", "/server", {"InboundDomain": "in.example.com"}, token=OTHER_TOKEN)
    assert other.ok["InboundDomain"] == "in.example.com"
    before = await server.get("/server")
    for change, code in FAULTS:
        refused = await server.call("PUT", "/server", {**change, "ServerLink": "x"})
        assert refused.code == (422, code), change
    assert await server.get("/server") == before


async def test_a_server_is_changed_by_its_own_token_alone(server: Server) -> None:
    """Another's is not touched; a name is taken in one account only once."""
    await server.call("PUT", "/server", {"Name": "Mine"}, token=OTHER_TOKEN)
    assert (await server.get("/server"))["Name"] == "My First Server"
    for token in (None, "x", "POSTMARK_API_TEST"):
        assert (await server.call("PUT", "/server", {"Name": "Mine"}, token=token)).code == (401, 10)
