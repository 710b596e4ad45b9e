"""What is posted to hooks: written with the fact that it tells, claimed an endpoint at a time, kept with every attempt."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from carom.server.keyring import new_message_id
from carom.server.rules.events import Event
from carom.server.rules.inbound import FAILED, QUEUED
from carom.server.rules.posts import COUNTED, INBOUND, SLOW, VERY_SLOW, PostState, Taker, Takers
from carom.server.store import bodies, queue
from carom.server.store.queue import Claim
from carom.server.store.schema import inbound_message, post, post_attempt, server, webhook
from carom.server.store.types import padded
from carom.wire.learnt import learn
from carom.wire.webhooks import Triggers

learn(Triggers)


_TAKERS = (
    sa.select(server.c.settings, webhook.c.id, webhook.c.triggers)
    .select_from(
        server.outerjoin(
            webhook, sa.and_(webhook.c.server_id == server.c.id, webhook.c.stream == sa.bindparam("stream"))
        )
    )
    .where(server.c.id == sa.bindparam("server_id"))
    .order_by(webhook.c.id)
)


def takers(connection: sa.Connection, server_id: int, stream: str) -> Takers:
    """Return who may be told of the events of a stream."""
    rows = connection.execute(_TAKERS, {"server_id": server_id, "stream": stream}).all()
    return Takers(
        server_id,
        rows[0].settings if rows else {},
        {row.id: msgspec.convert(row.triggers, Triggers) for row in rows if row.id is not None},
    )


def add(connection: sa.Connection, told: Sequence[Taker], event: Event) -> None:
    """Write down what is to be posted of an event, in the transaction that the event belongs to; it is due at once."""
    if not told:
        return
    event_id = new_message_id(int(event.at.timestamp() * 1000))
    rows = [
        {
            "server_id": event.server_id,
            "endpoint": taker.endpoint,
            "event_id": event_id,
            "type": event.kind,
            "created_at": event.at,
            "message_id": event.message_id,
            "email": event.email.lower(),
            "payload": event.payload,
            "digest": event.digest if taker.content else None,
            "state": PostState.WAITING,
            "due_at": event.at,
        }
        for taker in told
    ]
    connection.execute(sa.insert(post), rows)


class Lane(Struct, frozen=True):
    """An endpoint that has something to be posted, and when the first of it is due."""

    endpoint: str
    due_at: datetime


def _lanes() -> sa.Select[Any, Any]:
    """Jump through the index from one endpoint to the next: as many steps as there are endpoints, however much there is to
    be posted to each."""
    waits = post.c.due_at.is_not(None)
    first = sa.select(sa.func.min(post.c.endpoint).label("endpoint")).where(waits).cte("lane", recursive=True)
    beyond = sa.select(sa.func.min(post.c.endpoint)).where(post.c.endpoint > first.c.endpoint, waits).scalar_subquery()
    lanes = first.union_all(sa.select(beyond).where(first.c.endpoint.is_not(None)))
    due_at = sa.select(sa.func.min(post.c.due_at)).where(post.c.endpoint == lanes.c.endpoint, waits).scalar_subquery()
    return sa.select(lanes.c.endpoint, due_at.label("due_at")).where(lanes.c.endpoint.is_not(None))


_LANES = _lanes()


def lanes(connection: sa.Connection) -> list[Lane]:
    """Return the endpoints that have something to be posted, now or later."""
    return [Lane(row.endpoint, row.due_at) for row in connection.execute(_LANES) if row.due_at is not None]


def claim(
    connection: sa.Connection, free: Sequence[tuple[str, int]], *, owner: str, now: datetime, lease: timedelta
) -> list[tuple[str, Claim]]:
    """Take what is due at some endpoints, of each as many as are free there."""
    return [
        (endpoint, claimed)
        for endpoint, limit in free
        for claimed in queue.claim_in(
            connection, post.c.endpoint, endpoint, owner=owner, now=now, lease=lease, limit=limit
        )
    ]


class Due(Struct, frozen=True, kw_only=True):
    """A post, with the raw mail that belongs to it where that is kept."""

    id: int
    server_id: int
    endpoint: str
    event_id: UUID
    type: str
    message_id: UUID | None
    payload: str
    raw: bytes | None


_DUE = (post.c.id, post.c.server_id, post.c.endpoint, post.c.event_id, post.c.type, post.c.message_id, post.c.payload)


def due(connection: sa.Connection, post_id: int) -> Due | None:
    """Return a post, None when it is no longer kept."""
    row = connection.execute(sa.select(*_DUE, post.c.digest).where(post.c.id == post_id)).first()
    if row is None:
        return None
    fields = row._asdict()
    digest = fields.pop("digest")
    raw = None if digest is None else bodies.fetch(connection, digest)
    return Due(**fields, raw=raw)


class Attempt(Struct, frozen=True, kw_only=True):
    """One post to a hook, and its answer: a status, or an error why there is none. ``url`` and ``headers`` are without
    their secrets; ``answer`` is what the answer began with."""

    at: datetime
    url: str
    headers: dict[str, str]
    status: int | None
    milliseconds: int
    answer: bytes
    error: str


def conclude(
    connection: sa.Connection, held: Claim, of: Due, made: Attempt, state: PostState, due_at: datetime | None
) -> bool:
    """Record an attempt and what follows from it; False if the post is no longer ours."""
    if not queue.settle_claim(connection, post, held, due_at=due_at, state=state):
        return False
    row = {"server_id": of.server_id, "post_id": of.id, "endpoint": of.endpoint, "message_id": of.message_id}
    connection.execute(sa.insert(post_attempt).values(**row, **msgspec.structs.asdict(made)))
    return True


class Filter(Struct, frozen=True, kw_only=True):
    """Which posts are meant. ``first`` and ``last`` bound the time of the event, both included."""

    id: int | None = None
    endpoint: str | None = None
    type: str | None = None
    state: PostState | None = None
    email: str | None = None
    message_id: UUID | None = None
    first: datetime | None = None
    last: datetime | None = None

    @property
    def is_empty(self) -> bool:
        """Whether it names nothing."""
        return self == Filter()


class Row(Struct, frozen=True, kw_only=True):
    """A post, as it is listed."""

    id: int
    server_id: int
    endpoint: str
    event_id: UUID
    type: str
    created_at: datetime
    message_id: UUID | None
    email: str
    state: PostState
    due_at: datetime | None
    attempts: int


def page(connection: sa.Connection, wanted: Filter, limit: int) -> list[Row]:
    """Return posts, the newest events first."""
    columns = [post.c[name] for name in Row.__struct_fields__]
    newest = (post.c.created_at.desc(), post.c.id.desc())
    rows = connection.execute(sa.select(*columns).where(*_conditions(wanted)).order_by(*newest).limit(limit))
    return [Row(**row._asdict()) for row in rows]


def attempts(connection: sa.Connection, post_id: int) -> list[Attempt]:
    """Return the attempts of a post, oldest first."""
    columns = [post_attempt.c[name] for name in Attempt.__struct_fields__]
    rows = connection.execute(sa.select(*columns).where(post_attempt.c.post_id == post_id).order_by(post_attempt.c.id))
    return [Attempt(**row._asdict()) for row in rows]


SLICE = 500
"""Posts that one transaction makes due again."""


def replay(connection: sa.Connection, wanted: Filter, now: datetime, after: int = 0) -> list[Row]:
    """Make some posts due again that are waiting no more, those with the lowest ids above ``after``, and return them; none
    when there are no more. They keep their event ids and are tried as often as new ones."""
    columns = [post.c[name] for name in Row.__struct_fields__]
    over = (post.c.state != PostState.WAITING, post.c.id > after)
    found = sa.select(post.c.id).where(*_conditions(wanted), *over).order_by(post.c.id).limit(SLICE)
    again = sa.update(post).where(post.c.id.in_(connection.scalars(found).all()))
    waiting = again.values(state=PostState.WAITING, due_at=now, attempts=0).returning(*columns)
    rows = [Row(**row._asdict()) for row in connection.execute(waiting)]
    mails = [row.message_id for row in rows if row.type == INBOUND]
    if mails:
        failed = (inbound_message.c.id.in_(mails), inbound_message.c.status == FAILED)
        connection.execute(sa.update(inbound_message).where(*failed).values(status=QUEUED))
    return sorted(rows, key=lambda row: row.id)


def _conditions(wanted: Filter) -> list[sa.ColumnElement[bool]]:
    equal = {name: getattr(wanted, name) for name in ("id", "endpoint", "type", "state", "message_id")}
    conditions = [post.c[name] == value for name, value in equal.items() if value is not None]
    if wanted.email is not None:
        conditions.append(post.c.email == wanted.email.lower())
    if wanted.first is not None:
        conditions.append(post.c.created_at >= wanted.first)
    if wanted.last is not None:
        conditions.append(post.c.created_at <= wanted.last)
    return conditions


class Counts(Struct, frozen=True, kw_only=True):
    """What became of the posts to an endpoint of late, counted by attempts. Those that are very slow are slow too."""

    total: int
    success: int
    slow: int
    very_slow: int


def counts(connection: sa.Connection, server_id: int, endpoint: str, now: datetime) -> Counts:
    """Count the attempts of the last day."""
    lately = (
        post_attempt.c.server_id == server_id,
        post_attempt.c.endpoint == endpoint,
        post_attempt.c.at >= now - COUNTED,
    )
    taken = sa.case((post_attempt.c.status.between(200, 299), 1), else_=0)

    def slower(limit: timedelta) -> sa.ColumnElement[Any]:
        over = post_attempt.c.milliseconds >= limit // timedelta(milliseconds=1)
        return sa.func.coalesce(sa.func.sum(sa.case((over, 1), else_=0)), 0)

    counted = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(taken), 0), slower(SLOW), slower(VERY_SLOW))
    total, success, slow, very_slow = connection.execute(counted.where(*lately)).one()
    return Counts(total=total, success=success, slow=slow, very_slow=very_slow)


def erase(connection: sa.Connection, servers: Sequence[int], email: str, limit: int) -> bool:
    """Remove some of what was posted about a lower-case address; False when there was nothing."""
    mine = sa.select(post.c.id).where(post.c.server_id.in_(servers), post.c.email == email).limit(limit)
    return remove(connection, connection.scalars(mine).all()) > 0


def drop_raw(connection: sa.Connection, *where: sa.ColumnElement[bool]) -> set[bytes]:
    """Let posts go without their raw mails from now on, and return the digests of these."""
    named = (*where, post.c.digest.is_not(None))
    found = set(connection.scalars(sa.select(post.c.digest).where(*named)))
    connection.execute(sa.update(post).where(*named).values(digest=None))
    return {digest for digest in found if digest is not None}


def remove(connection: sa.Connection, ids: Sequence[int], kept_before: datetime | None = None) -> int:
    """Remove posts with their attempts, and say how many."""
    connection.execute(sa.delete(post_attempt).where(post_attempt.c.post_id.in_(padded(ids))))
    gone = connection.scalars(sa.delete(post).where(post.c.id.in_(padded(ids))).returning(post.c.digest)).all()
    bodies.forget(connection, {digest for digest in gone if digest is not None}, kept_before)
    return len(gone)
