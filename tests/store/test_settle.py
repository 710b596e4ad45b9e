"""What follows from one fact about a message and a recipient, on both databases."""

from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from carom.server.pipeline.jobs import Bounced, Settle
from carom.server.pipeline.stages.settle import settle
from carom.server.rules.lifecycle import Event, State
from carom.server.store import bounces, deliveries, suppressions
from carom.server.store.bounces import Filter
from carom.server.store.schema import event, recipient
from carom.taxonomy import BounceType
from carom.wire.bounces import Bounce
from tests.store.sending import recipient_ids, sent
from tests.stores import NOW, Store

pytestmark = pytest.mark.anyio

HARD = Bounced(BounceType.HARD_BOUNCE, "smtp;550 5.1.1 gone", b"the dump", "rule", "gone", "5.1.1")


async def _one(store: Store, to: str = "a@example.org") -> tuple[UUID, int]:
    message_id = await sent(store, to)
    [recipient_id] = await recipient_ids(store, message_id)
    return message_id, recipient_id


async def _state(store: Store, recipient_id: int) -> State:
    found = await store.database.read(deliveries.sent, recipient_id)
    assert found is not None
    return found.state


async def _list(store: Store, wanted: Filter | None = None) -> list[Bounce]:
    total, page = await store.database.read(bounces.page, store.tenant.server_id, wanted or Filter(), 100, 0)
    assert total == len(page)
    return page


async def _events(store: Store) -> list[Event]:
    return await store.database.read(lambda c: list(c.scalars(sa.select(event.c.kind).order_by(event.c.id))))


async def test_a_hard_bounce_is_state_event_bounce_and_suppression(store: Store) -> None:
    """All of it, in one transaction."""
    message_id, recipient_id = await _one(store)
    bounce_id = await store.database.write(settle, Settle(recipient_id, Event.REFUSED, NOW, {}, HARD))
    assert bounce_id is not None
    assert await _state(store, recipient_id) is State.BOUNCED
    assert await _events(store) == [Event.REFUSED]
    found = await store.database.read(bounces.get, store.tenant.server_id, bounce_id)
    assert found is not None
    assert (found.type, found.inactive, found.content, found.dump_available) == ("HardBounce", True, "the dump", True)
    assert (found.message_id, found.email, found.from_) == (str(message_id), "a@example.org", "Me <me@example.com>")
    assert found.bounced_at == NOW
    assert await store.database.read(bounces.dump, store.tenant.server_id, bounce_id) == b"the dump"
    due = await store.database.read(lambda c: c.scalar(sa.select(recipient.c.due_at)))
    assert due is None


async def test_activating_lifts_the_suppression_and_keeps_the_bounce(store: Store) -> None:
    """Twice is as good as once."""
    _, recipient_id = await _one(store)
    bounce_id = await store.database.write(settle, Settle(recipient_id, Event.REFUSED, NOW, {}, HARD))
    assert bounce_id is not None
    for _ in range(2):
        found = await store.database.read(bounces.get, store.tenant.server_id, bounce_id)
        assert found is not None
        await store.database.write(bounces.activate, store.tenant.server_id, found)
        [listed] = await _list(store)
        assert not listed.inactive
    assert await store.database.read(suppressions.count, store.tenant.server_id) == 0


async def test_the_same_fact_told_ten_times_is_one_bounce(store: Store) -> None:
    """A replayed notification adds nothing."""
    _, recipient_id = await _one(store)
    fact = Settle(recipient_id, Event.RETURNED, NOW, {}, HARD)
    ids = [await store.database.write(settle, fact) for _ in range(10)]
    assert ids[0] is not None
    assert ids[1:] == [None] * 9
    assert len(await _list(store)) == 1
    assert await _events(store) == [Event.RETURNED]


async def test_a_bounce_that_is_not_proved_ours_is_unknown_and_suppresses_nobody(store: Store) -> None:
    """Whatever it says; what it said stays beside it, and the message is not touched."""
    _, recipient_id = await _one(store)
    forged = Bounced(BounceType.HARD_BOUNCE, "smtp;550 5.1.1 gone", b"x", "rule", proven=False)
    await store.database.write(settle, Settle(recipient_id, Event.REMARKED, NOW, {}, forged))
    [listed] = await _list(store)
    assert (listed.type, listed.inactive) == ("Unknown", False)
    assert await _state(store, recipient_id) is State.QUEUED
    assert await store.database.read(suppressions.count, store.tenant.server_id) == 0
    await store.database.write(settle, Settle(recipient_id, Event.RETURNED, NOW, {}, HARD))
    assert {bounce.type for bounce in await _list(store)} == {"Unknown", "HardBounce"}


async def test_a_requested_type_decides(store: Store) -> None:
    """The road is real, the type is the one that the address asked for."""
    _, recipient_id = await _one(store, "Manually_Deactivated@bounce-testing.postmarkapp.com")
    await store.database.write(settle, Settle(recipient_id, Event.RETURNED, NOW, {}, HARD))
    [listed] = await _list(store)
    assert (listed.type, listed.inactive, listed.details) == ("ManuallyDeactivated", True, HARD.details)


async def test_an_unsubscribe_that_is_ours_suppresses_by_hand(store: Store) -> None:
    """A ManualSuppression of origin Recipient."""
    _, recipient_id = await _one(store)
    asked = Bounced(BounceType.UNSUBSCRIBE, "remove me", b"x", "rule")
    await store.database.write(settle, Settle(recipient_id, Event.REMARKED, NOW, {}, asked))
    [listed] = await _list(store)
    assert (listed.type, listed.inactive, listed.can_activate) == ("Unsubscribe", True, True)


async def test_a_delay_leaves_the_message_where_it_is(store: Store) -> None:
    """Delayed mail may still arrive."""
    _, recipient_id = await _one(store)
    await store.database.write(settle, Settle(recipient_id, Event.ACCEPTED, NOW))
    delayed = Bounced(BounceType.TRANSIENT, "smtp;451 later", b"x", "rule")
    await store.database.write(settle, Settle(recipient_id, Event.DELAYED, NOW, {}, delayed))
    assert await _state(store, recipient_id) is State.DELIVERED
    await store.database.write(settle, Settle(recipient_id, Event.RETURNED, NOW, {}, HARD))
    assert await _state(store, recipient_id) is State.BOUNCED
    assert [bounce.type for bounce in await _list(store, Filter(inactive=True))] == ["HardBounce"]
    assert [bounce.type for bounce in await _list(store, Filter(inactive=False))] == ["Transient"]


async def test_a_recipient_that_is_no_longer_kept_is_no_fault(store: Store) -> None:
    """A bounce may come after retention."""
    assert await store.database.write(settle, Settle(999_999, Event.RETURNED, NOW, {}, HARD)) is None


async def test_lists_are_of_one_server_newest_first(store: Store) -> None:
    """Filters, counts, and another tenant's view."""
    for number in range(5):
        _, recipient_id = await _one(store, f"A{number}_%@example.org")
        at = NOW + timedelta(minutes=number)
        await store.database.write(settle, Settle(recipient_id, Event.REFUSED, at, {}, HARD))
    listed = await _list(store)
    assert [bounce.email for bounce in listed] == [f"A{number}_%@example.org" for number in (4, 3, 2, 1, 0)]
    assert [bounce.email for bounce in await _list(store, Filter(email="a1_%@EXAMPLE"))] == ["A1_%@example.org"]
    assert await _list(store, Filter(email="a1x")) == []
    assert len(await _list(store, Filter(first=NOW + timedelta(minutes=3), last=NOW + timedelta(minutes=4)))) == 2
    assert len(await _list(store, Filter(type=BounceType.HARD_BOUNCE, stream="outbound"))) == 5
    assert await _list(store, Filter(type=BounceType.BLOCKED)) == []
    assert await _list(store, Filter(tag="none")) == []
    other = store.tenant.server_id + 1
    assert await store.database.read(bounces.page, other, Filter(), 100, 0) == (0, [])
    assert await store.database.read(bounces.get, other, listed[0].id) is None
    counts = await store.database.read(bounces.counts, store.tenant.server_id)
    assert [(row.type, row.count) for row in counts] == [(None, 5), ("HardBounce", 5)]
