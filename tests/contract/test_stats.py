"""Statistics, on both databases. The clock stands at noon UTC of 2026-11-23, seven in the morning in New York."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from carom.server.pipeline.jobs import Bounced, Settle
from carom.server.pipeline.stages.settle import settle
from carom.server.rules.lifecycle import Event
from carom.taxonomy import BounceType
from tests.contract.conftest import OTHER_TOKEN, Server
from tests.store.sending import recipient_ids
from tests.stores import NOW

pytestmark = pytest.mark.anyio

EMPTY = {
    "sends": ["Sent"],
    "bounces": ["HardBounce", "SoftBounce", "Transient", "SMTPApiError"],
    "spam": ["SpamComplaint"],
    "tracked": ["Tracked"],
    "opens": ["Opens", "Unique"],
    "opens/platforms": ["Desktop", "Mobile", "Unknown", "WebMail"],
    "opens/emailClients": [],
    "opens/readTimes": [],
    "clicks": ["Clicks", "Unique"],
    "clicks/browserfamilies": [],
    "clicks/platforms": ["Desktop", "Mobile", "Unknown"],
    "clicks/location": ["HTML", "Text"],
}
PATHS = ["", *(f"/{path}" for path in EMPTY)]


async def _bounce(server: Server, message_id: str, kind: BounceType, at: datetime) -> None:
    [first, *_] = await recipient_ids(server.store, UUID(message_id))
    bounced = Bounced(kind, "smtp;550", None, "rule")
    await server.store.database.write(settle, Settle(first, Event.RETURNED, at, {}, bounced))


@pytest.mark.parametrize("path", EMPTY)
async def test_where_nothing_happened_all_totals_are_zero(server: Server, path: str) -> None:
    """They are there, and Days is a list."""
    assert await server.get(f"/stats/outbound/{path}") == {"Days": [], **dict.fromkeys(EMPTY[path], 0)}


async def test_sends_are_counted_by_recipient_and_day_of_new_york(server: Server) -> None:
    """Midnight there is five in the morning UTC in winter, four in summer."""
    for days, hours in ((0, 16), (0, 17), (-22, 16), (-22, 17), (-23, 15), (-23, 16)):
        server.now = NOW.replace(minute=0, second=0, microsecond=0) + timedelta(days=days, hours=hours)
        await server.send("ann@example.org, bob@example.org", Tag="a" if days else "b")
    counted = await server.get("/stats/outbound/sends")
    assert counted == {
        "Days": [
            {"Date": "2026-10-31", "Sent": 2},
            {"Date": "2026-11-01", "Sent": 4},
            {"Date": "2026-11-02", "Sent": 2},
            {"Date": "2026-11-23", "Sent": 2},
            {"Date": "2026-11-24", "Sent": 2},
        ],
        "Sent": 12,
    }
    for query, expected in (
        ("tag=b", 4),
        ("fromdate=2026-11-24", 2),
        ("todate=2026-11-23", 10),
        ("fromdate=2026-11-1&todate=2026-11-01", 4),
        ("messagestream=outbound", 12),
        ("messagestream=broadcast", 0),
    ):
        assert (await server.get(f"/stats/outbound/sends?{query}"))["Sent"] == expected, query
    assert (await server.get("/stats/outbound/sends", token=OTHER_TOKEN))["Sent"] == 0


async def test_bounces_and_complaints_are_counted_by_type(server: Server) -> None:
    """A day has all keys of its kind; types that are no bounces for Postmark are not counted."""
    ids = [await server.send(Tag="x") for _ in range(8)]
    await _bounce(server, ids[0], BounceType.HARD_BOUNCE, NOW)
    ids = [await server.send(f"a{number}@example.org") for number in range(8)]
    await _bounce(server, ids[1], BounceType.SOFT_BOUNCE, NOW)
    await _bounce(server, ids[2], BounceType.SOFT_BOUNCE, NOW + timedelta(days=1))
    await _bounce(server, ids[3], BounceType.SPAM_COMPLAINT, NOW)
    await _bounce(server, ids[4], BounceType.AUTO_RESPONDER, NOW)
    await _bounce(server, ids[5], BounceType.SMTP_API_ERROR, NOW)
    assert await server.get("/stats/outbound/bounces") == {
        "Days": [
            {"Date": "2026-11-23", "HardBounce": 1, "SMTPApiError": 1, "SoftBounce": 1, "Transient": 0},
            {"Date": "2026-11-24", "HardBounce": 0, "SMTPApiError": 0, "SoftBounce": 1, "Transient": 0},
        ],
        "HardBounce": 1,
        "SMTPApiError": 1,
        "SoftBounce": 2,
        "Transient": 0,
    }
    assert await server.get("/stats/outbound/spam") == {
        "Days": [{"Date": "2026-11-23", "SpamComplaint": 1}],
        "SpamComplaint": 1,
    }
    assert (await server.get("/stats/outbound/bounces?tag=x"))["HardBounce"] == 1
    overview = await server.get("/stats/outbound")
    assert {key: value for key, value in overview.items() if value} == {
        "Sent": 16,
        "Bounced": 3,
        "SMTPApiErrors": 1,
        "BounceRate": 18.75,
        "SpamComplaints": 1,
        "SpamComplaintsRate": 6.25,
    }
    assert len(overview) == 17


@pytest.mark.parametrize("path", PATHS)
async def test_faults(server: Server, path: str) -> None:
    """Alike for all thirteen."""
    for query, code in (
        ("fromdate=soon", 900),
        ("todate=2026-13-01", 900),
        ("messagestream=none", 1226),
        ("fromdate=2025-11-01", 1500),
        ("fromdate=2026-11-02&todate=2026-11-01", 1502),
    ):
        assert (await server.call("GET", f"/stats/outbound{path}?{query}")).code == (422, code), query
    assert (await server.call("GET", f"/stats/outbound{path}", token="x")).code == (401, 10)
