# pyright: basic
"""C-33: past the 10,000th item of lists whose items tell no time, or no id."""

import random
from datetime import datetime, timedelta
from typing import Any

import pytest

from carom import PaginationLimitError
from carom.client._windows import search
from carom.wire.times import eastern
from tests.client.conftest import Make
from tests.client.scripts import Asked, Script, answer, collect, items

pytestmark = pytest.mark.anyio

INBOUND = {"From": "a@b.test", "Date": "Thu, 1 Jan 1970 00:00:00 +0000", "Status": "Processed"}
NEWEST = datetime(2026, 3, 1, tzinfo=eastern())


def listed(name: str, rows: list[dict[str, Any]], times: list[datetime], *, arriving: int = 0) -> Any:
    """An API with rows, newest first. ``todate`` includes the second that it names; with ``arriving`` a new one comes
    after so many requests."""
    asked_so_far = 0

    def serve(asked: Asked) -> Any:
        nonlocal asked_so_far
        asked_so_far += 1
        if arriving and asked_so_far % arriving == 0:
            rows.insert(0, {**rows[0], "MessageID": f"new-{asked_so_far}"})
            times.insert(0, times[0])
        count, offset = int(asked.query["count"]), int(asked.query["offset"])
        assert count + offset <= 10_000
        first = 0
        if until := asked.query.get("todate"):
            bound = datetime.fromisoformat(until).replace(tzinfo=eastern()) + timedelta(seconds=1)
            first = next((n for n, time in enumerate(times) if time < bound), len(rows))
        found = rows[first:]
        return answer({"TotalCount": len(found), name: found[offset : offset + count]})

    return serve


def received(total: int) -> list[dict[str, Any]]:
    return [{**INBOUND, "MessageID": str(total - n)} for n in range(total)]


@pytest.mark.parametrize(
    ("total", "apart"),
    [(10_000, 1.0), (10_001, 1.0), (25_000, 0.3), (21_000, 9_000.0), (20_001, 0.001)],
)
async def test_c33_received_mail_by_counting(make: Make, total: int, apart: float) -> None:
    """Its only date is the sender's own. One a second, three a second, one in hours, a thousand a second."""
    chance = random.Random(7)
    at, times = NEWEST, []
    for _ in range(total):
        at -= timedelta(seconds=apart * chance.random() * 2)
        times.append(at)
    script = Script(listed("InboundMessages", received(total), times))
    found = await items(make(script).messages(inbound=True))
    assert [message.message_id for message in found] == [str(n) for n in range(total, 0, -1)]
    assert len(script.asked) < total // 500 + 60 * (total // 10_000 + 1)
    assert all("todate" not in asked.query for asked in script.asked[:20])


async def test_c33_new_mail_that_arrives_meanwhile_repeats_nothing(make: Make) -> None:
    times = [NEWEST - timedelta(seconds=n) for n in range(12_000)]
    script = Script(listed("InboundMessages", received(12_000), times, arriving=3))
    found = [message.message_id for message in await items(make(script).messages(inbound=True))]
    assert len(found) == len(set(found))
    assert set(found) >= {str(n) for n in range(1, 12_001)}


async def test_c33_a_second_that_holds_more_than_the_api_shows(make: Make) -> None:
    """No time can cut it: all that can be reached, then an error, and no end of requests."""
    script = Script(listed("InboundMessages", received(10_500), [NEWEST] * 10_500))
    found: list[Any] = []
    with pytest.raises(PaginationLimitError):
        await collect(make(script).messages(inbound=True), found)
    assert len({message.message_id for message in found}) == len(found) == 10_000
    assert len(script.asked) < 200


async def test_c33_opens_and_clicks_too(make: Make) -> None:
    """They have no id: alike ones are as many as they are, on both sides of a cut."""
    rows = [
        {"MessageID": "m", "Recipient": "a@b.test", "ReceivedAt": (NEWEST - timedelta(seconds=n // 7)).isoformat()}
        for n in range(23_000)
    ]
    times = [datetime.fromisoformat(row["ReceivedAt"]) for row in rows]
    for call, name in (("opens", "Opens"), ("clicks", "Clicks")):
        found = await items(getattr(make(Script(listed(name, rows, times))), call)())
        assert [open_.received_at for open_ in found] == times


async def test_c33_bounces_without_an_id_are_all_given(make: Make) -> None:
    rows = [{"Email": f"{n}@b.test"} for n in range(900)]
    found = await items(make(Script(listed("Bounces", rows, [NEWEST] * 900))).bounces())
    assert [bounce.email for bounce in found] == [row["Email"] for row in rows]


def test_c33_the_search_ends_when_there_is_nothing_older() -> None:
    """A server whose todate does nothing."""
    looking = search(None, 20_000, NEWEST)
    next(looking)
    asked = 0
    try:
        while asked < 200:
            looking.send(20_000)
            asked += 1
    except StopIteration:
        pass
    assert asked < 100
