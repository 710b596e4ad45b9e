"""What is no longer kept: mail goes by its age, in small batches. What happened to it stays counted.

Each function removes what is older than a time, as much as one transaction should, and returns how many rows it found:
fewer than BATCH when there is nothing more. A message goes with its recipients and its events, and not while one of them
is still to be sent. Bounces, opens and clicks go by their own age. Suppressions and sums are never touched.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from carom.server.rules.lifecycle import WAITING
from carom.server.rules.posts import INBOUND, PostState
from carom.server.store import bodies, posts, rollup
from carom.server.store.schema import (
    bounce,
    captured,
    clicked,
    event,
    inbound_message,
    message,
    opened,
    post,
    received,
    recipient,
    stream,
)
from carom.server.store.types import padded

BATCH = 500
"""How many rows go in one transaction: others write in between."""


def remove_messages(connection: sa.Connection, before: datetime) -> int:
    """Remove sent messages of which nothing is to be sent any more."""
    rollup.hold_mark(connection)
    waiting = sa.exists().where(
        recipient.c.message_id == message.c.id,
        sa.or_(recipient.c.state.in_(WAITING), recipient.c.due_at.is_not(None)),
    )
    old = _old(connection, message, message.c.submitted_at, before, ~waiting.correlate(message))
    ids = [row.id for row in old]
    rollup.forget_messages(connection, ids)
    for table in (event, recipient):
        connection.execute(sa.delete(table).where(table.c.message_id.in_(padded(ids))))
    connection.execute(sa.delete(message).where(message.c.id.in_(padded(ids))))
    return len(ids)


def remove_bounces(connection: sa.Connection, before: datetime) -> int:
    """Remove bounces, and their dumps."""
    rollup.hold_mark(connection)
    rows = _old(connection, bounce, bounce.c.bounced_at, before)
    rollup.forget_bounces(connection, bounce.c.id.in_(padded([row.id for row in rows])))
    _delete(connection, bounce, rows)
    bodies.forget(connection, {row.dump for row in rows if row.dump is not None}, before)
    return len(rows)


def remove_dumps(connection: sa.Connection, before: datetime) -> int:
    """Remove the dumps of bounces, which are kept for a shorter time than the bounces."""
    rows = _oldest(connection, bounce, bounce.c.bounced_at, before, bounce.c.dump, bounce.c.dump.is_not(None))
    connection.execute(sa.update(bounce).where(bounce.c.id.in_(padded([row.id for row in rows]))).values(dump=None))
    bodies.forget(connection, {row.dump for row in rows}, before)
    return len(rows)


def remove_opens(connection: sa.Connection, before: datetime) -> int:
    """Remove opens."""
    return _remove_visits(connection, opened, before)


def remove_clicks(connection: sa.Connection, before: datetime) -> int:
    """Remove clicks."""
    return _remove_visits(connection, clicked, before)


def _remove_visits(connection: sa.Connection, table: sa.Table, before: datetime) -> int:
    rollup.hold_mark(connection)
    rows = _old(connection, table, table.c.at, before)
    rollup.forget_visits(connection, table, table.c.id.in_(padded([row.id for row in rows])))
    _delete(connection, table, rows)
    return len(rows)


def remove_received(connection: sa.Connection, before: datetime) -> int:
    """Remove raw mails that came in, once they are read."""
    return _remove_mails(connection, received, received.c.at, before, received.c.outcome.is_not(None))


def remove_captured(connection: sa.Connection, before: datetime) -> int:
    """Remove mails that the built-in remote took."""
    return _remove_mails(connection, captured, captured.c.at, before)


def remove_inbound(connection: sa.Connection, before: datetime) -> int:
    """Remove received messages."""
    return _remove_mails(connection, inbound_message, inbound_message.c.received_at, before)


def remove_posts(connection: sa.Connection, before: datetime) -> int:
    """Remove what was posted to hooks, dead letters too, with the attempts."""
    over = (post.c.created_at < before, post.c.state != PostState.WAITING)
    old = sa.select(post.c.id).where(*over).order_by(post.c.created_at).limit(BATCH)
    return posts.remove(connection, connection.scalars(old).all(), before)


def remove_posted_dumps(connection: sa.Connection, before: datetime) -> int:
    """Let the posts of bounces go without dumps that are kept no longer."""
    old = (post.c.created_at < before, post.c.digest.is_not(None), post.c.type != INBOUND)
    ids = connection.scalars(sa.select(post.c.id).where(*old).order_by(post.c.created_at).limit(BATCH)).all()
    bodies.forget(connection, posts.drop_raw(connection, post.c.id.in_(padded(ids))), before)
    return len(ids)


def _remove_mails(
    connection: sa.Connection, table: sa.Table, at: sa.Column[Any], before: datetime, *where: sa.ColumnElement[bool]
) -> int:
    rows = _oldest(connection, table, at, before, table.c.digest, *where)
    _delete(connection, table, rows)
    bodies.forget(connection, {row.digest for row in rows if row.digest is not None}, before)
    return len(rows)


def _oldest(
    connection: sa.Connection,
    table: sa.Table,
    at: sa.Column[Any],
    before: datetime,
    digest: sa.Column[Any],
    *where: sa.ColumnElement[bool],
) -> list[Any]:
    found = sa.select(table.c.id, digest).where(at < before, *where).order_by(at).limit(BATCH)
    return list(connection.execute(found))


def _old(
    connection: sa.Connection, table: sa.Table, at: sa.Column[Any], before: datetime, *where: sa.ColumnElement[bool]
) -> list[Any]:
    """Find old rows of tables whose lists are by stream, in the index of the lists."""
    of_stream = (table.c.server_id == stream.c.server_id, table.c.stream == stream.c.id)
    shown: list[sa.Column[Any]] = [table.c.id, *([table.c.dump] if table is bounce else [])]
    return list(connection.execute(sa.select(*shown).where(*of_stream, at < before, *where).limit(BATCH)).all())


def _delete(connection: sa.Connection, table: sa.Table, rows: list[Any]) -> None:
    connection.execute(sa.delete(table).where(table.c.id.in_(padded([row.id for row in rows]))))


MAIL: tuple[Callable[[sa.Connection, datetime], int], ...] = (
    remove_messages,
    remove_bounces,
    remove_opens,
    remove_clicks,
    remove_received,
    remove_captured,
    remove_inbound,
    remove_posts,
)
"""What goes by the age of mail."""
DUMPS: tuple[Callable[[sa.Connection, datetime], int], ...] = (remove_dumps, remove_posted_dumps)
"""What goes by the age of dumps."""
