"""What happened, counted by day, stream, tag and key.

``stat`` holds the sums for ever. What follows an acceptance (a bounce, an open, a click, a recipient that is never sent
to) is added in the transaction that records it. Acceptances are not, since one more row in the hot path would cost
every message: :mod:`carom.server.store.rollup` adds them minute by minute, and those since ``stat_mark`` are counted
where they lie. ``kept`` is what rows still back, so that it is also how many rows a list has; ``past`` is what none
backs any more, or never did.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.dialects import postgresql, sqlite

from carom.server.rules.stats import Counted, Kind, day_begins, day_of, day_of_hour
from carom.server.store.schema import message, recipient, stat, stat_mark, stream

_HOUR = 3_600_000_000
"""In the microseconds in which times are stored."""
ALL = ""
"""The tag under which all mail is counted."""
LIVE = frozenset({Kind.MESSAGE, Kind.SENT})
"""What is counted where it lies since the mark."""


class Span(Struct, frozen=True, kw_only=True):
    """What is to be counted. ``first`` and ``last`` are days, both included."""

    stream: str | None = None
    tag: str | None = None
    first: int | None = None
    last: int | None = None


class Fact(NamedTuple):
    """Something that happened ``number`` times on a day."""

    server_id: int
    kind: Kind
    tag: str | None
    day: int
    stream: str
    key: str
    number: int = 1


def add(connection: sa.Connection, facts: Iterable[Fact], *, backed: bool = True) -> None:
    """Count facts; ``backed`` when there are rows that tell them."""
    _apply(connection, facts, kept=int(backed), past=int(not backed))


def forget(connection: sa.Connection, facts: Iterable[Fact]) -> None:
    """Note that there are no rows any more for facts that were counted: they stay counted."""
    _apply(connection, facts, kept=-1, past=1)


_PLACE = ("server_id", "kind", "tag", "day", "stream", "key")


def _apply(connection: sa.Connection, facts: Iterable[Fact], *, kept: int, past: int) -> None:
    sums: dict[tuple[Any, ...], int] = {}
    for fact in facts:
        for tag in {ALL, fact.tag or ALL}:
            place = (fact.server_id, fact.kind, tag, fact.day, fact.stream, fact.key)
            sums[place] = sums.get(place, 0) + fact.number
    # In one order everywhere, so that two transactions never wait for each other.
    rows = [
        {**dict(zip(_PLACE, place, strict=True)), "kept": kept * number, "past": past * number}
        for place, number in sorted(sums.items())
        if number
    ]
    if rows:
        connection.execute(_upsert(connection.dialect.name), rows)


@cache
def _upsert(dialect: str) -> sa.Insert:
    insert: Any = (sqlite if dialect == "sqlite" else postgresql).insert(stat)
    statement: sa.Insert = insert.on_conflict_do_update(
        index_elements=_PLACE,
        set_={"kept": stat.c.kept + insert.excluded.kept, "past": stat.c.past + insert.excluded.past},
    )
    return statement


def counted(connection: sa.Connection, server_id: int, span: Span, kind: Kind) -> list[Counted]:
    """Return how often something happened, by day and key."""
    days = (
        sa.select(stat.c.day, stat.c.key, sa.func.sum(stat.c.kept + stat.c.past))
        .where(*_in(server_id, span, kind))
        .group_by(stat.c.day, stat.c.key)
    )
    found = [Counted(day, key, int(number)) for day, key, number in connection.execute(days)]
    if kind in LIVE:
        found += [Counted(fact.day, fact.key, fact.number) for fact in _since_mark(connection, server_id, span, kind)]
    return found


def rows(connection: sa.Connection, server_id: int, span: Span, kind: Kind, *keys: str) -> int:
    """Return how many rows there are of a kind, of some keys or of all."""
    wanted = sa.select(sa.func.sum(stat.c.kept)).where(*_in(server_id, span, kind))
    if keys:
        wanted = wanted.where(stat.c.key.in_(keys))
    live = sum(fact.number for fact in _since_mark(connection, server_id, span, kind)) if kind in LIVE else 0
    return int(connection.scalar(wanted) or 0) + live


def rows_by_key(connection: sa.Connection, server_id: int, kind: Kind) -> dict[str, int]:
    """Return how many rows a server has of a kind, by key."""
    wanted = sa.select(stat.c.key, sa.func.sum(stat.c.kept)).where(*_in(server_id, Span(), kind)).group_by(stat.c.key)
    return {key: int(number) for key, number in connection.execute(wanted) if number}


def _in(server_id: int, span: Span, kind: Kind) -> list[sa.ColumnElement[bool]]:
    conditions = [stat.c.server_id == server_id, stat.c.kind == kind, stat.c.tag == (span.tag or ALL)]
    if span.first is not None:
        conditions.append(stat.c.day >= span.first)
    if span.last is not None:
        conditions.append(stat.c.day <= span.last)
    if span.stream is not None:
        conditions.append(stat.c.stream == span.stream)
    return conditions


def mark(connection: sa.Connection) -> datetime:
    """Return since when accepted messages are counted where they lie."""
    until: datetime = connection.execute(sa.select(stat_mark.c.until)).scalar_one()
    return until


def _since_mark(connection: sa.Connection, server_id: int, span: Span, kind: Kind) -> list[Fact]:
    begin = mark(connection)
    if span.last is not None and span.last < day_of(begin):
        return []
    streams = sa.select(stream.c.id).where(stream.c.server_id == server_id)
    where = [
        message.c.server_id == server_id,
        message.c.stream.in_(streams) if span.stream is None else message.c.stream == span.stream,
        message.c.submitted_at >= (begin if span.first is None else max(begin, day_begins(span.first))),
    ]
    if span.last is not None:
        where.append(message.c.submitted_at < day_begins(span.last + 1))
    if span.tag is not None:
        where.append(message.c.tag == span.tag)
    return list(accepted(connection, kind, *where))


def hour(at: sa.Column[Any]) -> sa.ColumnElement[int]:
    """Return the hour of a time, counted from 1970."""
    return sa.type_coerce(at, sa.BigInteger()) // sa.literal_column(str(_HOUR), sa.BigInteger())


def accepted(connection: sa.Connection, kind: Kind, *where: sa.ColumnElement[bool]) -> Iterator[Fact]:
    """Count messages, or their recipients, at the time when they were accepted."""
    by = (message.c.server_id, message.c.stream, message.c.tag, hour(message.c.submitted_at))
    found = sa.select(*by, sa.func.count()).where(*where).group_by(*by)
    if kind is Kind.SENT:
        found = found.select_from(message.join(recipient, recipient.c.message_id == message.c.id))
    for server_id, name, tag, at, number in connection.execute(found):
        yield Fact(server_id, kind, tag, day_of_hour(at), name, "", number)


def whole_days(first: datetime | None, last: datetime | None) -> Span | None:
    """Return a span of time in days, or None when it does not begin and end with one."""
    days = (None if first is None else day_of(first), None if last is None else day_of(last))
    if first is not None and days[0] is not None and day_begins(days[0]) != first:
        return None
    if last is not None and days[1] is not None and day_begins(days[1] + 1) - timedelta(microseconds=1) != last:
        return None
    return Span(first=days[0], last=days[1])
