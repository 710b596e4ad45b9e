"""The line of recipients whose mail is due, in the rows of ``recipient``, and what is said of buckets.

``due_at`` before :data:`FIRST_DAY` is no time but a turn: the place of a row that is ready. A row that an accept writes, a
retry and a lease that ran out have true times; they join the line in the claim that first sees them, save those that it takes
at once. So an accept writes nothing more, rows that are due later are not looked at, and the rows that wait are those with a
``due_at``, as before.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa

from carom.server.rules.line import EVERY_SERVER, PLAIN, Bucket, Chosen, Line, Standing, Waiting
from carom.server.store.queue import Claim
from carom.server.store.schema import bucket as said_of
from carom.server.store.schema import recipient
from carom.server.store.types import padded

FIRST_DAY = datetime(2000, 1, 1, tzinfo=UTC)
PARKED = datetime(9999, 1, 1, tzinfo=UTC)
"""When the rows of a paused bucket are due that were met at the front of the line."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

MOST_NEW = 1024
"""How many join the line in one claim, beyond those that are taken at once."""


class Held(Claim, frozen=True):
    """A recipient that is ours until the lease ends. ``rested`` says that its bucket was put off before."""

    bucket: Bucket
    rested: bool


_own = said_of.alias("own")
_general = said_of.alias("general")
_JOINED = recipient.outerjoin(
    _own, sa.and_(_own.c.server_id == recipient.c.server_id, _own.c.domain == recipient.c.bucket)
).outerjoin(_general, sa.and_(_general.c.server_id == EVERY_SERVER, _general.c.domain == recipient.c.bucket))


@cache
def _front(*, new: bool) -> sa.Select[Any]:
    """Rows that join the line, or those at its front."""
    due = sa.bindparam("now", type_=recipient.c.due_at.type)
    where = (recipient.c.due_at >= FIRST_DAY, recipient.c.due_at <= due) if new else (recipient.c.due_at < FIRST_DAY,)
    front = (
        sa.select(recipient.c.id)
        .where(recipient.c.due_at.is_not(None), *where)
        .order_by(recipient.c.due_at)
        .limit(sa.bindparam("most"))
        .with_for_update(skip_locked=True)
        .cte("front")
    )
    shown = (recipient.c.id, recipient.c.server_id, recipient.c.bucket, recipient.c.due_at)
    said = (
        column.label(f"{alias.name}_{column.name}")
        for alias in (_own, _general)
        for column in (alias.c.paused_at, alias.c.rests_until, alias.c.most, alias.c.per_minute)
    )
    return sa.select(*shown, *said).select_from(_JOINED).where(recipient.c.id.in_(sa.select(front.c.id)))


_TAKE = (
    sa.update(recipient)
    .where(recipient.c.id == sa.bindparam("taken_id"))
    .values(
        due_at=sa.bindparam("until", type_=recipient.c.due_at.type),
        attempts=recipient.c.attempts + 1,
        fence=recipient.c.fence + 1,
        lease_owner=sa.bindparam("owner"),
    )
)
_TAKEN = sa.select(recipient.c.id, recipient.c.attempts, recipient.c.fence).where(
    recipient.c.id.in_(sa.bindparam("ids", expanding=True))
)
_MOVE = (
    sa.update(recipient)
    .where(recipient.c.id == sa.bindparam("moved_id"))
    .values(due_at=sa.bindparam("to", type_=recipient.c.due_at.type))
)


def claim(
    connection: sa.Connection,
    line: Line,
    running: Mapping[Bucket, int],
    *,
    owner: str,
    now: datetime,
    lease: timedelta,
    free: int,
) -> tuple[list[Held], bool]:
    """Take up to ``free`` recipients whose turn it is; tell whether there may be more to look at at once."""
    view = free + line.view
    new = connection.execute(_front(new=True), {"now": now, "most": free + MOST_NEW}).all()
    front: Sequence[Any] = connection.execute(_front(new=False), {"most": view}).all() if free else []
    if not new and not front:
        return [], False
    waiting = [_read(row) for row in (*front, *new)]
    chosen = line.choose(waiting, running, free, now, more=len(front) == view)
    held = _take(connection, chosen.taken, {"until": now + lease, "owner": owner})
    _move(connection, chosen)
    return held, len(new) == free + MOST_NEW or bool(free and not held and chosen.parked + chosen.later)


def _read(row: Any) -> Waiting:
    due_at: datetime = row.due_at
    turn = (due_at - _EPOCH) // _MICROSECOND if due_at < FIRST_DAY else None
    return Waiting(row.id, (row.server_id, row.bucket), turn, _standing(row))


def _standing(row: Any) -> Standing:
    """Put together what is said of a server's mail to a destination and of everybody's."""
    rests = [until for until in (row.own_rests_until, row.general_rests_until) if until is not None]
    paused_at: datetime | None = row.own_paused_at or row.general_paused_at
    most: int | None = row.own_most or row.general_most
    per_minute: int | None = row.own_per_minute or row.general_per_minute
    if paused_at is None and most is None and per_minute is None and not rests:
        return PLAIN
    return Standing(paused_at is not None, max(rests, default=None), most, per_minute)


def _take(connection: sa.Connection, taken: Sequence[Waiting], values: dict[str, Any]) -> list[Held]:
    if not taken:
        return []
    connection.execute(_TAKE, [{"taken_id": one.id, **values} for one in taken])
    rows = {row.id: row for row in connection.execute(_TAKEN, {"ids": padded([one.id for one in taken])})}
    return [
        Held(one.id, rows[one.id].attempts, rows[one.id].fence, one.bucket, one.standing.rests_until is not None)
        for one in taken
    ]


def _move(connection: sa.Connection, chosen: Chosen) -> None:
    moved: list[tuple[int, datetime]] = [(one, _EPOCH + turn * _MICROSECOND) for one, turn in chosen.turns]
    moved += chosen.later
    moved += [(one, PARKED) for one in chosen.parked]
    if moved:
        connection.execute(_MOVE, [{"moved_id": one, "to": to} for one, to in moved])


def batches(ids: Sequence[int], size: int = 1000) -> Iterator[Sequence[int]]:
    """Cut ids into transactions of a bearable length."""
    return (ids[start : start + size] for start in range(0, len(ids), size))
