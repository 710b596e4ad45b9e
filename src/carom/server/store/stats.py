"""What was sent and what came back, counted by the hour."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from carom.server.rules.lifecycle import State
from carom.server.rules.stats import Hour
from carom.server.store.schema import bounce, message, recipient
from carom.taxonomy import BY_CODE, BounceType

_HOUR = 3_600_000_000
"""In the microseconds in which times are stored."""


class Span(Struct, frozen=True, kw_only=True):
    """What is to be counted. ``first`` and ``last`` bound the time, both included."""

    stream: str | None = None
    tag: str | None = None
    first: datetime | None = None
    last: datetime | None = None


def sends(connection: sa.Connection, server_id: int, span: Span) -> list[Hour]:
    """Count messages by recipient, at the time when they were accepted."""
    hour = _hour(message.c.submitted_at)
    rows = connection.execute(
        sa.select(hour, sa.func.count())
        .select_from(message.join(recipient, recipient.c.message_id == message.c.id))
        .where(*_in(message, message.c.submitted_at, server_id, span), recipient.c.state != State.FAILED)
        .group_by(hour)
    )
    return [Hour(row[0], "Sent", row[1]) for row in rows]


def bounces(connection: sa.Connection, server_id: int, span: Span, types: Collection[BounceType]) -> list[Hour]:
    """Count bounces of some types, each under its wire name."""
    hour = _hour(bounce.c.bounced_at)
    codes = [kind.code for kind in types]
    rows = connection.execute(
        sa.select(hour, bounce.c.type, sa.func.count())
        .where(*_in(bounce, bounce.c.bounced_at, server_id, span), bounce.c.type.in_(codes))
        .group_by(hour, bounce.c.type)
    )
    return [Hour(row[0], BY_CODE[row[1]].value, row[2]) for row in rows]


def _hour(at: sa.Column[Any]) -> sa.ColumnElement[int]:
    return sa.type_coerce(at, sa.BigInteger()) // sa.literal_column(str(_HOUR), sa.BigInteger())


def _in(table: sa.Table, at: sa.Column[Any], server_id: int, span: Span) -> list[sa.ColumnElement[bool]]:
    conditions = [table.c.server_id == server_id]
    if span.stream is not None:
        conditions.append(table.c.stream == span.stream)
    if span.tag is not None:
        conditions.append(table.c.tag == span.tag)
    if span.first is not None:
        conditions.append(at >= span.first)
    if span.last is not None:
        conditions.append(at <= span.last)
    return conditions
