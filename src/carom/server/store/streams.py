"""Message streams of a server."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from carom.server.store.schema import server, stream
from carom.server.store.types import insert_new
from carom.wire.streams import MessageStream, SubscriptionManagement
from carom.wire.times import Timestamp

KEPT = timedelta(days=45)
"""How long an archived stream can be brought back."""


class NewStream(Struct, frozen=True, kw_only=True):
    """A stream to make."""

    id: str
    name: str
    description: str | None
    type: str
    unsubscribe_handling: str


_LIVE_TYPE = sa.select(stream.c.type).where(
    stream.c.server_id == sa.bindparam("server_id"),
    stream.c.id == sa.bindparam("stream_id"),
    stream.c.archived_at.is_(None),
)


def live_type(connection: sa.Connection, server_id: int, stream_id: str) -> str | None:
    """Return the type of a stream, or None where there is none or it is archived."""
    return connection.scalar(_LIVE_TYPE, {"server_id": server_id, "stream_id": stream_id})


def exists(connection: sa.Connection, server_id: int, stream_id: str) -> bool:
    """Tell whether a server has a stream, archived or not."""
    return connection.scalar(sa.select(stream.c.id).where(*_is(server_id, stream_id))) is not None


def get(connection: sa.Connection, server_id: int, stream_id: str) -> MessageStream | None:
    """Return a stream, archived or not."""
    row = connection.execute(sa.select(stream).where(*_is(server_id, stream_id))).first()
    return None if row is None else _read(row)


def all_of(connection: sa.Connection, server_id: int, kind: str | None, *, archived: bool) -> list[MessageStream]:
    """Return the streams of a server, oldest first; of one type if it is named, archived ones too if asked."""
    wanted = [stream.c.server_id == server_id]
    if kind is not None:
        wanted.append(stream.c.type == kind)
    if not archived:
        wanted.append(stream.c.archived_at.is_(None))
    rows = connection.execute(sa.select(stream).where(*wanted).order_by(stream.c.created_at, stream.c.id))
    return [_read(row) for row in rows]


def hold(connection: sa.Connection, server_id: int) -> None:
    """Let nobody else count what a server has before the transaction ends."""
    connection.execute(sa.select(server.c.id).where(server.c.id == server_id).with_for_update())


def count_live(connection: sa.Connection, server_id: int) -> int:
    """Count the streams that are not archived; the number holds until the transaction ends."""
    hold(connection, server_id)
    counted = sa.select(sa.func.count()).where(stream.c.server_id == server_id, stream.c.archived_at.is_(None))
    return connection.execute(counted).scalar_one()


def add(connection: sa.Connection, server_id: int, new: NewStream, now: datetime) -> bool:
    """Make a stream; False if the server has one of this id, archived or not."""
    row = {
        "server_id": server_id,
        "id": new.id,
        "name": new.name,
        "description": new.description,
        "type": new.type,
        "unsubscribe_handling": new.unsubscribe_handling,
        "created_at": now,
    }
    return connection.execute(insert_new(connection, stream, row)).rowcount > 0


def change(connection: sa.Connection, server_id: int, stream_id: str, values: dict[str, object], now: datetime) -> None:
    """Set some columns of a stream."""
    connection.execute(sa.update(stream).where(*_is(server_id, stream_id)).values(updated_at=now, **values))


def archive(connection: sa.Connection, server_id: int, stream_id: str, at: datetime | None) -> None:
    """Archive a stream, or bring it back with None; one that is archived keeps its date."""
    where = [*_is(server_id, stream_id)]
    if at is not None:
        where.append(stream.c.archived_at.is_(None))
    connection.execute(sa.update(stream).where(*where).values(archived_at=at))


def _is(server_id: int, stream_id: str) -> tuple[sa.ColumnElement[bool], ...]:
    return stream.c.server_id == server_id, stream.c.id == stream_id


def _read(row: Any) -> MessageStream:
    archived: datetime | None = row.archived_at
    return MessageStream(
        id=row.id,
        server_id=row.server_id,
        name=row.name,
        description=row.description,
        message_stream_type=row.type,
        created_at=Timestamp.of(row.created_at),
        updated_at=None if row.updated_at is None else Timestamp.of(row.updated_at),
        archived_at=None if archived is None else Timestamp.of(archived),
        expected_purge_date=None if archived is None else Timestamp.of(archived + KEPT),
        subscription_management_configuration=SubscriptionManagement(
            unsubscribe_handling_type=row.unsubscribe_handling
        ),
    )
