"""Suppressions: the addresses that a stream does not send to. Keys are lower-case addresses."""

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
from msgspec import Struct

from carom.server.store.schema import suppression
from carom.server.store.types import insert_new, padded
from carom.taxonomy import Suppresses, SuppressionReason


class Row(Struct, frozen=True):
    """An address that a stream does not send to."""

    email: str
    reason: str
    origin: str
    created_at: datetime


class Filter(Struct, frozen=True, kw_only=True):
    """What a dump is asked for. ``first`` and ``last`` bound the time, both included."""

    reason: str | None = None
    origin: str | None = None
    email: str | None = None
    first: datetime | None = None
    last: datetime | None = None


_SUPPRESSED = sa.select(suppression.c.email).where(
    suppression.c.server_id == sa.bindparam("server_id"),
    suppression.c.stream == sa.bindparam("stream"),
    suppression.c.email.in_(sa.bindparam("emails", expanding=True)),
)


def suppressed(connection: sa.Connection, server_id: int, stream: str, emails: Iterable[str]) -> set[str]:
    """Return those of some lower-case addresses that a stream does not send to."""
    asked = {"server_id": server_id, "stream": stream, "emails": padded(emails)}
    return set(connection.scalars(_SUPPRESSED, asked))


def add(
    connection: sa.Connection,
    server_id: int,
    stream: str,
    email: str,
    what: Suppresses,
    now: datetime,
    bounce_id: int | None = None,
) -> bool:
    """Suppress an address; False if that changes nothing, as it was already. A complaint takes the place of another reason,
    since nobody may lift it."""
    row = {
        "server_id": server_id,
        "stream": stream,
        "email": email.lower(),
        "reason": what.reason.value,
        "origin": what.origin.value,
        "created_at": now,
        "bounce_id": bounce_id,
    }
    if connection.execute(insert_new(connection, suppression, row)).rowcount > 0:
        return True
    if what.reason is SuppressionReason.SPAM_COMPLAINT:
        other = suppression.c.reason != what.reason.value
        taken = sa.update(suppression).where(*_is(server_id, stream, email), other).values(row)
        return connection.execute(taken).rowcount > 0
    return False


def lift(connection: sa.Connection, server_id: int, stream: str, email: str, reason: SuppressionReason) -> bool:
    """Let an address be mailed again if it is suppressed for this reason; tell whether it was."""
    return (
        connection.execute(
            sa.delete(suppression).where(
                suppression.c.server_id == server_id,
                suppression.c.stream == stream,
                suppression.c.email == email.lower(),
                suppression.c.reason == reason.value,
            )
        ).rowcount
        > 0
    )


def count(connection: sa.Connection, server_id: int) -> int:
    """Count the suppressed pairs of stream and address of a server."""
    counted = sa.select(sa.func.count()).select_from(suppression).where(suppression.c.server_id == server_id)
    return connection.execute(counted).scalar_one()


def dump(connection: sa.Connection, server_id: int, stream: str, wanted: Filter) -> list[Row]:
    """Return the suppressions of a stream, newest first."""
    where = [suppression.c.server_id == server_id, suppression.c.stream == stream]
    if wanted.reason is not None:
        where.append(suppression.c.reason == wanted.reason)
    if wanted.origin is not None:
        where.append(suppression.c.origin == wanted.origin)
    if wanted.email is not None:
        where.append(suppression.c.email == wanted.email.lower())
    if wanted.first is not None:
        where.append(suppression.c.created_at >= wanted.first)
    if wanted.last is not None:
        where.append(suppression.c.created_at <= wanted.last)
    rows = connection.execute(_ROW.where(*where).order_by(suppression.c.created_at.desc(), suppression.c.email))
    return [Row(*row) for row in rows]


def get(connection: sa.Connection, server_id: int, stream: str, email: str) -> Row | None:
    """Return the suppression of an address."""
    row = connection.execute(_ROW.where(*_is(server_id, stream, email))).first()
    return None if row is None else Row(*row)


def remove(connection: sa.Connection, server_id: int, stream: str, email: str) -> bool:
    """Let an address be mailed again, whatever it is suppressed for; False if it was not."""
    return connection.execute(sa.delete(suppression).where(*_is(server_id, stream, email))).rowcount > 0


_ROW = sa.select(suppression.c.email, suppression.c.reason, suppression.c.origin, suppression.c.created_at)


def _is(server_id: int, stream: str, email: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        suppression.c.server_id == server_id,
        suppression.c.stream == stream,
        suppression.c.email == email.lower(),
    )
