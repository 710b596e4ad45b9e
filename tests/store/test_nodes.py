"""The nodes of a store, on both databases."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from carom.server.store import jobs, nodes, queue
from carom.server.store.schema import job, node
from tests.stores import NOW, Store

pytestmark = pytest.mark.anyio

SILENT = timedelta(seconds=15)
LEASE = timedelta(minutes=10)


async def _claim(store: Store, owner: str) -> list[queue.Claim]:
    return await store.database.write(queue.claim, job, owner=owner, now=NOW, lease=LEASE, limit=1)


async def test_what_a_silent_node_holds_is_due_again(store: Store) -> None:
    """Long before its lease ends; a node that lives keeps what it has."""
    for place in range(2):
        await store.database.write(jobs.add, "digest", {"received_id": place}, NOW)
    for name in ("dead", "alive"):
        await store.database.write(nodes.beat, name)
        assert len(await _claim(store, name)) == 1
    assert await store.database.write(nodes.bury, SILENT, NOW) == []
    long_ago = sa.update(node).where(node.c.id == "dead").values(seen_at=node.c.seen_at - 16_000_000)
    await store.database.write(lambda c: c.execute(long_ago).rowcount)
    assert await store.database.write(nodes.bury, SILENT, NOW) == ["dead"]
    assert len(await _claim(store, "alive")) == 1
    assert await _claim(store, "alive") == []


async def test_a_node_that_leaves_gives_back_what_is_its_own(store: Store) -> None:
    """And is forgotten; one that was taken for dead may come back."""
    await store.database.write(jobs.add, "digest", {"received_id": 1}, NOW)
    for name in ("one", "two", "two"):
        await store.database.write(nodes.beat, name)
    await _claim(store, "one")
    await store.database.write(nodes.leave, "two", NOW)
    assert await _claim(store, "two") == []
    await store.database.write(nodes.leave, "one", NOW)
    assert len(await _claim(store, "two")) == 1
    assert await store.database.read(lambda c: list(c.scalars(sa.select(node.c.id)))) == []
