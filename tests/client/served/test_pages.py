# pyright: basic
"""client-api section 3: pages and pagers over a list that the server really cuts."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

import carom
from carom.client import _windows
from carom.client._async import pager as _async_pager
from carom.client._sync import pager as _sync_pager
from carom.server.keyring import new_message_id
from carom.server.pipeline.stages.accept import accept
from carom.server.rules.sending import check
from carom.server.store import rollup, servers
from carom.server.store.opening import open_database
from carom.wire.email import SendEmail
from tests.client.scripts import collect
from tests.client.served.world import World, calls, refuses

pytestmark = pytest.mark.anyio


async def rules(world: World, number: int) -> list[str]:
    """Make inbound rules."""
    made = [f"r{n}.example.org" for n in range(number)]
    for rule in made:
        await world.client.create_inbound_rule(rule)
    return made


async def test_c30_a_page_is_a_sequence_that_knows_more(world: World) -> None:
    ids = [await world.send(subject=str(n)) for n in range(5)][::-1]
    page = await world.client.get_messages(count=2, offset=1)
    assert (page.total_count, page.offset, page.count, len(page)) == (5, 1, 2, 2)
    assert [message.message_id for message in page] == ids[1:3]
    assert page[-1].message_id == ids[2]
    total, messages = page.pair
    assert (total, messages) == (5, list(page))
    assert page.raw["TotalCount"] == 5


async def test_c31_c32_r4_s19_pagers_walk_in_pages_and_start_anew(world: World) -> None:
    ids = [await world.send(subject=str(n)) for n in range(7)][::-1]
    world.log.requests.clear()
    pager = world.client.messages(page_size=3)
    assert not world.log.requests
    assert [message.message_id for message in await pager] == ids
    assert len(world.log.requests) == 3
    assert [message.message_id for message in await pager] == ids
    assert await pager.size() == 7
    assert [message.message_id for message in await pager.first(2)] == ids[:2]
    assert [message.message_id for message in await world.client.messages(page_size=2, offset=5)] == ids[5:]
    assert [message.message_id for message in await world.client.messages(page_size=3, limit=4)] == ids[:4]


@pytest.fixture
def short_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    """The API shows no more than 20 items of one question, as far as the client knows."""
    for module in (_windows, _sync_pager, _async_pager):
        monkeypatch.setattr(module, "LAST_OFFSET", 20)


async def accepted(world: World, moments: Iterable[datetime]) -> list[str]:
    """Messages that the server took at those times; their ids, newest first."""
    database = open_database(world.served.local._settings)
    ids = list[UUID]()

    def take(connection: sa.Connection) -> None:
        tenant = servers.by_token(connection, world.token)
        assert tenant is not None
        for moment in moments:
            ids.append(new_message_id(int(moment.timestamp() * 1000)))
            letter = check(SendEmail(from_="me@example.com", to="a@example.org", text_body="x"))
            accept(connection, tenant, [letter], confirmed_sender=False, now=moment, new_id=lambda: ids[-1])
        rollup.rebuild(connection, datetime.now(UTC))  # the minutes of those times have been added up

    try:
        await database.write(take)
    finally:
        await database.close()
    return [str(one) for one in reversed(ids)]


@pytest.mark.usefixtures("short_lists")
async def test_s13_c33_windows_lose_and_repeat_nothing(world: World) -> None:
    """Past the end of what one question shows, the next one asks for what is older."""
    start = datetime.now(UTC) - timedelta(days=1)
    ids = await accepted(world, (start + timedelta(seconds=n * 0.4) for n in range(75)))
    world.log.requests.clear()
    assert [message.message_id for message in await world.client.messages(page_size=7)] == ids
    assert len(world.log.requests) > 75 / 7


@pytest.mark.usefixtures("short_lists")
async def test_c33_where_windows_cannot_tell_items_apart_it_says_so(world: World) -> None:
    second = (datetime.now(UTC) - timedelta(days=1)).replace(microsecond=0)
    ids = await accepted(world, (second + timedelta(milliseconds=n) for n in range(45)))
    found: list[Any] = []
    with pytest.raises(carom.PaginationLimitError):
        await collect(world.client.messages(page_size=7).pager, found)
    assert [message.message_id for message in found] == ids[:20]


async def test_c32_r3_past_the_end_is_an_empty_page(world: World) -> None:
    await world.send()
    page = await world.client.get_messages(offset=10)
    assert (page.total_count, list(page)) == (1, [])
    assert await world.client.messages(offset=10) == []
    assert len(await world.client.get_messages(count=500)) == 1


@refuses("get_messages")
async def test_c33_no_page_reaches_past_ten_thousand(world: World) -> None:
    with pytest.raises(carom.ApiInputError) as caught:
        await world.client.get_messages(count=30, offset=9_971)
    assert caught.value.error_code == 700


@calls("find_each")
async def test_c34_find_each(world: World) -> None:
    made = await rules(world, 5)
    found = await world.client.find_each("/triggers/inboundrules", "inbound_rules", page_size=2)
    assert {record.rule for record in found} == set(made)
    assert found[0]["ID"] == found[0].id
