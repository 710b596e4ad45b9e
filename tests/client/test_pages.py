# pyright: basic
"""client-api section 3."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from carom import PaginationLimitError
from carom.wire.times import eastern
from tests.client.conftest import Make
from tests.client.scripts import Asked, Script, answer, collect, items, settle
from tests.client.test_values import BOUNCE

pytestmark = pytest.mark.anyio


def bounce_list(total: int, *, moment: Any = None) -> Any:
    """An API with so many bounces, newest first; ``todate`` includes the second that it names."""
    at = moment or (lambda n: datetime(2026, 1, 15, tzinfo=eastern()) - timedelta(seconds=n / 3))
    rows = [{**BOUNCE, "ID": total - n, "BouncedAt": at(n).isoformat()} for n in range(total)]
    times = [at(n) for n in range(total)]

    def listed(asked: Asked) -> Any:
        count, offset = int(asked.query["count"]), int(asked.query["offset"])
        assert count + offset <= 10_000
        until = asked.query.get("todate")
        first = 0
        if until:
            bound = datetime.fromisoformat(until).replace(tzinfo=eastern())
            first = next((n for n, time in enumerate(times) if time <= bound), total)
        found = rows[first:]
        return answer({"TotalCount": len(found), "Bounces": found[offset : offset + count]})

    return listed


async def test_c30_a_page_is_a_sequence_that_knows_more(make: Make) -> None:
    page = await settle(make(Script(bounce_list(45))).get_bounces(count=10, offset=20))
    assert (page.total_count, page.offset, page.count, len(page)) == (45, 20, 10, 10)
    assert [bounce.id for bounce in page[:2]] == [25, 24]
    assert page[-1].id == 16
    assert page.raw["TotalCount"] == 45
    total, bounces = page.pair
    assert (total, bounces) == (45, list(page))
    assert page == list(page)


async def test_c31_s19_a_pager_asks_nothing_before_the_first_item_and_starts_anew(make: Make) -> None:
    script = Script(bounce_list(12))
    pager = make(script).bounces(page_size=5)
    assert not script.asked
    assert [bounce.id for bounce in await items(pager)] == list(range(12, 0, -1))
    assert len(await items(pager)) == 12
    assert await settle(pager.size()) == 12
    assert script.last.query == {"count": "1", "offset": "0"}
    assert [bounce.id for bounce in await settle(pager.first(2))] == [12, 11]
    assert await settle(pager.first(0)) == []
    assert [len(page) for page in await items(pager.pages())] == [5, 5, 2]
    assert len(await settle(pager.to_list())) == 12


async def test_c31_filters_and_limit_go_along(make: Make) -> None:
    script = Script(bounce_list(12))
    found = await items(make(script).bounces(page_size=5, limit=7, tag="t"))
    assert (len(found), [asked.query["tag"] for asked in script.asked]) == (7, ["t", "t"])
    assert await items(make(script).bounces(limit=0)) == []


async def test_r3_an_empty_page_ends(make: Make) -> None:
    assert await items(make(Script(answer({"TotalCount": 5, "Bounces": []}))).bounces()) == []


async def test_r4_a_pager_starts_at_its_offset(make: Make) -> None:
    script = Script(bounce_list(45))
    assert [bounce.id for bounce in await items(make(script).bounces(offset=40))] == [5, 4, 3, 2, 1]
    assert script.asked[0].query["offset"] == "40"


async def test_c32_sizes(make: Make) -> None:
    script = Script(bounce_list(3))
    await items(make(script).bounces())
    assert script.last.query["count"] == "500"
    await settle(make(script).get_bounces())
    assert script.last.query == {"count": "30", "offset": "0"}
    for wrong in ({"count": 501}, {"count": 0}, {"offset": -1}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            await settle(make(script).get_bounces(**wrong))


async def test_s13_all_bounces(make: Make) -> None:
    assert len(await items(make(Script(bounce_list(1500))).bounces())) == 1500


@pytest.mark.parametrize("total", [10_000, 10_001, 23_456])
async def test_c33_past_the_limit_by_windows(make: Make, total: int) -> None:
    found = await items(make(Script(bounce_list(total))).bounces())
    assert [bounce.id for bounce in found] == list(range(total, 0, -1))


async def test_c33_the_hour_that_comes_twice(make: Make) -> None:
    """In the autumn night the API's zoneless times are ambiguous; nothing is lost or repeated."""
    newest = datetime(2025, 11, 2, 9, tzinfo=eastern()).timestamp()
    script = Script(bounce_list(21_000, moment=lambda n: datetime.fromtimestamp(newest - n, eastern())))
    found = await items(make(script).bounces())
    assert [bounce.id for bounce in found] == list(range(21_000, 0, -1))


async def test_c33_where_it_cannot_go_on_it_says_so(make: Make) -> None:
    same = datetime(2026, 1, 15, tzinfo=eastern())
    found: list[Any] = []
    with pytest.raises(PaginationLimitError):
        await collect(make(Script(bounce_list(10_500, moment=lambda _: same))).bounces(), found)
    assert len({bounce.id for bounce in found}) == len(found) == 10_000
    opens = Script(
        lambda asked: answer({"TotalCount": 20_000, "Opens": [{"MessageID": "m"}] * int(asked.query["count"])})
    )
    with pytest.raises(PaginationLimitError):
        await items(make(opens).opens())
    assert len(await items(make(opens).opens(limit=600))) == 600


async def test_c34_find_each(make: Make) -> None:
    script = Script(
        lambda asked: answer(
            {"TotalCount": 3, "NewThings": [{"AnId": n} for n in range(3)][int(asked.query["offset"]) :]}
        )
    )
    found = await items(make(script).find_each("new-things", "new_things", page_size=2, hot=True))
    assert [record.an_id for record in found] == [0, 1, 2]
    assert (script.asked[0].path, script.asked[0].query["hot"]) == ("/new-things", "true")
    assert found[0]["AnId"] == found[0]["an_id"] == 0
