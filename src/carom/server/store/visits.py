"""What opens and clicks have in common: whose they are, who came, and how they are searched."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from msgspec import Struct

from carom.server.rules.agents import MAX_LENGTH, read_agent
from carom.server.rules.stats import Kind
from carom.server.store import counting, stats
from carom.server.store.deliveries import Sent
from carom.wire.messages import Geo, Software
from carom.wire.times import Timestamp

_GEO = tuple(Geo.__struct_fields__)


class Visit(Struct, frozen=True, kw_only=True):
    """Somebody read a mail: when, with what User-Agent, from where."""

    at: datetime
    user_agent: str = ""
    geo: Geo = Geo()


class Filter(Struct, frozen=True, kw_only=True):
    """What a search asks for. All but ``tag`` and ``stream`` are compared without regard to case; ``country`` and
    ``region`` are names or ISO codes; ``first`` and ``last`` bound the time, both included."""

    stream: str
    recipient: str | None = None
    tag: str | None = None
    client_name: str | None = None
    client_company: str | None = None
    client_family: str | None = None
    os_name: str | None = None
    os_company: str | None = None
    os_family: str | None = None
    platform: str | None = None
    country: str | None = None
    region: str | None = None
    city: str | None = None
    first: datetime | None = None
    last: datetime | None = None


_EQUAL = {
    name: (name,)
    for name in ("client_name", "client_company", "client_family", "os_name", "os_company", "os_family", "platform")
}
_READER = {**_EQUAL, "country": ("country", "country_iso_code"), "region": ("region", "region_iso_code"), "city": ("city",)}  # fmt: skip
"""The filters about the reader, and the columns that each looks at."""


def row_of(of: Sent, visit: Visit, *, browsing: bool) -> dict[str, Any]:
    """Return the columns of a visit; ``browsing`` when a link was followed."""
    agent = read_agent(visit.user_agent[:MAX_LENGTH], browsing=browsing)
    return {
        "server_id": of.server_id,
        "stream": of.stream,
        "message_id": of.message_id,
        "recipient_id": of.recipient_id,
        "recipient": of.address,
        "email": of.address.lower(),
        "tag": of.tag,
        "at": visit.at,
        "user_agent": visit.user_agent[:MAX_LENGTH],
        "client_name": agent.client.name,
        "client_company": agent.client.company,
        "client_family": agent.client.family,
        "os_name": agent.os.name,
        "os_company": agent.os.company,
        "os_family": agent.os.family,
        "platform": agent.platform,
        **{name: getattr(visit.geo, name) for name in _GEO},
    }


def shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the API shows of every visit. What is not known about the reader has the name unknown, or is left out
    of the place."""
    return {
        "client": Software(name=row["client_name"], company=row["client_company"], family=row["client_family"]),
        "os": Software(name=row["os_name"], company=row["os_company"], family=row["os_family"]),
        "platform": row["platform"],
        "user_agent": row["user_agent"],
        "geo": Geo(**{name: row[name] for name in _GEO}),
        "message_id": str(row["message_id"]),
        "message_stream": row["stream"],
        "received_at": Timestamp.of(row["at"]),
        "tag": row["tag"],
        "recipient": row["recipient"],
    }


def page(
    connection: sa.Connection, table: sa.Table, kind: Kind, server_id: int, wanted: Filter, count: int, offset: int
) -> tuple[int, Sequence[Mapping[str, Any]]]:
    """Return how many rows match, and a page of them, newest first."""
    where = list(_conditions(table, server_id, wanted))
    total = _total(connection, table, kind, server_id, wanted, where)
    return total, _rows(connection, table, where, count, offset)


def of_message(
    connection: sa.Connection, table: sa.Table, server_id: int, message_id: UUID, count: int, offset: int
) -> tuple[int, Sequence[Mapping[str, Any]]]:
    """Return how many rows a message has, and a page of them, newest first."""
    where = [table.c.message_id == message_id, table.c.server_id == server_id]
    total = connection.execute(sa.select(sa.func.count()).select_from(table).where(*where)).scalar_one()
    return total, _rows(connection, table, where, count, offset)


def _rows(
    connection: sa.Connection, table: sa.Table, where: list[sa.ColumnElement[bool]], count: int, offset: int
) -> Sequence[Mapping[str, Any]]:
    newest = (table.c.at.desc(), table.c.id.desc())
    rows = connection.execute(sa.select(table).where(*where).order_by(*newest).limit(count).offset(offset))
    return [row._asdict() for row in rows]


def _total(
    connection: sa.Connection,
    table: sa.Table,
    kind: Kind,
    server_id: int,
    wanted: Filter,
    where: list[sa.ColumnElement[bool]],
) -> int:
    narrowed = wanted.recipient is not None or any(getattr(wanted, name) is not None for name in _READER)
    days = stats.whole_days(wanted.first, wanted.last)
    if narrowed or days is None:
        return counting.count(connection, table, where)
    span = stats.Span(stream=wanted.stream, tag=wanted.tag, first=days.first, last=days.last)
    return stats.rows(connection, server_id, span, kind)


def _conditions(table: sa.Table, server_id: int, wanted: Filter) -> Iterator[sa.ColumnElement[bool]]:
    columns = table.c
    yield columns.server_id == server_id
    yield columns.stream == wanted.stream
    if wanted.recipient is not None:
        yield columns.email == wanted.recipient.lower()
    if wanted.tag is not None:
        yield columns.tag == wanted.tag
    for name, looked_at in _READER.items():
        value: str | None = getattr(wanted, name)
        if value is not None:
            yield sa.or_(*(sa.func.lower(columns[column]) == value.lower() for column in looked_at))
    if wanted.first is not None:
        yield columns.at >= wanted.first
    if wanted.last is not None:
        yield columns.at <= wanted.last
