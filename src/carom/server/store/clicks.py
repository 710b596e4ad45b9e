"""Clicks: the first of each recipient on each link is kept and listed; later ones are only counted."""

import hashlib
from collections.abc import Mapping
from typing import Any, Literal
from uuid import UUID

import sqlalchemy as sa
from msgspec import Struct

from carom.server.rules.stats import AGAIN, FIRST, Kind, day_of, keys_of_click
from carom.server.store import deliveries, stats, visits
from carom.server.store.schema import clicked
from carom.server.store.stats import Fact
from carom.server.store.types import insert_new
from carom.server.store.visits import Filter, Visit
from carom.wire.messages import Click


class Recorded(Struct, frozen=True):
    """What was recorded. ``first`` is false when the recipient had followed the link before."""

    click: Click
    first: bool


def record(
    connection: sa.Connection,
    recipient_id: int,
    visit: Visit,
    link: str,
    location: Literal["HTML", "Text"],
    *,
    only_first: bool = False,
) -> Recorded | None:
    """Record that a recipient followed a link, in the caller's transaction; None when the mail is no longer kept.

    ``location`` is the body in which the link stands; the same link in both is one. ``only_first``
    when the same click may be told twice: then one that is not the first is not even counted.
    """
    of = deliveries.sent(connection, recipient_id)
    if of is None:
        return None
    digest = hashlib.sha256(link.encode()).digest()
    row: dict[str, Any] = {
        **visits.row_of(of, visit, browsing=True),
        "link": link,
        "link_digest": digest,
        "location": location,
    }
    first = connection.execute(insert_new(connection, clicked, row).returning(clicked.c.id)).first() is not None
    keys = [(Kind.CLICK, FIRST if first else AGAIN), *keys_of_click(row["platform"], row["client_family"], location)]
    day = day_of(visit.at)
    facts = [Fact(of.server_id, kind, of.tag, day, of.stream, key) for kind, key in keys]
    if first or not only_first:
        stats.add(connection, facts, backed=first)
    return Recorded(_read(row), first=first)


def page(connection: sa.Connection, server_id: int, wanted: Filter, count: int, offset: int) -> tuple[int, list[Click]]:
    """Return how many clicks match, and a page of them, newest first."""
    total, rows = visits.page(connection, clicked, Kind.CLICK, server_id, wanted, count, offset)
    return total, [_read(row) for row in rows]


def of_message(
    connection: sa.Connection, server_id: int, message_id: UUID, count: int, offset: int
) -> tuple[int, list[Click]]:
    """Return how many clicks a message has, and a page of them, newest first."""
    total, rows = visits.of_message(connection, clicked, server_id, message_id, count, offset)
    return total, [_read(row) for row in rows]


def _read(row: Mapping[str, Any]) -> Click:
    return Click(record_type="Click", click_location=row["location"], original_link=row["link"], **visits.shown(row))
