"""Suppressions: the addresses that a stream does not send to. Keys are lower-case addresses."""

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa

from carom.server.store.schema import suppression
from carom.server.store.types import insert_new
from carom.taxonomy import Suppresses, SuppressionReason


def suppressed(connection: sa.Connection, server_id: int, stream: str, emails: Iterable[str]) -> set[str]:
    """Return those of some lower-case addresses that a stream does not send to."""
    return set(
        connection.scalars(
            sa.select(suppression.c.email).where(
                suppression.c.server_id == server_id,
                suppression.c.stream == stream,
                suppression.c.email.in_(list(emails)),
            )
        )
    )


def add(
    connection: sa.Connection,
    server_id: int,
    stream: str,
    email: str,
    what: Suppresses,
    now: datetime,
    bounce_id: int | None = None,
) -> bool:
    """Suppress an address; False if it was already."""
    row = {
        "server_id": server_id,
        "stream": stream,
        "email": email.lower(),
        "reason": what.reason.value,
        "origin": what.origin.value,
        "created_at": now,
        "bounce_id": bounce_id,
    }
    return connection.execute(insert_new(connection, suppression, row)).rowcount > 0


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
