"""The configuration of webhooks, on both databases."""

from typing import Any

import pytest
import sqlalchemy as sa

from carom.server.store.schema import webhook
from tests.contract.conftest import OTHER_TOKEN, Server

pytestmark = pytest.mark.anyio

URL = "https://example.com/hook"
OFF: dict[str, dict[str, bool]] = {
    "Open": {"Enabled": False, "PostFirstOpenOnly": False},
    "Click": {"Enabled": False},
    "Delivery": {"Enabled": False},
    "Bounce": {"Enabled": False, "IncludeContent": False},
    "SpamComplaint": {"Enabled": False, "IncludeContent": False},
    "SubscriptionChange": {"Enabled": False},
}
AUTH = {"Username": "ann", "Password": "secret äöü"}
HEADERS = [{"Name": "X-Shop", "Value": "one"}]


async def test_a_url_is_enough(server: Server) -> None:
    """All six triggers are listed, off; the stream is the default one."""
    made = await server.post("/webhooks", {"Url": URL})
    assert made == {
        "ID": made["ID"],
        "Url": URL,
        "MessageStream": "outbound",
        "HttpHeaders": [],
        "Triggers": OFF,
        "Status": "unverified",
    }
    assert isinstance(made["ID"], int)
    assert await server.get(f"/webhooks/{made['ID']}") == made


async def test_what_is_sent_comes_back_and_an_edit_leaves_the_rest(server: Server) -> None:
    """The password too, though the store does not hold it in clear."""
    asked = {
        "Url": "http://127.0.0.1:9/hook?a=b",
        "MessageStream": "broadcast",
        "HttpAuth": AUTH,
        "HttpHeaders": HEADERS,
        "Triggers": {"open": {"Enabled": True, "PostFirstOpenOnly": None}, "Bounce": {"includecontent": True}},
    }
    made = await server.post("/webhooks", asked)
    triggers = {
        **OFF,
        "Open": {"Enabled": True, "PostFirstOpenOnly": False},
        "Bounce": {"Enabled": False, "IncludeContent": True},
    }
    assert made == {**asked, "ID": made["ID"], "Triggers": triggers, "Status": "unverified"}
    stored = await server.store.database.read(lambda c: c.execute(sa.select(webhook)).one())
    assert "secret" not in repr(tuple(stored))
    path = f"/webhooks/{made['ID']}"
    assert (await server.call("PUT", path, {"Url": URL})).ok == {**made, "Url": URL}
    change: dict[str, Any] = {
        "Triggers": {"Bounce": {"Enabled": True}},
        "HttpHeaders": [],
        "HttpAuth": {"Username": "", "Password": ""},
    }
    edited = (await server.call("PUT", path, change)).ok
    assert edited["Triggers"] == {**triggers, "Bounce": {"Enabled": True, "IncludeContent": True}}
    assert edited["HttpHeaders"] == []
    assert "HttpAuth" not in edited
    assert await server.get(path) == edited


async def test_lists_are_of_the_server_or_a_stream(server: Server) -> None:
    """An unknown stream is an error, not an empty list."""
    first = await server.post("/webhooks", {"Url": URL})
    second = await server.post("/webhooks", {"Url": URL, "MessageStream": "broadcast"})
    assert await server.get("/webhooks") == {"Webhooks": [first, second]}
    assert await server.get("/webhooks?MessageStream=broadcast") == {"Webhooks": [second]}
    assert await server.get("/webhooks?messagestream=inbound") == {"Webhooks": []}
    assert (await server.call("GET", "/webhooks?messageStream=no")).code == (422, 1226)
    assert await server.get("/webhooks", token=OTHER_TOKEN) == {"Webhooks": []}


async def test_removed_is_gone(server: Server) -> None:
    """The text is what clients look for."""
    made = await server.post("/webhooks", {"Url": URL})
    path = f"/webhooks/{made['ID']}"
    assert (await server.call("DELETE", path)).ok == {"ErrorCode": 0, "Message": f"Webhook {made['ID']} removed."}
    for method in ("GET", "DELETE", "PUT"):
        refused = await server.call(method, path, {"Url": URL})
        assert refused.code == (422, 1352)
        assert refused.json["Message"] == "The webhook for the provided 'ID' was not found."


FAULTS: list[tuple[dict[str, Any], int]] = [
    ({"Url": "not-a-url"}, 1354),
    ({"Url": "ftp://example.com"}, 1354),
    ({"HttpHeaders": [{"Name": "a b", "Value": "c"}]}, 1358),
    ({"HttpHeaders": [{"Name": "a", "Value": "c\r\nd: e"}]}, 1358),
    ({"Triggers": {"Open": {"Enabled": "x"}}}, 1361),
    ({"Triggers": {"Open": True}}, 1361),
    ({"HttpAuth": {"Username": 5}}, 1361),
    ({"Triggers": "all"}, 403),
]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        *FAULTS,
        ({"Url": None, "MessageStream": "outbound"}, 1354),
        ({"ID": 7}, 1356),
        ({"Status": "verified"}, 1363),
        ({"MessageStream": "none"}, 1226),
        ({"MessageStream": "inbound"}, 1351),
    ],
)
async def test_faults_at_creation(server: Server, change: dict[str, Any], code: int) -> None:
    """Nothing is made."""
    assert (await server.call("POST", "/webhooks", {"Url": URL, **change})).code == (422, code)
    assert await server.get("/webhooks") == {"Webhooks": []}


@pytest.mark.parametrize(("change", "code"), FAULTS)
async def test_faults_at_an_edit(server: Server, change: dict[str, Any], code: int) -> None:
    """Nothing is changed."""
    made = await server.post("/webhooks", {"Url": URL})
    assert (await server.call("PUT", f"/webhooks/{made['ID']}", change)).code == (422, code)
    assert await server.get(f"/webhooks/{made['ID']}") == made


async def test_archived_streams_take_none_and_others_ten(server: Server) -> None:
    """What is there stays."""
    await server.post("/message-streams/broadcast/archive")
    assert (await server.call("POST", "/webhooks", {"Url": URL, "MessageStream": "broadcast"})).code == (422, 1350)
    for _ in range(10):
        await server.post("/webhooks", {"Url": URL})
    assert (await server.call("POST", "/webhooks", {"Url": URL})).code == (422, 1359)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_webhooks_of_others_are_not_there(server: Server, method: str) -> None:
    """Nor those whose id is none; a wrong token is refused before."""
    made = await server.post("/webhooks", {"Url": URL})
    path = f"/webhooks/{made['ID']}"
    assert (await server.call(method, path, {"Url": URL}, token=OTHER_TOKEN)).code == (422, 1352)
    assert (await server.call(method, "/webhooks/x", {"Url": URL})).code == (422, 1352)
    assert (await server.call(method, path, {"Url": URL}, token="x")).code == (401, 10)
    assert await server.get(path) == made
    for other in ("GET", "POST"):
        assert (await server.call(other, "/webhooks", {"Url": URL}, token=None)).code == (401, 10)
