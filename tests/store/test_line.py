"""The line of deliveries, and the verbs of the queue, on both databases."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from carom.server.pipeline import verbs
from carom.server.pipeline.jobs import Settle
from carom.server.pipeline.stages.settle import settle
from carom.server.rules.lifecycle import Event, State
from carom.server.rules.line import Bucket, Line
from carom.server.rules.retry import RESTS
from carom.server.store import buckets, line, queue
from carom.server.store.buckets import Which
from carom.server.store.line import Held
from carom.server.store.schema import bucket, recipient
from tests.store.sending import recipient_ids, sent
from tests.stores import NOW, Store

pytestmark = pytest.mark.anyio

LEASE = timedelta(minutes=5)
MINUTE = timedelta(minutes=1)


class Taker:
    """A worker: what it takes it keeps until it is told to finish it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.line = Line()
        self.running: Counter[Bucket] = Counter()

    async def take(self, free: int = 10, later: timedelta = timedelta()) -> list[Held]:
        held, more = await self.store.database.write(
            line.claim, self.line, self.running, owner="one", now=NOW + later, lease=LEASE, free=free
        )
        self.running.update(one.bucket for one in held)
        return held if held or not more else await self.take(free, later)

    async def finish(self, held: Sequence[Held], *, due_at: timedelta | None = None) -> None:
        at = None if due_at is None else NOW + due_at
        for one in held:
            assert await self.store.database.write(_settle, one, at)
            self.running[one.bucket] -= 1


def _settle(connection: sa.Connection, held: Held, at: datetime | None) -> bool:
    return queue.settle_claim(connection, recipient, held, due_at=at)


@pytest.fixture
def taker(store: Store) -> Taker:
    return Taker(store)


async def _many(store: Store, domain: str, number: int) -> None:
    for start in range(0, number, 50):
        await sent(store, ", ".join(f"a{n}@{domain}" for n in range(start, min(start + 50, number))))


def _domains(held: Sequence[Held]) -> Counter[str]:
    return Counter(one.bucket[1] for one in held)


async def test_nobody_waits_for_more_than_a_round(store: Store, taker: Taker) -> None:
    """A bucket of hundreds was there long before: one mail to another destination is in the next claim."""
    await _many(store, "big.example", 700)
    await taker.finish(await taker.take(20))
    await _many(store, "small.example", 1)
    assert _domains(await taker.take(4))["small.example"] == 1


async def test_buckets_are_served_in_turn(store: Store, taker: Taker) -> None:
    await _many(store, "big.example", 200)
    await _many(store, "small.example", 20)
    held: list[Held] = []
    while len(held) < 40:
        some = await taker.take(8)
        await taker.finish(some)
        held += some
    assert _domains(held)["small.example"] >= 16


async def test_a_slow_bucket_leaves_room(store: Store, taker: Taker) -> None:
    """However much of it waits, it runs no more than half of what may run."""
    await _many(store, "slow.example", 300)
    slow = await taker.take(16)
    assert len(slow) == 8
    assert await taker.take(8) == []
    await _many(store, "quick.example", 1)
    assert _domains(await taker.take(8)) == {"quick.example": 1}


async def test_those_behind_a_full_front_are_found(store: Store, taker: Taker) -> None:
    """Two buckets wait in one line, and one of them is stuck: the other is not."""
    await _many(store, "stuck.example", 150)
    await _many(store, "free.example", 150)
    await store.database.write(buckets.limit, (0, "stuck.example"), 1, None)
    served = 0
    for _ in range(60):
        held = await taker.take(8)
        free = [one for one in held if one.bucket[1] == "free.example"]
        served += len(free)
        await taker.finish(free)
    assert served == 150
    assert taker.running == {(store.tenant.server_id, "stuck.example"): 1, (store.tenant.server_id, "free.example"): 0}


async def test_a_mail_is_held_once_and_comes_back_when_its_lease_ends(store: Store, taker: Taker) -> None:
    await _many(store, "a.example", 1)
    [first] = await taker.take()
    other = Taker(store)
    assert await other.take() == []
    [second] = await other.take(later=LEASE)
    assert (second.id, second.attempts, second.fence) == (first.id, 2, first.fence + 1)
    assert not await store.database.write(_settle, first, None)


async def test_a_retry_takes_its_turn_when_it_is_due(store: Store, taker: Taker) -> None:
    await _many(store, "a.example", 2)
    held = await taker.take()
    await taker.finish(held, due_at=MINUTE)
    assert await taker.take() == []
    assert {one.id for one in await taker.take(later=MINUTE)} == {one.id for one in held}


async def test_a_paused_bucket_waits_and_is_resumed_whole(store: Store, taker: Taker) -> None:
    """Mail of others goes on; nothing of the bucket is lost or tried."""
    database, of = store.database, (store.tenant.server_id, "a.example")
    await verbs.pause(database, of, NOW)
    await _many(store, "a.example", 60)
    await _many(store, "b.example", 1)
    held = await taker.take()
    assert _domains(held) == {"b.example": 1}
    await taker.finish(held)
    assert await taker.take(later=timedelta(days=30)) == []
    [listed] = await database.read(buckets.listed, Which(domain="a.example"), NOW, 10)
    assert (listed.depth, listed.paused, listed.next_try) == (60, True, None)
    assert await verbs.resume(database, of, NOW) == 60
    assert len(await taker.take(200)) == 60
    assert await database.read(lambda c: c.scalar(sa.select(sa.func.count()).select_from(bucket))) == 0


async def test_every_servers_mail_to_a_destination_can_be_paused(store: Store, taker: Taker) -> None:
    await verbs.pause(store.database, (0, "a.example"), NOW)
    await _many(store, "a.example", 1)
    assert await taker.take() == []
    await verbs.resume(store.database, (0, "a.example"), NOW)
    assert len(await taker.take()) == 1


async def test_a_bucket_rests_longer_each_time_and_wakes_when_a_mail_is_taken(store: Store, taker: Taker) -> None:
    """Several that were in flight when the remote asked for less count once."""
    database, of = store.database, (store.tenant.server_id, "a.example")
    await _many(store, "a.example", 3)
    for _ in range(3):
        await database.write(buckets.rest, of, "421 4.7.0 slow down", NOW)
    assert await taker.take() == []
    assert await taker.take(later=RESTS[0] - MINUTE / 2) == []
    [listed] = await database.read(buckets.listed, Which(), NOW, 10)
    assert (listed.rests_until, listed.said) == (NOW + RESTS[0], "421 4.7.0 slow down")
    held = await taker.take(later=RESTS[0])
    assert [one.rested for one in held] == [True] * 3
    await taker.finish(held, due_at=RESTS[0])
    await database.write(buckets.rest, of, "421 again", NOW + RESTS[0])
    assert await taker.take(later=RESTS[0] + RESTS[1] - MINUTE / 2) == []
    assert len(await taker.take(later=RESTS[0] + RESTS[1])) == 3
    await database.write(buckets.wake, of)
    assert await database.read(lambda c: c.scalar(sa.select(sa.func.count()).select_from(bucket))) == 0


async def test_a_rate_spreads_a_bucket_over_time(store: Store, taker: Taker) -> None:
    await _many(store, "a.example", 5)
    await store.database.write(buckets.limit, (store.tenant.server_id, "a.example"), None, 60)
    got = [len(await taker.take(later=timedelta(seconds=second))) for second in range(7)]
    assert got == [1, 1, 1, 1, 1, 0, 0]


async def test_retry_now_makes_due_what_waits(store: Store, taker: Taker) -> None:
    """And its destination no longer rests."""
    await _many(store, "a.example", 2)
    await taker.finish(await taker.take(), due_at=timedelta(hours=8))
    await store.database.write(buckets.rest, (store.tenant.server_id, "a.example"), "421", NOW)
    assert await verbs.retry(store.database, Which(domain="a.example"), NOW) == 2
    assert len(await taker.take()) == 2


async def test_cancelled_mail_is_never_sent_and_has_an_end(store: Store, taker: Taker) -> None:
    """What is just being tried is not touched."""
    database = store.database
    message_id = await sent(store, "a@a.example, b@b.example")
    [first] = await taker.take(1)
    assert await verbs.cancel(database, Which(message_id=message_id), NOW) == 1
    assert await taker.take(later=timedelta(days=3)) != []  # the lease of the first has run out
    rows = await database.read(lambda c: c.execute(sa.select(recipient.c.id, recipient.c.state)).all())
    states: dict[int, State] = {row.id: row.state for row in rows}
    assert states[first.id] is State.QUEUED
    assert sorted(states.values()) == [State.QUEUED, State.FAILED]
    assert await verbs.cancel(database, Which(domain="b.example"), NOW) == 0


async def test_the_list_says_what_waits_how_long_and_why(store: Store, taker: Taker) -> None:
    """By depth; the last reply is that of a mail that was tried."""
    database = store.database
    await _many(store, "deep.example", 3)
    message_id = await sent(store, "a@tried.example")
    [recipient_id] = await recipient_ids(store, message_id)
    tried = [one for one in await taker.take() if one.id == recipient_id]
    await taker.finish(tried, due_at=MINUTE)
    fact = Settle(recipient_id, Event.DEFERRED, NOW, {"DeliveryMessage": "smtp;451 4.3.0 busy"})
    await database.write(settle, fact)
    deep, other = await database.read(buckets.listed, Which(), NOW, 10)
    assert (deep.domain, deep.depth, deep.running, deep.said) == ("deep.example", 3, 3, "")
    assert (other.domain, other.depth, other.running) == ("tried.example", 1, 0)
    assert (other.next_try, other.said, other.oldest_at) == (NOW + MINUTE, "451 4.3.0 busy", NOW)
    [mail] = await database.read(buckets.mails, Which(message_id=message_id), NOW, 10)
    assert (mail.address, mail.attempts, mail.next_try) == ("a@tried.example", 1, NOW + MINUTE)
    assert mail.said == "451 4.3.0 busy"
