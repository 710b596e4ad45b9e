"""Bounces: recorded once for a recipient and type, listed, counted, their dumps, and whether the address is inactive.

Inactive is never stored: an address is inactive by a bounce while the suppression that such a bounce writes is there.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from msgspec import UNSET, Struct, UnsetType

from carom.server.rules.mail import text_of
from carom.server.rules.stats import Kind, day_of
from carom.server.store import bodies, counting, stats, suppressions
from carom.server.store.deliveries import Sent
from carom.server.store.schema import bounce, suppression
from carom.server.store.stats import Fact, Span
from carom.server.store.types import insert_new
from carom.taxonomy import BY_CODE, BounceType
from carom.wire.bounces import Bounce, BounceCount
from carom.wire.times import Timestamp


class Found(Struct, frozen=True, kw_only=True):
    """A new bounce, as it is recorded."""

    type: BounceType
    details: str
    dump: bytes | None
    proven: bool
    verdict: BounceType
    rule: str
    matched: str
    status: str | None


class Unsent(Struct, frozen=True, kw_only=True):
    """What a bounce tells of a message that was not sent to somebody, so that no recipient's row knows it."""

    server_id: int
    stream: str
    message_id: UUID
    address: str
    from_address: str
    subject: str
    tag: str | None


class Filter(Struct, frozen=True, kw_only=True):
    """What a page of bounces is asked for. ``first`` and ``last`` bound the time, both included."""

    type: BounceType | None = None
    inactive: bool | None = None
    email: str | None = None
    tag: str | None = None
    message_id: object | None = None
    first: datetime | None = None
    last: datetime | None = None
    stream: str | None = None


def add(connection: sa.Connection, of: Sent | Unsent, found: Found, at: datetime) -> int | None:
    """Record a bounce and return its id; None when this recipient has one of the type already. One of a message that was
    not sent is always new."""
    row = {
        "server_id": of.server_id,
        "stream": of.stream,
        "message_id": of.message_id,
        "recipient_id": of.recipient_id if isinstance(of, Sent) else None,
        "type": found.type.code,
        "email": of.address,
        "from_address": of.from_address,
        "subject": of.subject,
        "tag": of.tag,
        "details": found.details,
        "bounced_at": at,
        "dump": found.dump,
        "proven": found.proven,
        "verdict": found.verdict.code,
        "rule": found.rule,
        "matched": found.matched,
        "status": found.status,
    }
    bounce_id = connection.execute(insert_new(connection, bounce, row).returning(bounce.c.id)).scalar_one_or_none()
    if bounce_id is not None:
        fact = Fact(of.server_id, Kind.BOUNCE, of.tag, day_of(at), of.stream, found.type.value)
        stats.add(connection, [fact])
    return bounce_id


_REASONS = {kind.code: kind.suppresses.reason.value for kind in BounceType if kind.suppresses}

_INACTIVE = (
    sa.exists()
    .where(
        suppression.c.server_id == bounce.c.server_id,
        suppression.c.stream == bounce.c.stream,
        suppression.c.email == sa.func.lower(bounce.c.email),
        suppression.c.reason == sa.case(_REASONS, value=bounce.c.type),
    )
    .correlate(bounce)
)

_SHOWN = (
    bounce.c.id,
    bounce.c.type,
    bounce.c.tag,
    bounce.c.message_id,
    bounce.c.server_id,
    bounce.c.stream,
    bounce.c.details,
    bounce.c.email,
    bounce.c.from_address,
    bounce.c.bounced_at,
    bounce.c.dump,
    bounce.c.subject,
    _INACTIVE.label("inactive"),
)


def page(
    connection: sa.Connection, server_id: int, wanted: Filter, count: int, offset: int
) -> tuple[int, list[Bounce]]:
    """Return how many bounces match, and a page of them, newest first."""
    where = [bounce.c.server_id == server_id, *_conditions(wanted)]
    newest = (bounce.c.bounced_at.desc(), bounce.c.id.desc())
    # The ids first: the search looks at no more than an index, and only the page's rows are read whole.
    ids = sa.select(bounce.c.id).where(*where).order_by(*newest).limit(count).offset(offset).subquery()
    rows = connection.execute(sa.select(*_SHOWN).join(ids, ids.c.id == bounce.c.id).order_by(*newest))
    return _total(connection, server_id, wanted, where), [_read(row) for row in rows]


def _total(connection: sa.Connection, server_id: int, wanted: Filter, where: list[sa.ColumnElement[bool]]) -> int:
    days = stats.whole_days(wanted.first, wanted.last)
    narrowed = any(value is not None for value in (wanted.inactive, wanted.email, wanted.message_id))
    if narrowed or days is None:
        return counting.count(connection, bounce, where)
    span = Span(stream=wanted.stream, tag=wanted.tag, first=days.first, last=days.last)
    keys = [] if wanted.type is None else [wanted.type.value]
    return stats.rows(connection, server_id, span, Kind.BOUNCE, *keys)


def _conditions(wanted: Filter) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if wanted.type is not None:
        conditions.append(bounce.c.type == wanted.type.code)
    if wanted.email is not None:
        conditions.append(bounce.c.email.icontains(wanted.email, autoescape=True))
    if wanted.inactive is not None:
        conditions.append(_INACTIVE if wanted.inactive else ~_INACTIVE)
    if wanted.first is not None:
        conditions.append(bounce.c.bounced_at >= wanted.first)
    if wanted.last is not None:
        conditions.append(bounce.c.bounced_at <= wanted.last)
    equal = ((bounce.c.tag, wanted.tag), (bounce.c.message_id, wanted.message_id), (bounce.c.stream, wanted.stream))
    return conditions + [column == value for column, value in equal if value is not None]


def get(connection: sa.Connection, server_id: int, bounce_id: int, *, content: bool = True) -> Bounce | None:
    """Return a bounce of a server, with its raw mail as ``content`` if it is asked for and kept."""
    row = connection.execute(
        sa.select(*_SHOWN).where(bounce.c.server_id == server_id, bounce.c.id == bounce_id)
    ).first()
    if row is None:
        return None
    raw = bodies.fetch(connection, row.dump) if content and row.dump is not None else None
    return _read(row, raw)


def dump(connection: sa.Connection, server_id: int, bounce_id: int) -> bytes | UnsetType | None:
    """Return the raw mail of a bounce, None when it is not kept, UNSET when there is no such bounce."""
    row = connection.execute(
        sa.select(bounce.c.dump).where(bounce.c.server_id == server_id, bounce.c.id == bounce_id)
    ).first()
    if row is None:
        return UNSET
    return None if row.dump is None else bodies.fetch(connection, row.dump)


def activate(connection: sa.Connection, server_id: int, found: Bounce) -> bool:
    """Lift the suppression that a bounce of this type writes, on the bounce's own stream; False if there was none."""
    what = BY_CODE[found.type_code].suppresses
    if found.inactive and what is not None and found.message_stream is not None:
        return suppressions.lift(connection, server_id, found.message_stream, found.email, what.reason)
    return False


def counts(connection: sa.Connection, server_id: int) -> list[BounceCount]:
    """Count the bounces of a server: all, then each type that occurred."""
    found = stats.rows_by_key(connection, server_id, Kind.BOUNCE)
    by_type = [
        BounceCount(type=kind.value, name=kind.label, count=found[kind.value])
        for kind in sorted(BounceType, key=lambda kind: kind.code)
        if kind.value in found
    ]
    return [BounceCount(name="All", count=sum(one.count for one in by_type)), *by_type]


def _read(row: Any, content: bytes | None = None) -> Bounce:
    kind = BY_CODE[row.type]
    return Bounce(
        record_type="Bounce",
        id=row.id,
        type=kind.value,
        type_code=kind.code,
        name=kind.label,
        tag=row.tag,
        message_id=str(row.message_id),
        server_id=row.server_id,
        message_stream=row.stream,
        description=kind.text,
        details=row.details,
        email=row.email,
        from_=row.from_address,
        bounced_at=Timestamp.of(row.bounced_at),
        dump_available=row.dump is not None,
        inactive=bool(row.inactive),
        can_activate=kind.can_activate,
        subject=row.subject,
        content=None if content is None else text_of(content),
    )
