"""Claims, leases and fences, on both databases."""

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa

from carom.server.store import jobs, queue
from carom.server.store.schema import job
from tests.stores import NOW, Store

pytestmark = pytest.mark.anyio

LEASE = timedelta(minutes=5)


async def _add(store: Store, number: int) -> None:
    def add(connection: sa.Connection) -> None:
        for place in range(number):
            jobs.add(connection, "digest", {"received_id": place}, NOW)

    await store.database.write(add)


async def _claim(
    store: Store, *, owner: str = "one", limit: int = 100, later: timedelta = timedelta()
) -> list[queue.Claim]:
    return await store.database.write(queue.claim, job, owner=owner, now=NOW + later, lease=LEASE, limit=limit)


async def test_no_job_is_claimed_twice_within_its_lease(store: Store) -> None:
    """Many workers share one queue."""
    await _add(store, 25)
    claims = await asyncio.gather(*(_claim(store, owner=str(n), limit=10) for n in range(5)))
    ids = [claim.id for group in claims for claim in group]
    assert len(ids) == len(set(ids))
    ids += [claim.id for claim in await _claim(store)]
    assert len(ids) == len(set(ids)) == 25


async def test_an_expired_lease_makes_a_job_due_again(store: Store) -> None:
    """A worker that died gives its job back by doing nothing."""
    await _add(store, 1)
    [first] = await _claim(store)
    assert await _claim(store, later=LEASE - timedelta(seconds=1)) == []
    [second] = await _claim(store, owner="two", later=LEASE)
    assert (second.id, second.attempts, second.fence) == (first.id, 2, first.fence + 1)


async def test_a_stale_worker_finishes_nothing(store: Store) -> None:
    """Its result is refused by the fence, so that one job has one result."""
    await _add(store, 1)
    [stale] = await _claim(store)
    [fresh] = await _claim(store, owner="two", later=LEASE)
    assert not await store.database.write(jobs.finish, stale)
    assert not await store.database.write(jobs.postpone, stale, NOW, "late")
    assert await store.database.write(jobs.finish, fresh)


async def test_a_postponed_job_is_due_at_its_time(store: Store) -> None:
    """And keeps what went wrong beside it."""
    await _add(store, 1)
    [claim] = await _claim(store)
    await store.database.write(jobs.postpone, claim, NOW + timedelta(minutes=1), "no answer")
    assert await store.database.read(queue.next_due, job, NOW) == NOW + timedelta(minutes=1)
    assert await _claim(store, later=timedelta(seconds=59)) == []
    [again] = await _claim(store, later=timedelta(minutes=1))
    assert again.attempts == 2
    assert await store.database.read(lambda c: c.scalar(sa.select(job.c.last_error))) == "no answer"


async def test_a_dead_letter_is_kept_and_never_claimed(store: Store) -> None:
    """Expiry never deletes."""
    await _add(store, 1)
    [claim] = await _claim(store)
    await store.database.write(jobs.postpone, claim, None, "given up")
    assert await _claim(store, later=timedelta(days=365)) == []
    assert await store.database.read(jobs.read, claim.id) == ("digest", {"received_id": 0})


async def test_released_jobs_are_due_at_once(store: Store) -> None:
    """A graceful stop gives back what it could not finish; it takes nothing from others."""
    await _add(store, 2)
    await _claim(store, owner="one", limit=1)
    await _claim(store, owner="two", limit=1)
    assert await store.database.write(queue.release, job, NOW, "one") == 1
    assert len(await _claim(store)) == 1
