# pyright: basic
"""client-api section 6: opens and clicks. They are put into the store: mails go out without what makes them so far."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
import sqlalchemy as sa

import carom
from carom.server.store import clicks, deliveries, opens
from carom.server.store.opening import open_database
from carom.server.store.schema import recipient
from carom.server.store.visits import Visit
from carom.wire.messages import Geo
from tests.client.served.world import World, calls, refuses, until

pytestmark = pytest.mark.anyio

LINK = "https://shop.example.com/orders?id=17"
AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0 Safari/537.36"
CALLS = tuple(
    f"{start}{what}{of}" for what in ("opens", "clicks") for start in ("", "get_") for of in ("", "_by_message_id")
)


async def read_and_click(world: World) -> str:
    """Send a mail that its reader opens, and whose link is clicked; return its id."""
    message_id = await world.send(
        html_body=f'<a href="{LINK}">x</a>', track_opens=True, track_links="HtmlOnly", tag="t"
    )
    database = open_database(world.served.local._settings)
    visit = Visit(at=datetime.now(UTC), user_agent=AGENT, geo=Geo())
    wanted = sa.select(recipient.c.id).where(recipient.c.message_id == UUID(message_id))

    def visited(connection: sa.Connection) -> None:
        reader = connection.execute(wanted).scalar_one()
        deliveries.track(connection, reader, opens=True, links=1)
        opens.record(connection, reader, visit)
        clicks.record(connection, reader, visit, LINK, "HTML")

    try:
        await database.write(visited)
    finally:
        await database.close()
    return message_id


@calls(*CALLS)
async def test_c6_opens_and_clicks_are_listed(world: World) -> None:
    client = world.client
    assert list(await client.get_opens()) == list(await client.get_clicks()) == []
    message_id = await read_and_click(world)

    async def opened() -> object:
        return list(await client.get_opens())

    async def clicked() -> object:
        return list(await client.get_clicks())

    [one] = await until(opened, "the open")
    assert (one.message_id, one.recipient, one.tag, one.record_type) == (message_id, "ann@example.org", "t", "Open")
    assert (one.user_agent, one.platform, one.client.family) == (AGENT, "WebMail", "Chrome")
    [click] = await until(clicked, "the click")
    assert (click.message_id, click.original_link, click.click_location) == (message_id, LINK, "HTML")
    assert (click.platform, click.recipient) == ("Desktop", "ann@example.org")
    for found in (
        await client.get_opens_by_message_id(message_id),
        await client.opens_by_message_id(message_id),
        await client.opens(tag="t"),
        await client.get_clicks_by_message_id(message_id),
        await client.clicks_by_message_id(message_id),
        await client.clicks(platform="desktop"),
    ):
        assert [each.message_id for each in found] == [message_id]
    assert list(await client.get_opens(recipient="nobody@example.org")) == []
    assert list(await client.get_clicks(client_name="Nothing")) == []
    events = {event.type for event in (await client.get_message(message_id)).message_events}
    assert {"Opened", "LinkClicked"} <= events
    totals = await client.get_stats_totals()
    assert (totals.tracked, totals.opens, totals.unique_opens, totals.total_clicks) == (1, 1, 1, 1)
    assert (await client.get_stats_counts("tracked"))["Tracked"] == 1
    assert (await client.get_stats_counts("opens", type="platforms"))["WebMail"] == 1
    assert (await client.get_stats_counts("clicks", type="location"))["HTML"] == 1


@refuses(*CALLS)
async def test_c6_opens_and_clicks_that_are_refused(world: World) -> None:
    client = world.client
    for name in CALLS:
        call = getattr(client, name)
        with pytest.raises(carom.ApiInputError) as caught:
            await (call("00000000-0000-4000-8000-000000000000") if "by_message" in name else call(platform="Toaster"))
        assert caught.value.error_code == (701 if "by_message" in name else 700)
