"""What is kept and for how long, on both databases. The clock is an argument."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from carom.server.config import Settings
from carom.server.pipeline.housekeeping import Housekeeping
from carom.server.store import received, retention, rollup, schema, suppressions
from carom.server.store.received import Arrived
from carom.server.store.schema import bounce, message, recipient
from carom.taxonomy import BounceType
from tests.store.happening import backdated, bounced, check_against_rows, delivered, something_of_everything, sums
from tests.stores import NOW, Store

pytestmark = pytest.mark.anyio

LATER = NOW + timedelta(days=1)


async def _count(store: Store, *tables: sa.Table) -> list[int]:
    def count(connection: sa.Connection) -> list[int]:
        return [connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one() for table in tables]

    return await store.database.read(count)


async def _keep_house(store: Store, now: datetime, **settings: Any) -> None:
    await Housekeeping(store.database, Settings(**settings), lambda: now).remove_old()


async def test_mail_goes_by_its_age_and_stays_counted(store: Store) -> None:
    """Forty-five days after it came, with all that is about it."""
    old = NOW - timedelta(days=50)
    await something_of_everything(store, old)
    await something_of_everything(store, NOW)
    await store.database.write(rollup.roll_up, LATER)
    totals = {place: kept + past for place, (kept, past) in (await sums(store)).items()}
    tables = (message, recipient, schema.event, bounce, schema.opened, schema.clicked, schema.body)
    assert await _count(store, *tables) == [6, 8, 8, 4, 2, 2, 1]
    await _keep_house(store, LATER)
    assert await _count(store, *tables) == [3, 4, 4, 2, 1, 1, 1]
    assert {place: kept + past for place, (kept, past) in (await sums(store)).items()} == totals
    await check_against_rows(store, LATER)


async def test_mail_that_is_to_be_sent_stays(store: Store) -> None:
    """However old it is, for as long as one recipient waits."""
    old = NOW - timedelta(days=400)
    _, [ann, bob] = await backdated(store, "ann@example.org, bob@example.org", old)
    await delivered(store, ann, old)
    await _keep_house(store, NOW)
    assert await _count(store, message, recipient) == [1, 2]
    await delivered(store, bob, NOW)
    await _keep_house(store, NOW)
    assert await _count(store, message, recipient, schema.event) == [0, 0, 0]


async def test_a_bounce_goes_by_its_own_age(store: Store) -> None:
    """Its dump sooner, the suppression that it wrote never."""
    _, [ann] = await backdated(store, "ann@example.org", NOW - timedelta(days=50))
    await bounced(store, ann, BounceType.HARD_BOUNCE, NOW)
    await _keep_house(store, NOW)
    assert await _count(store, message, bounce, schema.body) == [0, 1, 1]
    await _keep_house(store, NOW + timedelta(days=31))
    assert await _count(store, bounce, schema.body) == [1, 0]
    assert await store.database.read(lambda c: c.scalar(sa.select(bounce.c.dump))) is None
    await _keep_house(store, NOW + timedelta(days=46))
    assert await _count(store, bounce) == [0]
    assert await store.database.read(suppressions.count, store.tenant.server_id) == 1


async def test_a_body_stays_while_something_names_it(store: Store) -> None:
    """The same mail is kept once: here as what came in, and as the dump of two bounces."""
    _, [ann, bob] = await backdated(store, "ann@example.org, bob@example.org", NOW)
    await store.database.write(received.receive, [Arrived(NOW, "", [("b@example.com", "digest")], b"dump")])
    await bounced(store, ann, BounceType.SOFT_BOUNCE, NOW)
    await bounced(store, bob, BounceType.SOFT_BOUNCE, NOW + timedelta(days=5))
    await _keep_house(store, NOW + timedelta(days=31))
    assert await _count(store, schema.body) == [1]
    await _keep_house(store, NOW + timedelta(days=36))
    assert await _count(store, schema.body, schema.received) == [1, 1]


async def test_what_came_in_goes_once_it_is_read(store: Store) -> None:
    """Captured mail goes too."""
    jobs = [("a@example.com", "digest"), ("b@example.com", "digest")]
    [[unread, read]] = await store.database.write(received.receive, [Arrived(NOW, "", jobs, b"x")])
    await store.database.write(received.conclude, read, "bounce")
    await store.database.write(received.capture, "a@example.com", "b@example.com", b"y", NOW)
    await _keep_house(store, NOW + timedelta(days=44))
    assert await _count(store, schema.received, schema.captured, schema.body) == [2, 1, 2]
    await _keep_house(store, NOW + timedelta(days=46))
    assert await _count(store, schema.received, schema.captured, schema.body) == [1, 0, 1]
    assert (await store.database.read(received.read_received, unread)).content == b"x"


async def test_the_settings_say_how_long(store: Store) -> None:
    """In days."""
    _, [ann] = await backdated(store, "ann@example.org", NOW - timedelta(days=8))
    await delivered(store, ann, NOW - timedelta(days=8))
    await _keep_house(store, NOW, keep_days=9)
    assert await _count(store, message) == [1]
    await _keep_house(store, NOW, keep_days=7)
    assert await _count(store, message) == [0]


async def test_old_mail_goes_in_small_batches(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each a transaction of its own, until there is nothing more."""
    monkeypatch.setattr(retention, "BATCH", 2)
    for number in range(5):
        _, [one] = await backdated(store, f"a{number}@example.org", NOW - timedelta(days=50))
        await delivered(store, one, NOW)
    assert await store.database.write(retention.remove_messages, NOW - timedelta(days=45)) == 2
    assert await _count(store, message) == [3]
    await _keep_house(store, NOW)
    assert await _count(store, message) == [0]
