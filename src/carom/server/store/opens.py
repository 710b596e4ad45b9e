"""Opens: the first of each recipient is kept and listed; later ones are only counted."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from msgspec import Struct

from carom.server.rules.stats import AGAIN, FIRST, Kind, day_of, keys_of_open
from carom.server.store import deliveries, stats, visits
from carom.server.store.schema import opened
from carom.server.store.stats import Fact
from carom.server.store.types import insert_new
from carom.server.store.visits import Filter, Visit
from carom.wire.messages import Open


class Recorded(Struct, frozen=True):
    """What was recorded. ``first`` is false when the recipient had opened the mail before."""

    open: Open
    first: bool


def record(
    connection: sa.Connection,
    recipient_id: int,
    visit: Visit,
    read_seconds: int | None = None,
    *,
    only_first: bool = False,
) -> Recorded | None:
    """Record that a recipient opened a mail, in the caller's transaction; None when the mail is no longer kept.

    ``read_seconds`` is how long it was looked at, None when nobody knows. ``only_first`` when the same open may be told
    twice: then one that is not the first is not even counted.
    """
    of = deliveries.sent(connection, recipient_id)
    if of is None:
        return None
    row: dict[str, Any] = {**visits.row_of(of, visit, browsing=False), "read_seconds": read_seconds}
    first = connection.execute(insert_new(connection, opened, row).returning(opened.c.id)).first() is not None
    keys = [(Kind.OPEN, FIRST if first else AGAIN), *keys_of_open(row["platform"], row["client_family"], read_seconds)]
    day = day_of(visit.at)
    facts = [Fact(of.server_id, kind, of.tag, day, of.stream, key) for kind, key in keys]
    if first or not only_first:
        stats.add(connection, facts, backed=first)
    return Recorded(_read(row), first=first)


def page(connection: sa.Connection, server_id: int, wanted: Filter, count: int, offset: int) -> tuple[int, list[Open]]:
    """Return how many opens match, and a page of them, newest first."""
    total, rows = visits.page(connection, opened, Kind.OPEN, server_id, wanted, count, offset)
    return total, [_read(row) for row in rows]


def of_message(
    connection: sa.Connection, server_id: int, message_id: UUID, count: int, offset: int
) -> tuple[int, list[Open]]:
    """Return how many recipients opened a message, and a page of them, newest first."""
    total, rows = visits.of_message(connection, opened, server_id, message_id, count, offset)
    return total, [_read(row) for row in rows]


def _read(row: Mapping[str, Any]) -> Open:
    return Open(record_type="Open", read_seconds=row["read_seconds"], **visits.shown(row))
