"""Claiming, finishing and releasing the rows of a queue: any table with the columns of ``schema._queue``.

A claim takes rows for the length of a lease and raises their fence; no transaction is open while the work goes on. A
worker whose lease ran out finishes nothing: its fence is old.
"""

from datetime import datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from carom.server.store.schema import metadata


class Claim(Struct, frozen=True):
    """A row that is ours until the lease ends. ``attempts`` counts this one."""

    id: int
    attempts: int
    fence: int


@cache
def _claiming(table: sa.Table, lane: sa.Column[Any] | None = None) -> sa.UpdateBase:
    of_lane = () if lane is None else (lane == sa.bindparam("lane"),)
    due = (
        sa.select(table.c.id)
        .where(table.c.due_at <= sa.bindparam("now"), *of_lane)
        .order_by(table.c.due_at)
        .limit(sa.bindparam("most"))
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    taken: dict[str, Any] = {
        "due_at": sa.bindparam("until", type_=table.c.due_at.type),
        "attempts": table.c.attempts + 1,
        "fence": table.c.fence + 1,
        "lease_owner": sa.bindparam("owner"),
    }
    return (
        sa.update(table)
        .where(table.c.id.in_(sa.select(due.c.id)))
        .values(taken)
        .returning(table.c.id, table.c.attempts, table.c.fence)
    )


def claim(
    connection: sa.Connection, table: sa.Table, *, owner: str, now: datetime, lease: timedelta, limit: int
) -> list[Claim]:
    """Take the rows that are due, the longest due first."""
    asked = {"now": now, "most": limit, "until": now + lease, "owner": owner}
    return _claims(connection, _claiming(table), asked)


def claim_in(
    connection: sa.Connection,
    lane: sa.Column[Any],
    name: str,
    *,
    owner: str,
    now: datetime,
    lease: timedelta,
    limit: int,
) -> list[Claim]:
    """Take the rows of one lane that are due; ``lane`` is the column that names it."""
    asked = {"now": now, "most": limit, "until": now + lease, "owner": owner, "lane": name}
    return _claims(connection, _claiming(lane.table, lane), asked)


def _claims(connection: sa.Connection, claiming: sa.UpdateBase, asked: dict[str, Any]) -> list[Claim]:
    return [Claim(row.id, row.attempts, row.fence) for row in connection.execute(claiming, asked)]


@cache
def _settling(table: sa.Table) -> sa.Update:
    return sa.update(table).where(
        table.c.id == sa.bindparam("held_id"),
        table.c.fence == sa.bindparam("held_fence"),
        table.c.lease_owner.is_not(None),
    )


def settle_claim(
    connection: sa.Connection, table: sa.Table, held: Claim, *, due_at: datetime | None, **values: Any
) -> bool:
    """Give a row back, due again at a time or never. False if it is no longer ours: then nothing may follow from it."""
    given = {"held_id": held.id, "held_fence": held.fence, "due_at": due_at, "lease_owner": None, **values}
    return connection.execute(_settling(table), given).rowcount == 1


def put_back(connection: sa.Connection, table: str, held: Claim, now: datetime) -> bool:
    """Have a row that nothing was done about be due again at once; the table is named."""
    return settle_claim(connection, metadata.tables[table], held, due_at=now)


def release(connection: sa.Connection, table: sa.Table, now: datetime, owner: str | None = None) -> int:
    """Make leased rows due at once: those of an owner, or all when whoever held them is known to be gone."""
    leased = table.c.lease_owner == owner if owner is not None else table.c.lease_owner.is_not(None)
    return connection.execute(sa.update(table).where(leased).values(due_at=now, lease_owner=None)).rowcount


def next_due(connection: sa.Connection, table: sa.Table, after: datetime) -> datetime | None:
    """Return when the next row comes due after a time."""
    due_at: datetime | None = connection.scalar(sa.select(sa.func.min(table.c.due_at)).where(table.c.due_at > after))
    return due_at
