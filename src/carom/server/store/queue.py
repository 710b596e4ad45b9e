"""Claiming, finishing and releasing the rows of a queue: any table with the columns of ``schema._queue``.

A claim takes rows for the length of a lease and raises their fence; no transaction is open while the work goes on. A
worker whose lease ran out finishes nothing: its fence is old.
"""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from msgspec import Struct


class Claim(Struct, frozen=True):
    """A row that is ours until the lease ends. ``attempts`` counts this one."""

    id: int
    attempts: int
    fence: int


def claim(
    connection: sa.Connection, table: sa.Table, *, owner: str, now: datetime, lease: timedelta, limit: int
) -> list[Claim]:
    """Take the rows that are due, the longest due first."""
    due = (
        sa.select(table.c.id)
        .where(table.c.due_at <= now)
        .order_by(table.c.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    taken = connection.execute(
        sa.update(table)
        .where(table.c.id.in_(sa.select(due.c.id)))
        .values(due_at=now + lease, attempts=table.c.attempts + 1, fence=table.c.fence + 1, lease_owner=owner)
        .returning(table.c.id, table.c.attempts, table.c.fence)
    )
    return [Claim(row.id, row.attempts, row.fence) for row in taken]


def settle_claim(
    connection: sa.Connection, table: sa.Table, held: Claim, *, due_at: datetime | None, **values: Any
) -> bool:
    """Give a row back, due again at a time or never. False if it is no longer ours: then nothing may follow from it."""
    changed = connection.execute(
        sa.update(table)
        .where(table.c.id == held.id, table.c.fence == held.fence, table.c.lease_owner.is_not(None))
        .values(due_at=due_at, lease_owner=None, **values)
    )
    return changed.rowcount == 1


def release(connection: sa.Connection, table: sa.Table, now: datetime, owner: str | None = None) -> int:
    """Make leased rows due at once: those of an owner, or all when whoever held them is known to be gone."""
    leased = table.c.lease_owner == owner if owner is not None else table.c.lease_owner.is_not(None)
    return connection.execute(sa.update(table).where(leased).values(due_at=now, lease_owner=None)).rowcount


def next_due(connection: sa.Connection, table: sa.Table) -> datetime | None:
    """Return when the next row is due."""
    due_at: datetime | None = connection.scalar(
        sa.select(sa.func.min(table.c.due_at)).where(table.c.due_at.is_not(None))
    )
    return due_at
