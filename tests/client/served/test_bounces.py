# pyright: basic
"""client-api section 6: bounces, as real mail makes them."""

from datetime import timedelta

import pytest

import carom
from carom import BounceType
from tests.client.scripts import settle
from tests.client.served.world import FROM, HARD, LETTER, World, calls, refuses, until

pytestmark = pytest.mark.anyio


@calls("get_bounces", "bounces", "get_bounce", "dump_bounce", "activate_bounce")
async def test_c6_a_bounce_is_listed_read_dumped_and_activated(world: World) -> None:
    client = world.client
    bounce = await world.bounced(HARD, tag="order", subject="Your order")
    assert (bounce.type, bounce.type_code, bounce.name) == (BounceType.HARD_BOUNCE, 1, "Hard bounce")
    assert (bounce.email, bounce.from_, bounce.tag, bounce.subject) == (HARD, FROM, "order", "Your order")
    assert (bounce.inactive, bounce.can_activate, bounce.dump_available) == (True, True, True)
    assert (bounce.server_id, bounce.message_stream) == ((await client.server_info()).id, "outbound")
    assert bounce.details.startswith("smtp;550 5.1.1")
    assert [one.id for one in await client.bounces(tag="order")] == [bounce.id]
    one = await client.get_bounce(bounce.id)
    body = (await client.dump_bounce(bounce.id)).body
    assert one.content == body
    assert HARD in body
    active = await client.activate_bounce(bounce.id)
    assert (active.id, active.inactive, active.ack) == (bounce.id, False, "OK")
    assert not (await client.get_bounce(bounce.id)).inactive
    await world.send(HARD)


@refuses("get_bounce", "dump_bounce", "activate_bounce", "get_bounces", "bounces")
async def test_c6_bounces_that_are_not_there_or_not_asked_for_rightly(world: World) -> None:
    client = world.client
    for call in (client.get_bounce, client.dump_bounce, client.activate_bounce):
        with pytest.raises(carom.NotFoundError) as caught:
            await call(1)
        assert (caught.value.status_code, caught.value.error_code) == (422, 1001)
    for wrong in ({"type": "Nonsense"}, {"fromdate": "someday"}, {"offset": 9_990, "count": 30}):
        with pytest.raises(carom.ApiInputError) as refused:
            await client.get_bounces(**wrong)
        assert refused.value.error_code == 1000
    with pytest.raises(carom.ApiInputError):
        await client.bounces(type="Nonsense")


@calls("delivery_stats")
async def test_c6_s1_what_bounced_is_counted_by_type(world: World) -> None:
    stats = await world.client.delivery_stats()
    assert stats.inactive_mails == 0
    assert [(row.name, row.type, row.count) for row in stats.bounces] == [("All", None, 0)]
    await world.bounced(HARD)
    await world.bounced("softbounce@bounce-testing.postmarkapp.com")
    stats = await world.client.delivery_stats()
    assert stats.inactive_mails == 1
    assert {(row.type, row.count) for row in stats.bounces} == {(None, 2), ("HardBounce", 1), ("SoftBounce", 1)}
    assert (stats.bounces[0].name, stats.bounces[0].type) == ("All", None)


@refuses("delivery_stats")
async def test_c6_c80_a_wrong_token_is_refused_everywhere(world: World) -> None:
    stranger = world.make(token="00000000-0000-4000-8000-000000000000")
    with pytest.raises(carom.InvalidApiKeyError) as caught:
        await stranger.delivery_stats()
    assert (caught.value.status_code, caught.value.error_code) == (401, 10)
    assert caught.value.message == "Request does not contain a valid Server token."
    with pytest.raises(carom.InvalidApiKeyError) as caught:
        await world.make("account", world.token).get_servers_count()
    assert caught.value.message == "Request does not contain a valid Account token."


@calls("deliver_in_batches")
async def test_c6_s4_every_type_that_can_be_asked_for(world: World) -> None:
    kinds = [kind for kind in BounceType if kind is not BounceType.SPAM_COMPLAINT]
    letters = [{**LETTER, "to": f"{kind.lower()}@bounce-testing.postmarkapp.com"} for kind in kinds]
    sent = {
        result.message_id: kind
        for result, kind in zip(await world.client.deliver_in_batches(letters), kinds, strict=True)
    }

    async def all_bounced() -> list[carom.Bounce]:
        bounces: list[carom.Bounce] = await world.client.bounces()
        return bounces if len(bounces) == len(kinds) else []

    for bounce in await until(all_bounced, "a bounce of each type"):
        kind = sent[bounce.message_id]
        assert (bounce.type, bounce.type_code) == (kind, kind.code)
        assert bounce.description
        assert [one.id for one in await world.client.get_bounces(type=kind)] == [bounce.id]


async def test_c6_s5_filters_of_bounces_narrow(world: World) -> None:
    hard = await world.bounced(HARD, tag="a")
    soft = await world.bounced("softbounce@bounce-testing.postmarkapp.com", tag="b", message_stream="broadcast")
    day = hard.bounced_at.date()

    async def found(**filters: object) -> list[int]:
        return [bounce.id for bounce in await world.client.get_bounces(**filters)]

    assert await found() == [soft.id, hard.id]
    assert await found(inactive=True) == [hard.id]
    assert await found(inactive=False) == [soft.id]
    assert await found(email_filter="softb") == [soft.id]
    assert await found(tag="a", message_id=hard.message_id) == [hard.id]
    assert await found(message_stream="broadcast") == [soft.id]
    assert await found(todate=day - timedelta(days=2)) == []
    assert await found(fromdate=day - timedelta(days=2), todate=day + timedelta(days=2)) == [soft.id, hard.id]
    assert await found(fromdate=hard.bounced_at + timedelta(hours=1)) == []
    assert await found(fromdate=hard.bounced_at - timedelta(hours=1)) == [soft.id, hard.id]


async def test_c6_a_bounce_can_be_dumped_and_activated_by_itself(world: World) -> None:
    """Through the client that it came from; without one, through the global one."""
    bounce = await world.bounced(HARD)
    assert HARD in (await settle(bounce.dump()) or "")
    assert (await settle(bounce.activate())).ack == "OK"
    carom.configure(world.token, base_url=world.served.url)
    try:
        assert [one.id for one in carom.Bounce.all(type="HardBounce")] == [bounce.id]
        assert not carom.Bounce.find(bounce.id).inactive
        assert carom.delivery_stats().inactive_mails == 0
    finally:
        carom.api_client().close()
        carom.configure(None)
