"""Opens and clicks, on both databases: what is recorded is listed, searched, shown with its message, and counted."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from carom.server.store import clicks, deliveries, opens
from carom.server.store.visits import Visit
from carom.wire.messages import Geo
from tests.contract.conftest import OTHER_TOKEN, Server
from tests.server.rules.test_agents import CHROME, GMAIL, SAFARI_MOBILE
from tests.store.sending import recipient_ids
from tests.stores import NOW, TOKENS

pytestmark = pytest.mark.anyio

SERBIA = Geo(
    country_iso_code="RS",
    country="Serbia",
    region_iso_code="VO",
    region="Vojvodina",
    city="Novi Sad",
    zip="21000",
    coords="45.2517,19.8369",
    ip="192.0.2.235",
)
PATHS = ("opens", "clicks")


async def _open(
    server: Server,
    message_id: str,
    *,
    at: datetime = NOW,
    agent: str = GMAIL,
    geo: Geo = SERBIA,
    of: int = 0,
    **more: Any,
) -> bool:
    reader = (await recipient_ids(server.store, UUID(message_id)))[of]
    visit = Visit(at=at, user_agent=agent, geo=geo)
    recorded = await server.store.database.write(opens.record, reader, visit, **more)
    assert recorded is not None
    return recorded.first


async def _click(server: Server, message_id: str, link: str, *, at: datetime = NOW, agent: str = CHROME) -> bool:
    [reader, *_] = await recipient_ids(server.store, UUID(message_id))
    visit = Visit(at=at, user_agent=agent, geo=SERBIA)
    recorded = await server.store.database.write(clicks.record, reader, visit, link, "HTML")
    assert recorded is not None
    return recorded.first


async def _found(server: Server, path: str, query: str = "", token: str = TOKENS.server) -> list[str]:
    page = await server.get(f"/messages/outbound/{path}?count=50&offset=0{query}", token=token)
    rows = page["Opens" if path.startswith("opens") else "Clicks"]
    assert page["TotalCount"] == len(rows)
    return [row["MessageID"] for row in rows]


async def test_an_open_is_listed_whole(server: Server) -> None:
    """In the form of Postmark's own example."""
    message_id = await server.send("Ann <Ann@example.org>", Tag="welcome")
    await _open(server, message_id, agent=CHROME, read_seconds=5)
    assert await server.get("/messages/outbound/opens?count=1&offset=0") == {
        "TotalCount": 1,
        "Opens": [
            {
                "RecordType": "Open",
                "Client": {"Name": "Chrome 35.0.1916.153", "Company": "Google", "Family": "Chrome"},
                "OS": {"Name": "Mac OS X 10.7.5", "Company": "Apple", "Family": "Mac OS X"},
                "Platform": "WebMail",
                "UserAgent": CHROME,
                "Geo": {
                    "CountryISOCode": "RS",
                    "Country": "Serbia",
                    "RegionISOCode": "VO",
                    "Region": "Vojvodina",
                    "City": "Novi Sad",
                    "Zip": "21000",
                    "Coords": "45.2517,19.8369",
                    "IP": "192.0.2.235",
                },
                "MessageID": message_id,
                "MessageStream": "outbound",
                "ReceivedAt": "2026-11-23T12:00:00.1234560Z",
                "Tag": "welcome",
                "Recipient": "Ann@example.org",
                "ReadSeconds": 5,
            }
        ],
    }


async def test_nothing_known_about_the_reader_is_said_so(server: Server) -> None:
    """Clients read Client, OS, Platform and Geo even then."""
    await _open(server, await server.send(), agent="", geo=Geo())
    [shown] = (await server.get("/messages/outbound/opens?count=1&offset=0"))["Opens"]
    nobody = {"Name": "unknown", "Company": "unknown", "Family": "unknown"}
    assert (shown["Client"], shown["OS"], shown["Platform"], shown["Geo"]) == (nobody, nobody, "Unknown", {})
    assert "ReadSeconds" not in shown


async def test_the_first_open_of_each_recipient_is_kept(server: Server) -> None:
    """A second is counted, and not listed."""
    message_id = await server.send("ann@example.org, bob@example.org")
    later = NOW + timedelta(minutes=1)
    assert await _open(server, message_id)
    assert not await _open(server, message_id, at=later, agent=CHROME)
    assert await _open(server, message_id, of=1, at=later)
    page = await server.get(f"/messages/outbound/opens/{message_id}?count=50&offset=0")
    assert page["TotalCount"] == 2
    assert [one["Recipient"] for one in page["Opens"]] == ["bob@example.org", "ann@example.org"]
    assert (await server.get("/stats/outbound/opens"))["Opens"] == 3
    assert (await server.get("/stats/outbound/opens"))["Unique"] == 2


async def test_a_recipient_has_one_click_a_link(server: Server) -> None:
    """However long the link is."""
    message_id = await server.send()
    long = f"https://example.com/?{'x' * 10_000}"
    assert await _click(server, message_id, long)
    assert await _click(server, message_id, f"{long}y", at=NOW + timedelta(seconds=1))
    assert not await _click(server, message_id, long, at=NOW + timedelta(seconds=2))
    page = await server.get(f"/messages/outbound/clicks/{message_id}?count=50&offset=0")
    assert page["TotalCount"] == 2
    assert [one["OriginalLink"] for one in page["Clicks"]] == [f"{long}y", long]
    shown = page["Clicks"][1]
    assert (shown["RecordType"], shown["ClickLocation"], shown["Platform"]) == ("Click", "HTML", "Desktop")
    assert (await server.get("/stats/outbound/clicks"))["Clicks"] == 3


async def test_a_message_shows_its_opens_and_clicks_among_its_events(server: Server) -> None:
    """In order of time."""
    message_id = await server.send()
    await _click(server, message_id, "https://example.com/a", at=NOW + timedelta(minutes=2))
    await _open(server, message_id, at=NOW + timedelta(minutes=1), agent=GMAIL)
    opened, clicked = (await server.get(f"/messages/outbound/{message_id}/details"))["MessageEvents"]
    assert opened == {
        "Recipient": "ann@example.org",
        "Type": "Opened",
        "ReceivedAt": "2026-11-23T12:01:00.1234560Z",
        "Details": {"Summary": f"Email opened with {GMAIL}"},
    }
    assert clicked["Type"] == "LinkClicked"
    assert clicked["Details"] == {
        "Summary": "Tracked Link 'https://example.com/a' was clicked from the HTMLBody.",
        "Link": "https://example.com/a",
        "ClickLocation": "HTML",
    }


@pytest.mark.parametrize("path", PATHS)
async def test_every_filter_narrows(server: Server, path: str) -> None:
    """All but tag and stream without regard to case."""
    first = await server.send("Ann@example.org", Tag="welcome")
    second = await server.send("bob@example.org")
    third = await server.send("ann@example.org", MessageStream="broadcast")
    agents = ((first, CHROME, NOW), (second, SAFARI_MOBILE, NOW + timedelta(days=1)), (third, CHROME, NOW))
    for message_id, agent, at in agents:
        if path == "opens":
            await _open(server, message_id, agent=agent, at=at, geo=Geo() if message_id == second else SERBIA)
        else:
            await _click(server, message_id, "https://example.com", agent=agent, at=at)
    mobile, desktop = (second, first)
    serbian = [first] if path == "opens" else [second, first]
    for query, expected in (
        ("", [second, first]),
        ("&recipient=ANN@example.org", [first]),
        ("&recipient=ann@example.or", []),
        ("&tag=welcome", [first]),
        ("&tag=Welcome", []),
        ("&messagestream=broadcast", [third]),
        ("&messagestream=none", []),
        ("&client_name=chrome+35.0.1916.153", [desktop]),
        ("&client_company=APPLE", [mobile]),
        ("&client_family=safari+mobile", [mobile]),
        ("&os_name=ios+17.1", [mobile]),
        ("&os_family=mac+os+x", [desktop]),
        ("&os_company=apple", [second, first]),
        ("&platform=MOBILE", [mobile]),
        ("&country=serbia", serbian),
        ("&country=rs", serbian),
        ("&region=vo", serbian),
        ("&city=novi+sad", serbian),
        ("&city=novi", []),
        ("&fromdate=2026-11-24", [second]),
        ("&todate=2026-11-23", [first]),
        ("&fromdate=2026-11-23T07:00:01", [second]),
        ("&tag=welcome&fromdate=2026-11-24", []),
        ("&tag=welcome&client_family=Chrome&recipient=ann@example.org", [first]),
    ):
        assert await _found(server, path, query) == expected, query
    assert await _found(server, path, token=OTHER_TOKEN) == []


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "query",
    ["", "?count=1", "?count=-1&offset=0", "?count=501&offset=0", "?count=x&offset=0", "?count=500&offset=9501"],
)
async def test_a_bad_page_is_700(server: Server, path: str, query: str) -> None:
    """Alike for all messages and for one."""
    message_id = await server.send()
    for of in (path, f"{path}/{message_id}"):
        assert (await server.call("GET", f"/messages/outbound/{of}{query}")).code == (422, 700)


@pytest.mark.parametrize("path", PATHS)
async def test_faults(server: Server, path: str) -> None:
    """Messages of others are not found, like those that never were."""
    message_id = await server.send()
    base = f"/messages/outbound/{path}"
    for of, token in ((message_id, OTHER_TOKEN), ("123", TOKENS.server), (str(UUID(int=7)), TOKENS.server)):
        assert (await server.call("GET", f"{base}/{of}?count=1&offset=0", token=token)).code == (422, 701)
    assert (await server.call("GET", f"{base}?count=1&offset=0&platform=tv")).code == (422, 700)
    assert (await server.call("GET", f"{base}?count=1&offset=0&fromdate=soon")).code == (422, 700)
    assert (await server.call("GET", f"{base}?count=1&offset=0", token="x")).code == (401, 10)
    assert (await server.call("GET", f"{base}/{message_id}?count=1&offset=0", token="x")).code == (401, 10)


async def test_visits_are_counted_by_day_and_kind(server: Server) -> None:
    """Every open and click, also those that are not listed."""
    message_id = await server.send(Tag="welcome")
    other = await server.send()
    await _open(server, message_id, agent=GMAIL, read_seconds=3)
    await _open(server, message_id, agent=SAFARI_MOBILE, read_seconds=70, at=NOW + timedelta(days=1))
    await _open(server, other, agent="")
    await _click(server, message_id, "https://example.com/a", agent=CHROME)
    await _click(server, message_id, "https://example.com/a", agent=SAFARI_MOBILE)
    await _click(server, message_id, "https://example.com/b", agent="")
    [reader] = await recipient_ids(server.store, UUID(message_id))
    for _ in range(2):
        await server.store.database.write(deliveries.track, reader, opens=True, links=4)
    stats = "/stats/outbound"
    assert await server.get(f"{stats}/opens") == {
        "Days": [
            {"Date": "2026-11-23", "Opens": 2, "Unique": 2},
            {"Date": "2026-11-24", "Opens": 1, "Unique": 0},
        ],
        "Opens": 3,
        "Unique": 2,
    }
    assert await server.get(f"{stats}/opens/platforms?tag=welcome") == {
        "Days": [
            {"Date": "2026-11-23", "Desktop": 0, "Mobile": 0, "Unknown": 0, "WebMail": 1},
            {"Date": "2026-11-24", "Desktop": 0, "Mobile": 1, "Unknown": 0, "WebMail": 0},
        ],
        "Desktop": 0,
        "Mobile": 1,
        "Unknown": 0,
        "WebMail": 1,
    }
    for path, sums in (
        ("opens/emailclients", {"Gmail": 1, "Safari Mobile": 1, "unknown": 1}),
        ("opens/readtimes", {"3s": 1, "20s+": 1, "unknown": 1}),
        ("clicks", {"Clicks": 3, "Unique": 2}),
        ("clicks/browserfamilies", {"Chrome": 1, "Safari Mobile": 1, "unknown": 1}),
        ("clicks/platforms", {"Desktop": 1, "Mobile": 1, "Unknown": 1}),
        ("clicks/location", {"HTML": 3, "Text": 0}),
        ("tracked", {"Tracked": 1}),
    ):
        shown = await server.get(f"{stats}/{path}")
        assert {key: value for key, value in shown.items() if key != "Days"} == sums, path
        assert sum(sum(value for value in day.values() if isinstance(value, int)) for day in shown["Days"]) == sum(
            sums.values()
        )
    overview = await server.get(stats)
    assert {key: value for key, value in overview.items() if value} == {
        "Sent": 2,
        "Opens": 3,
        "UniqueOpens": 2,
        "Tracked": 1,
        "WithLinkTracking": 1,
        "WithOpenTracking": 1,
        "TotalTrackedLinksSent": 4,
        "UniqueLinksClicked": 2,
        "TotalClicks": 3,
        "WithClientRecorded": 2,
        "WithPlatformRecorded": 2,
        "WithReadTimeRecorded": 2,
    }


async def test_a_mail_that_is_no_longer_kept_has_no_opens(server: Server) -> None:
    """Its pixel may be loaded for years."""
    visit = Visit(at=NOW)
    assert await server.store.database.write(opens.record, 7, visit) is None
    assert await server.store.database.write(clicks.record, 7, visit, "https://example.com", "Text") is None
