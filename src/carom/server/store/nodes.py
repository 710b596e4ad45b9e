"""The nodes that work on one store: each says now and then that it lives, by the clock of the store. What a dead one held
is released by the others long before its leases end."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from carom.server.store import queue
from carom.server.store.schema import job, node, post, recipient
from carom.server.store.types import insert_new

_CLOCK = {
    "postgresql": "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint)",
    "sqlite": "CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)",
}


def _now(connection: sa.Connection) -> sa.ColumnElement[int]:
    """Return the store's time as it is kept: the nodes' own clocks may differ."""
    return sa.literal_column(_CLOCK[connection.dialect.name], sa.BigInteger())


def beat(connection: sa.Connection, node_id: str) -> None:
    """Note that a node lives."""
    now = _now(connection)
    changed = connection.execute(sa.update(node).where(node.c.id == node_id).values(seen_at=now)).rowcount
    if not changed:
        connection.execute(insert_new(connection, node, {"id": node_id, "seen_at": now}))


def leave(connection: sa.Connection, node_id: str, now: datetime) -> None:
    """Give back what a node holds and forget it."""
    for table in (recipient, job, post):
        queue.release(connection, table, now, node_id)
    connection.execute(sa.delete(node).where(node.c.id == node_id))


def bury(connection: sa.Connection, silent: timedelta, now: datetime) -> list[str]:
    """Release what the nodes held that have been silent for so long, and return who they were."""
    overdue = node.c.seen_at < _now(connection) - silent // timedelta(microseconds=1)
    dead = list(connection.scalars(sa.select(node.c.id).where(overdue).with_for_update(skip_locked=True)))
    for node_id in dead:
        leave(connection, node_id, now)
    return dead
