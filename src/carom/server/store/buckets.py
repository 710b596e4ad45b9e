"""What is said of buckets, and what waits in them: the verbs of the queue, as functions.

Those that touch all waiting mail of a bucket first find its rows and then change them some at a time, so that nobody else
waits for them to be done.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from msgspec import Struct

from carom.server.rules.line import EVERY_SERVER, Bucket
from carom.server.rules.retry import RESTS
from carom.server.store.line import FIRST_DAY, PARKED
from carom.server.store.schema import bucket, event, message, recipient
from carom.server.store.types import insert_new


class Queued(Struct, frozen=True, kw_only=True):
    """A bucket with mail that waits. ``next_try`` is None when it is ready now or paused; ``said`` is what the remote said to
    one of them last."""

    server_id: int
    domain: str
    depth: int
    running: int
    oldest_at: datetime
    next_try: datetime | None
    said: str
    paused: bool
    rests_until: datetime | None


class QueuedMail(Struct, frozen=True, kw_only=True):
    """A mail that waits for one of its recipients."""

    recipient_id: int
    message_id: UUID
    server_id: int
    address: str
    submitted_at: datetime
    attempts: int
    running: bool
    next_try: datetime | None
    said: str


class Which(Struct, frozen=True, kw_only=True):
    """Which of the waiting mail is meant; all of it when nothing is given."""

    domain: str | None = None
    server_id: int | None = None
    message_id: UUID | None = None

    def conditions(self) -> list[sa.ColumnElement[bool]]:
        """Return the conditions on a recipient."""
        found: list[sa.ColumnElement[bool]] = [recipient.c.due_at.is_not(None)]
        for column, value in (
            (recipient.c.bucket, self.domain),
            (recipient.c.server_id, self.server_id),
            (recipient.c.message_id, self.message_id),
        ):
            if value is not None:
                found.append(column == value)
        return found


def rest(connection: sa.Connection, of: Bucket, said: str, now: datetime) -> None:
    """Put all mail of a bucket off, as its remote asks; the longer the more often it did so. What was in flight when it was put
    off does not count again."""
    found = _row(connection, of)
    if found is not None and found.rests_until is not None and found.rests_until > now:
        return
    rests = found.rests if found is not None else 0
    until = now + RESTS[min(rests, len(RESTS) - 1)]
    _set(connection, of, {"rests": rests + 1, "rests_until": until, "said": said})


def wake(connection: sa.Connection, of: Bucket) -> None:
    """Forget that a bucket was put off: a mail of it was taken, or somebody wants it tried."""
    _set(connection, of, {"rests": 0, "rests_until": None, "said": None})


def pause(connection: sa.Connection, of: Bucket, now: datetime) -> None:
    """Take no more mail of a bucket. What is under way goes on."""
    _set(connection, of, {"paused_at": now})


def resume(connection: sa.Connection, of: Bucket) -> None:
    """Let a bucket go on; the rows that were parked are for :func:`due_now`."""
    _set(connection, of, {"paused_at": None})


def limit(connection: sa.Connection, of: Bucket, most: int | None, per_minute: int | None) -> None:
    """Set how many deliveries of a bucket run at once and how many begin in a minute; None for no limit of its own."""
    _set(connection, of, {"most": most, "per_minute": per_minute})


def _row(connection: sa.Connection, of: Bucket) -> Any:
    return connection.execute(sa.select(bucket).where(*_is(of))).first()


def _is(of: Bucket) -> tuple[sa.ColumnElement[bool], ...]:
    return bucket.c.server_id == of[0], bucket.c.domain == of[1]


def _set(connection: sa.Connection, of: Bucket, values: dict[str, Any]) -> None:
    """Change what is said of a bucket; a row that says nothing any more goes."""
    connection.execute(insert_new(connection, bucket, {"server_id": of[0], "domain": of[1]}))
    connection.execute(sa.update(bucket).where(*_is(of)).values(values))
    empty = [bucket.c[name].is_(None) for name in ("paused_at", "rests_until", "most", "per_minute")]
    connection.execute(sa.delete(bucket).where(*_is(of), *empty))


def parked(connection: sa.Connection, which: Which) -> list[int]:
    """Return the rows that wait because a bucket was paused."""
    return _ids(connection, [*which.conditions(), recipient.c.due_at == PARKED])


def put_off(connection: sa.Connection, which: Which, now: datetime) -> list[int]:
    """Return the rows that wait for a time to come, those of paused buckets not among them."""
    later = (recipient.c.due_at > now, recipient.c.due_at < PARKED, recipient.c.lease_owner.is_(None))
    return _ids(connection, [*which.conditions(), *later])


def idle(connection: sa.Connection, which: Which) -> list[int]:
    """Return the rows that wait and that nobody works on."""
    return _ids(connection, [*which.conditions(), recipient.c.lease_owner.is_(None)])


def _ids(connection: sa.Connection, where: Sequence[sa.ColumnElement[bool]]) -> list[int]:
    return list(connection.scalars(sa.select(recipient.c.id).where(*where)))


def due_now(connection: sa.Connection, ids: Sequence[int], now: datetime) -> int:
    """Make rows due at once that nobody works on; tell how many."""
    waits = (recipient.c.id.in_(ids), recipient.c.due_at > now, recipient.c.lease_owner.is_(None))
    return connection.execute(sa.update(recipient).where(*waits).values(due_at=now)).rowcount


def take_out(connection: sa.Connection, ids: Sequence[int]) -> list[int]:
    """Take rows out of the queue that nobody works on, and return them: the same transaction settles them."""
    still = (recipient.c.id.in_(ids), recipient.c.due_at.is_not(None), recipient.c.lease_owner.is_(None))
    out = {"due_at": None, "fence": recipient.c.fence + 1}
    return list(connection.scalars(sa.update(recipient).where(*still).values(out).returning(recipient.c.id)))


_NEXT = sa.func.min(sa.case((recipient.c.lease_owner.is_(None), recipient.c.due_at)), type_=recipient.c.due_at.type)
_RUNNING = sa.func.count(sa.case((recipient.c.lease_owner.is_not(None), 1)))
_TRIED = sa.func.max(sa.case((recipient.c.attempts > 0, recipient.c.id)))


def listed(connection: sa.Connection, which: Which, now: datetime, most: int) -> list[Queued]:
    """Return the buckets in which mail waits, the deepest first."""
    depth = sa.func.count()
    found = connection.execute(
        sa.select(
            recipient.c.server_id, recipient.c.bucket, depth.label("depth"), _RUNNING.label("running"),
            sa.func.min(recipient.c.id).label("first"), _NEXT.label("next"), _TRIED.label("tried"),
        )
        .where(*which.conditions())
        .group_by(recipient.c.server_id, recipient.c.bucket)
        .order_by(depth.desc(), recipient.c.bucket)
        .limit(most)
    )  # fmt: skip
    return [_listed(connection, row, now) for row in found.all()]


def _listed(connection: sa.Connection, row: Any, now: datetime) -> Queued:
    rows = [one for server in (row.server_id, EVERY_SERVER) if (one := _row(connection, (server, row.bucket)))]
    rests = max((one.rests_until for one in rows if one.rests_until and one.rests_until > now), default=None)
    submitted = message.join(recipient, recipient.c.message_id == message.c.id)
    oldest = sa.select(message.c.submitted_at).select_from(submitted).where(recipient.c.id == row.first)
    said = next((one.said for one in rows if one.said), None)
    return Queued(
        server_id=row.server_id,
        domain=row.bucket,
        depth=row.depth,
        running=row.running,
        oldest_at=connection.execute(oldest).scalar_one(),
        next_try=max(filter(None, (_later(row.next, now), rests)), default=None),
        said=said or _said_to(connection, row.tried),
        paused=any(one.paused_at for one in rows),
        rests_until=rests,
    )


def _later(due_at: datetime | None, now: datetime) -> datetime | None:
    """Return when a row is due, None for one that is ready, under way or parked."""
    return due_at if due_at is not None and FIRST_DAY < due_at < PARKED and due_at > now else None


def _said_to(connection: sa.Connection, recipient_id: int | None) -> str:
    """Return what the remote said of a recipient last, in the words of its event."""
    if recipient_id is None:
        return ""
    mine = sa.select(recipient.c.message_id).where(recipient.c.id == recipient_id).scalar_subquery()
    last = (
        sa.select(event.c.details)
        .where(event.c.message_id == mine, event.c.recipient_id == recipient_id)
        .order_by(event.c.id.desc())
        .limit(1)
    )
    details: dict[str, str] = connection.scalar(last) or {}
    return details.get("DeliveryMessage", "").partition(";")[2]


def mails(connection: sa.Connection, which: Which, now: datetime, most: int) -> list[QueuedMail]:
    """Return mails that wait, the oldest first."""
    rows = connection.execute(
        sa.select(recipient, message.c.submitted_at)
        .join(message, message.c.id == recipient.c.message_id)
        .where(*which.conditions())
        .order_by(recipient.c.id)
        .limit(most)
    )
    return [
        QueuedMail(
            recipient_id=row.id,
            message_id=row.message_id,
            server_id=row.server_id,
            address=row.address,
            submitted_at=row.submitted_at,
            attempts=row.attempts,
            running=row.lease_owner is not None,
            next_try=_later(row.due_at, now) if row.lease_owner is None else None,
            said=_said_to(connection, row.id if row.attempts else None),
        )
        for row in rows.all()
    ]
