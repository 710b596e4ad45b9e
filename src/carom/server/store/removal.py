"""Removing for good: a server with everything on it, and messages with everything that is known of them.

Which tables those are is read from the schema: a row with ``message_id`` is about a message, one with ``server_id`` belongs
to a server.
"""

from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa

from carom.server.store import bodies, rollup
from carom.server.store.schema import bounce, clicked, inbound_rule, message, metadata, opened, server, webhook

_CHILDREN_FIRST = tuple(reversed(metadata.sorted_tables))
_OF_MESSAGE = tuple(table for table in _CHILDREN_FIRST if "message_id" in table.c)
_OF_SERVER = tuple(
    table for table in _CHILDREN_FIRST if "server_id" in table.c and table not in {message, *_OF_MESSAGE}
)
_SET_UP = tuple(
    table
    for table in _OF_SERVER
    if table in {webhook, inbound_rule} or server in {key.column.table for key in table.foreign_keys}
)
"""What makes a server work; gone together with its own row."""
_BODY = {column.table: column for column in bodies.REFERENCES}
"""The column that names a body, by its table."""


def remove_server(connection: sa.Connection, account_id: int, server_id: int) -> str | None:
    """Remove a server with what is set up on it, and return its name; None if the account has none of this id. Its mail
    is left to :func:`purge_server`, and is not sent: what is to be sent is read together with its server."""
    mine = (server.c.id == server_id, server.c.account_id == account_id)
    name: str | None = connection.scalar(sa.select(server.c.name).where(*mine).with_for_update())
    if name is None:
        return None
    for table in _SET_UP:
        connection.execute(sa.delete(table).where(table.c.server_id == server_id))
    connection.execute(sa.delete(server).where(*mine))
    return name


def purge_server(connection: sa.Connection, server_id: int, limit: int) -> bool:
    """Remove some of what is left of a server; False when there is nothing more."""
    ids = connection.scalars(sa.select(message.c.id).where(message.c.server_id == server_id).limit(limit)).all()
    if ids:
        remove_messages(connection, ids)
        return True
    # A bounce, an open or a click may be kept longer than its message.
    return any(_remove_some(connection, table, server_id, limit) for table in (*_OF_MESSAGE, *_OF_SERVER))


def remove_messages(connection: sa.Connection, ids: Collection[UUID]) -> None:
    """Remove messages and all that is about them. What happened to them stays counted."""
    rollup.hold_mark(connection)
    rollup.forget_messages(connection, ids)
    rollup.forget_bounces(connection, bounce.c.message_id.in_(ids))
    rollup.forget_visits(connection, opened, opened.c.message_id.in_(ids))
    rollup.forget_visits(connection, clicked, clicked.c.message_id.in_(ids))
    dumps = _dumps(connection, bounce.c.message_id.in_(ids))
    for table in _OF_MESSAGE:
        connection.execute(sa.delete(table).where(table.c.message_id.in_(ids)))
    connection.execute(sa.delete(message).where(message.c.id.in_(ids)))
    bodies.forget(connection, dumps)


def _dumps(connection: sa.Connection, *where: sa.ColumnElement[bool]) -> set[bytes]:
    return set(connection.scalars(sa.select(bounce.c.dump).where(bounce.c.dump.is_not(None), *where)))


def _remove_some(connection: sa.Connection, table: sa.Table, server_id: int, limit: int) -> bool:
    key = sa.tuple_(*table.primary_key.columns)
    some = sa.select(*table.primary_key.columns).where(table.c.server_id == server_id).limit(limit)
    named = _BODY.get(table, sa.null())
    removed = connection.scalars(sa.delete(table).where(key.in_(some)).returning(named)).all()
    bodies.forget(connection, {digest for digest in removed if digest is not None})
    return bool(removed)
