# pyright: basic
"""client-api section 6: messages that were sent."""

from datetime import timedelta
from email import message_from_string

import pytest

import carom
from tests.client.served.world import HARD, World, calls, refuses, until

pytestmark = pytest.mark.anyio

NOWHERE = "00000000-0000-4000-8000-000000000000"


@calls("messages", "get_messages", "get_messages_count")
async def test_c6_sent_messages_are_listed_and_counted(world: World) -> None:
    ids = [await world.send(tag="a" if n else "b", subject=f"Order {n}", metadata={"n": str(n)}) for n in range(3)]
    client = world.client
    page = await client.get_messages()
    assert (page.total_count, [message.message_id for message in page]) == (3, ids[::-1])
    message = page[-1]
    assert (message.sandboxed, message.track_links) == (False, "None")
    assert (message.tag, message.subject, message.metadata) == ("b", "Order 0", {"n": "0"})
    assert [one.message_id for one in await client.messages(tag="a")] == [ids[2], ids[1]]
    assert await client.get_messages_count() == 3
    assert await client.get_messages_count(tag="b") == 1
    assert await client.get_messages_count(message_stream="broadcast") == 0


@calls("get_messages")
async def test_c6_c25_filters_of_messages_narrow(world: World) -> None:
    one = await world.send("ann@example.org", tag="a", subject="First one", metadata={"color": "blue"})
    other = await world.send("bob@example.org", cc="cy@example.org", from_="other@example.com", subject="Second")
    at = (await world.client.get_message(one)).received_at

    async def found(**filters: object) -> list[str]:
        return [message.message_id for message in await world.client.get_messages(**filters)]

    assert await found(recipient="ANN@example.org") == [one]
    assert await found(recipient="cy@example.org") == [other]
    assert await found(fromemail="other@example.com") == [other]
    assert await found(tag="a") == await found(subject="first") == await found(metadata={"color": "blue"}) == [one]

    async def sent() -> bool:
        return await found(status="sent") == await found(status="processed") == [other, one]

    await until(sent, "the delivery of both")
    assert await found(status="queued") == []
    assert {message.status for message in await world.client.get_messages()} == {"Sent"}
    assert await found(fromdate=at - timedelta(hours=1), todate=at + timedelta(hours=1)) == [other, one]
    assert await found(fromdate=at + timedelta(hours=1)) == await found(todate=at.date() - timedelta(days=2)) == []
    assert await found(fromdate=(at - timedelta(days=2)).date()) == [other, one]


@calls("get_message", "dump_message")
async def test_c6_c24_a_message_has_its_source_and_its_events(world: World) -> None:
    client = world.client
    message_id = await world.send(html_body="<p>Hello</p>")

    async def delivered() -> object:
        message = await client.get_message(message_id)
        return message if message.message_events else None

    message = await until(delivered, "the delivery")
    [event] = message.message_events
    assert (event.type, event.recipient) == ("Delivered", "ann@example.org")
    assert event.details["DeliveryMessage"].startswith("smtp;250")
    assert event.received_at.tzinfo is not None
    body = (await client.dump_message(message_id)).body
    assert body == message.body
    assert message_from_string(body)["X-PM-Message-Id"] == message_id


async def test_c6_a_bounced_message_says_so(world: World) -> None:
    bounce = await world.bounced(HARD)
    message = await world.client.get_message(bounce.message_id)
    [event] = [event for event in message.message_events if event.type == "Bounced"]
    assert (event.recipient, event.details["BounceID"]) == (HARD, str(bounce.id))


@refuses("get_message", "dump_message", "get_messages", "messages", "get_messages_count")
async def test_c6_messages_that_are_not_there_or_not_asked_for_rightly(world: World) -> None:
    client = world.client
    for call in (client.get_message, client.dump_message):
        for unknown in (NOWHERE, "no-uuid"):
            with pytest.raises(carom.NotFoundError) as caught:
                await call(unknown)
            assert (caught.value.status_code, caught.value.error_code) == (422, 701)
    for call in (client.get_messages, client.messages, client.get_messages_count):
        with pytest.raises(carom.ApiInputError) as refused:
            await call(status="nonsense")
        assert refused.value.error_code == 700
