# pyright: basic
"""client-api section 3: pages and pagers over a list that the server really cuts."""

import pytest

import carom
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


async def test_s13_c33_windows_lose_and_repeat_nothing(world: World) -> None:
    """The pager goes on by date windows past an end that this test draws near."""
    results = await world.client.deliver_in_batches(
        {"from_": "me@example.com", "to": "a@example.org", "text_body": str(n)} for n in range(40)
    )
    assert len({message.message_id for message in await world.client.messages(page_size=7)}) == len(results) == 40


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
