"""Message streams, on both databases."""

from datetime import timedelta
from typing import Any

import pytest

from tests.contract.conftest import OTHER_TOKEN, Server

pytestmark = pytest.mark.anyio

NEWS = {"ID": "news", "Name": "News", "MessageStreamType": "Broadcasts"}


async def _ids(server: Server, query: str = "") -> list[str]:
    page = await server.get(f"/message-streams{query}")
    assert page["TotalCount"] == len(page["MessageStreams"])
    return [stream["ID"] for stream in page["MessageStreams"]]


async def test_a_new_server_has_three_streams_and_one_more_after_each_create(server: Server) -> None:
    """Clients count them."""
    assert sorted(await _ids(server)) == ["broadcast", "inbound", "outbound"]
    made = await server.post("/message-streams", {**NEWS, "Description": "All of it"})
    assert made == {
        "ID": "news",
        "ServerID": server.store.tenant.server_id,
        "Name": "News",
        "Description": "All of it",
        "MessageStreamType": "Broadcasts",
        "CreatedAt": "2026-11-23T12:00:00.1234560Z",
        "UpdatedAt": None,
        "ArchivedAt": None,
        "ExpectedPurgeDate": None,
        "SubscriptionManagementConfiguration": {"UnsubscribeHandlingType": "Postmark"},
    }
    assert await server.get("/message-streams/news") == made
    assert len(await _ids(server)) == 4
    assert sorted(await _ids(server, "?messageStreamType=broadcasts")) == ["broadcast", "news"]
    assert await _ids(server, "?MessageStreamType=All") == await _ids(server)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"MessageStreamType": "Other"}, 1221),
        ({"MessageStreamType": None}, 1221),
        ({"ID": None}, 1222),
        ({"ID": ""}, 1222),
        ({"Name": None}, 1223),
        ({"Name": " "}, 1223),
        ({"Name": "x" * 101}, 1224),
        ({"ID": "News"}, 1227),
        ({"ID": "1news"}, 1227),
        ({"ID": "n" * 31}, 1227),
        ({"ID": "ne ws"}, 1227),
        ({"ID": "news\n"}, 1227),
        ({"MessageStreamType": "Inbound"}, 1228),
        ({"ID": "outbound"}, 1230),
        ({"Description": "x" * 1001}, 1231),
        ({"ID": "pm-news"}, 1233),
        ({"Description": "a <b>bold</b> one"}, 1234),
        ({"ID": "all"}, 1237),
        ({"SubscriptionManagementConfiguration": {"UnsubscribeHandlingType": "Custom"}}, 1238),
        ({"SubscriptionManagementConfiguration": {"UnsubscribeHandlingType": "none"}}, 1239),
        ({"SubscriptionManagementConfiguration": {"UnsubscribeHandlingType": "Nobody"}}, 1240),
        ({"SubscriptionManagementConfiguration": "Postmark"}, 403),
    ],
)
async def test_what_is_no_stream_is_refused(server: Server, change: dict[str, Any], code: int) -> None:
    """Each fault with its own code, and nothing is made."""
    refused = await server.call("POST", "/message-streams", {**NEWS, **change})
    assert refused.code == (422, code)
    assert "{" not in refused.json["Message"]
    assert len(await _ids(server)) == 3


async def test_a_server_has_ten_streams_at_most(server: Server) -> None:
    """Archived ones are not counted; bringing one back needs room too."""
    for number in range(7):
        await server.post("/message-streams", {**NEWS, "ID": f"news{number}"})
    assert (await server.call("POST", "/message-streams", NEWS)).code == (422, 1225)
    await server.post("/message-streams/news0/archive")
    await server.post("/message-streams", NEWS)
    assert (await server.call("POST", "/message-streams/news0/unarchive")).code == (422, 1225)


async def test_an_edit_leaves_what_is_not_given(server: Server) -> None:
    """PATCH, and UpdatedAt."""
    await server.post("/message-streams", {**NEWS, "Description": "All of it"})
    server.now += timedelta(hours=1)
    edited = (await server.call("PATCH", "/message-streams/news", {"Name": "Newer"})).ok
    assert (edited["Name"], edited["Description"]) == ("Newer", "All of it")
    assert edited["UpdatedAt"] == "2026-11-23T13:00:00.1234560Z"
    assert (await server.call("PATCH", "/message-streams/news", {"Description": ""})).ok["Description"] is None
    for change, code in (({"Name": "x" * 101}, 1224), ({"Description": "<p>"}, 1234), ({"Name": ""}, 1223)):
        assert (await server.call("PATCH", "/message-streams/news", change)).code == (422, code)
    assert (await server.get("/message-streams/news"))["Name"] == "Newer"


async def test_archiving_stops_sending_until_it_is_brought_back(server: Server) -> None:
    """45 days are left to change one's mind."""
    await server.post("/message-streams", NEWS)
    archived = await server.post("/message-streams/news/archive", {})
    assert archived == {
        "ID": "news",
        "ServerID": server.store.tenant.server_id,
        "ExpectedPurgeDate": "2027-01-07T12:00:00.1234560Z",
    }
    email = {"From": "me@example.com", "To": "ann@example.org", "TextBody": "x", "MessageStream": "news"}
    assert (await server.call("POST", "/email", email)).code == (422, 1235)
    assert "news" not in await _ids(server)
    assert "news" in await _ids(server, "?includeArchivedStreams=true")
    shown = await server.get("/message-streams/news")
    assert (shown["ArchivedAt"], shown["ExpectedPurgeDate"]) == (
        "2026-11-23T12:00:00.1234560Z",
        archived["ExpectedPurgeDate"],
    )
    server.now += timedelta(days=1)
    assert await server.post("/message-streams/news/archive") == archived
    assert (await server.post("/message-streams/news/unarchive"))["ArchivedAt"] is None
    await server.send(MessageStream="news")


async def test_after_45_days_a_stream_stays_archived(server: Server) -> None:
    """Its purge date is over."""
    await server.post("/message-streams", NEWS)
    await server.post("/message-streams/news/archive")
    server.now += timedelta(days=45)
    assert (await server.call("POST", "/message-streams/news/unarchive")).code == (422, 1232)


@pytest.mark.parametrize("stream", ["outbound", "inbound"])
async def test_default_streams_are_never_archived(server: Server, stream: str) -> None:
    """The default broadcast stream is not one of them."""
    assert (await server.call("POST", f"/message-streams/{stream}/archive")).code == (422, 1229)
    await server.post("/message-streams/broadcast/archive")


CALLS = [
    ("GET", "/message-streams/news"),
    ("PATCH", "/message-streams/news"),
    ("POST", "/message-streams/news/archive"),
    ("POST", "/message-streams/news/unarchive"),
    ("GET", "/message-streams/news/suppressions/dump"),
]


@pytest.mark.parametrize(("method", "path"), CALLS)
async def test_unknown_streams_and_those_of_others_are_not_there(server: Server, method: str, path: str) -> None:
    """The text is what clients look for."""
    await server.post("/message-streams", NEWS, token=OTHER_TOKEN)
    refused = await server.call(method, path, {"Name": "Mine"} if method == "PATCH" else None)
    assert refused.code == (422, 1226)
    assert refused.json["Message"] == "The message stream for the provided 'ID' was not found."
    assert (await server.call("GET", "/message-streams/news", token=OTHER_TOKEN)).ok["Name"] == "News"


@pytest.mark.parametrize(("method", "path"), [*CALLS, ("GET", "/message-streams"), ("POST", "/message-streams")])
@pytest.mark.parametrize("token", [None, "nonsense", "POSTMARK_API_TEST"])
async def test_a_wrong_token_is_refused(server: Server, method: str, path: str, token: str | None) -> None:
    """Before anything else is looked at."""
    assert (await server.call(method, path, token=token)).code == (401, 10)
