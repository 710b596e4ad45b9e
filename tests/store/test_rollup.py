"""Sums of what happened are what its rows say, whatever order it happened in, on both databases."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from carom.server.rules.stats import Kind, day_of
from carom.server.store import intake, removal, rollup, stats
from carom.server.store.postgres import PostgresDatabase
from carom.server.store.schema import stat
from carom.server.store.stats import Span
from carom.taxonomy import BounceType
from tests.store.happening import backdated, bounced, check_against_rows, something_of_everything, sums
from tests.stores import NOW, Store

pytestmark = pytest.mark.anyio

LATER = NOW + timedelta(minutes=10)
"""A time at which what happened NOW is added up."""


async def _counted(store: Store, kind: Kind, span: Span | None = None) -> int:
    found = await store.database.read(stats.counted, store.tenant.server_id, span or Span(), kind)
    return sum(one.number for one in found)


async def test_what_is_added_up_is_what_the_rows_say(store: Store) -> None:
    """Bounces, opens and clicks add to sums at once, messages when their minute is over."""
    await store.database.write(rollup.roll_up, NOW - timedelta(days=9))
    await something_of_everything(store, NOW)
    before = {kind: await _counted(store, kind) for kind in Kind}
    assert before[Kind.MESSAGE] == 3
    assert (before[Kind.SENT], before[Kind.UNSENT], before[Kind.OPEN], before[Kind.CLICK]) == (4, 1, 2, 2)
    assert not any(place[1] is Kind.SENT for place in await sums(store))
    await store.database.write(rollup.roll_up, LATER)
    assert {kind: await _counted(store, kind) for kind in Kind} == before
    assert any(place[1] is Kind.SENT for place in await sums(store))
    await check_against_rows(store, LATER)


async def test_a_minute_is_added_once(store: Store) -> None:
    """However often it is tried; and what comes after it is counted beside it."""
    await something_of_everything(store, NOW)
    for _ in range(3):
        await store.database.write(rollup.roll_up, LATER)
    await backdated(store, "ann@example.org", LATER)
    assert await _counted(store, Kind.SENT) == 5
    assert await _counted(store, Kind.SENT, Span(tag="welcome")) == 2
    assert await _counted(store, Kind.SENT, Span(stream="broadcast")) == 1
    await check_against_rows(store, LATER)
    await store.database.write(rollup.roll_up, LATER + timedelta(minutes=10))
    assert await _counted(store, Kind.SENT) == 5


async def test_late_bounces_are_counted_on_their_own_day(store: Store) -> None:
    """Long after their message was added up."""
    _, [ann] = await backdated(store, "ann@example.org", NOW)
    await store.database.write(rollup.roll_up, LATER)
    late = NOW + timedelta(days=3)
    await bounced(store, ann, BounceType.HARD_BOUNCE, late)
    [one] = await store.database.read(stats.counted, store.tenant.server_id, Span(), Kind.BOUNCE)
    assert (one.day, one.key, one.number) == (day_of(late), "HardBounce", 1)
    await check_against_rows(store, late)


@pytest.mark.parametrize("added_up", [True, False])
async def test_what_is_removed_stays_counted(store: Store, added_up: bool) -> None:
    """Whether or not it had been added up before."""
    first, *_ = await something_of_everything(store, NOW)
    await store.database.write(rollup.roll_up, LATER if added_up else NOW)
    before = {kind: await _counted(store, kind) for kind in Kind}
    await store.database.write(removal.remove_messages, [first])
    assert {kind: await _counted(store, kind) for kind in Kind} == before
    assert await store.database.read(stats.rows, store.tenant.server_id, Span(), Kind.MESSAGE) == 2
    assert await store.database.read(stats.rows, store.tenant.server_id, Span(), Kind.OPEN) == 0
    await check_against_rows(store, LATER if added_up else NOW)


async def test_a_store_of_old_is_counted_by_its_rows_the_first_time(store: Store) -> None:
    """A schema that had no sums comes without them."""
    await something_of_everything(store, NOW)
    before = await sums(store)
    await store.database.write(_without_sums)
    assert await sums(store) == {}
    await store.database.write(rollup.roll_up, LATER)
    after = await sums(store)
    assert {place: kept for place, (kept, _) in before.items() if kept}.items() <= {
        place: kept for place, (kept, _) in after.items()
    }.items()


def _without_sums(connection: sa.Connection) -> None:
    connection.execute(sa.delete(stat))


async def test_what_is_committed_late_is_counted(store: Store) -> None:
    """A node may be long about a transaction: what is in it is not there when its minute is added up."""
    if not isinstance(store.database, PostgresDatabase):
        pytest.skip("SQLite has one writer")
    now = datetime.now(UTC)
    await store.database.write(rollup.roll_up, now - timedelta(days=1))
    slow: Any = await store.database.connect()
    try:
        async with slow.transaction():
            await slow.execute(
                "INSERT INTO message (id, server_id, stream, submitted_at, from_address, subject, content)"
                " VALUES ($1, $2, 'outbound', $3, '', '', '')",
                uuid4(),
                store.tenant.server_id,
                intake.microseconds(now),
            )
            for minutes in (5, 10):
                await store.database.write(rollup.roll_up, now + timedelta(minutes=minutes))
            assert await _counted(store, Kind.MESSAGE) == 0
        assert await _counted(store, Kind.MESSAGE) == 1
        await store.database.write(rollup.roll_up, now + timedelta(minutes=15))
        assert await _counted(store, Kind.MESSAGE) == 1
    finally:
        await slow.close()
