"""How much waits in the queues, for whoever watches: counted along their index and only so far, so that a million rows
that are to be tried tomorrow cost no more than a hundred thousand."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from carom.server.store.schema import job, recipient

MOST = 100_000
"""How far is counted: a queue that is longer is shown as this long."""
DELIVERIES = "deliver"


class Depth(Struct, frozen=True):
    """A queue. ``due`` are the rows whose time has come, ``waiting`` all that are to be done some time, with those that are
    being worked on; ``oldest`` is when the first of them was due, None when none waits."""

    kind: str
    due: int
    waiting: int
    oldest: datetime | None


def depths(connection: sa.Connection, now: datetime) -> list[Depth]:
    """Return the queue of deliveries and that of each kind of job; kinds that have none are left out."""
    return [_deliveries(connection, now), *_jobs(connection, now)]


def _deliveries(connection: sa.Connection, now: datetime) -> Depth:
    queued = _first(recipient, recipient.c.due_at)
    row = connection.execute(sa.select(*_counts(queued, now))).one()
    return Depth(DELIVERIES, row.due or 0, row.waiting, row.oldest)


def _jobs(connection: sa.Connection, now: datetime) -> list[Depth]:
    queued = _first(job, job.c.due_at, job.c.kind)
    rows = connection.execute(sa.select(queued.c.kind, *_counts(queued, now)).group_by(queued.c.kind))
    return [Depth(row.kind, row.due or 0, row.waiting, row.oldest) for row in rows]


def _first(table: sa.Table, *columns: sa.Column[Any]) -> sa.Subquery:
    """Return the first rows of a queue, the longest due first."""
    due_at = table.c.due_at
    return sa.select(*columns).where(due_at.is_not(None)).order_by(due_at).limit(MOST).subquery()


def _counts(queued: sa.Subquery, now: datetime) -> tuple[sa.ColumnElement[Any], ...]:
    due_at = queued.c.due_at
    return (
        sa.func.sum(sa.case((due_at <= now, 1), else_=0)).label("due"),
        sa.func.count().label("waiting"),
        sa.func.min(due_at, type_=due_at.type).label("oldest"),
    )
