"""Bulk requests: kept with their messages in chunks, counted as the chunks are sent, listed."""

import base64
import binascii
from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from carom.server.rules.bulk import Mailing, progress
from carom.server.rules.erasing import names, without
from carom.server.store import bodies
from carom.server.store.schema import bulk, bulk_chunk
from carom.wire.bulk import BulkRecipient, BulkRequest
from carom.wire.learnt import decoder
from carom.wire.times import Timestamp


class Chunk(Struct, frozen=True):
    """Some messages of a bulk request, and what all of it have in common."""

    bulk_id: UUID
    server_id: int
    mailing: Mailing
    messages: list[BulkRecipient]
    given_up: bool


class Key(Struct, frozen=True):
    """Where a page of the list begins: after the request with these."""

    at: datetime
    id: UUID


_decode = decoder(Key).decode


_encode = msgspec.json.Encoder().encode
_decode_mailing = msgspec.json.Decoder(Mailing).decode
_decode_messages = msgspec.json.Decoder(list[BulkRecipient]).decode


def add(
    connection: sa.Connection,
    server_id: int,
    bulk_id: UUID,
    mailing: Mailing,
    chunks: list[list[BulkRecipient]],
    *,
    subject: str | None,
    now: datetime,
) -> list[int]:
    """Store a request and return the ids of its chunks."""
    row = {
        "id": bulk_id,
        "server_id": server_id,
        "submitted_at": now,
        "subject": subject,
        "total": sum(map(len, chunks)),
        "released": 0,
        "failed": 0,
        "content": bodies.pack(_encode(mailing)),
    }
    connection.execute(sa.insert(bulk).values(row))
    made = sa.insert(bulk_chunk).returning(bulk_chunk.c.id)
    return [
        connection.execute(
            made, {"server_id": server_id, "bulk_id": bulk_id, "content": bodies.pack(_encode(chunk))}
        ).scalar_one()
        for chunk in chunks
    ]


def chunk(connection: sa.Connection, chunk_id: int, *, hold: bool = False) -> Chunk | None:
    """Return a chunk that is still to be sent, None when its server was removed. ``hold`` lets nobody else change it before
    the transaction ends."""
    if hold:
        connection.execute(sa.select(bulk_chunk.c.id).where(bulk_chunk.c.id == chunk_id).with_for_update())
    row = connection.execute(
        sa.select(
            bulk.c.id, bulk.c.server_id, bulk.c.content, bulk_chunk.c.content.label("messages"), bulk_chunk.c.given_up
        )
        .join(bulk_chunk, bulk_chunk.c.bulk_id == bulk.c.id)
        .where(bulk_chunk.c.id == chunk_id)
    ).first()
    if row is None:
        return None
    mailing = _decode_mailing(bodies.unpack(row.content))
    return Chunk(row.id, row.server_id, mailing, _decode_messages(bodies.unpack(row.messages)), row.given_up)


def conclude(connection: sa.Connection, chunk_id: int, bulk_id: UUID, *, released: int, failed: int) -> None:
    """Count what became of a chunk, and drop it. What was given up before is counted no longer as failed."""
    counted = sa.select(bulk_chunk.c.given_up).where(bulk_chunk.c.id == chunk_id)
    before = released + failed if connection.scalar(counted) else 0
    _count(connection, bulk_id, released=released, failed=failed - before)
    connection.execute(sa.delete(bulk_chunk).where(bulk_chunk.c.id == chunk_id))


def give_up(connection: sa.Connection, chunk_id: int) -> None:
    """Count the messages of a chunk as failed, and keep it."""
    found = chunk(connection, chunk_id, hold=True)
    if found is not None and not found.given_up:
        connection.execute(sa.update(bulk_chunk).where(bulk_chunk.c.id == chunk_id).values(given_up=True))
        _count(connection, found.bulk_id, released=0, failed=len(found.messages))


def _count(connection: sa.Connection, bulk_id: UUID, *, released: int, failed: int) -> None:
    counts = {"released": bulk.c.released + released, "failed": bulk.c.failed + failed}
    connection.execute(sa.update(bulk).where(bulk.c.id == bulk_id).values(counts))


def erase_from(
    connection: sa.Connection, server_ids: Collection[int], address: str, after: int, limit: int
) -> int | None:
    """Take a lower-case address out of some messages that are still to be sent, and return where to go on, None at the
    end. A message to nobody else is dropped, and counted as failed."""
    mine = (bulk_chunk.c.server_id.in_(server_ids), bulk_chunk.c.id > after)
    rows = connection.execute(
        sa.select(bulk_chunk).where(*mine).order_by(bulk_chunk.c.id).limit(limit).with_for_update()
    ).all()
    for row in rows:
        messages = _decode_messages(bodies.unpack(row.content))
        named = [one for one in messages if names(one, address)]
        left = [without(one, address) if one in named else one for one in messages]
        kept = [one for one in left if one.to or one.cc or one.bcc]
        if named:
            content = bodies.pack(_encode(kept))
            connection.execute(sa.update(bulk_chunk).where(bulk_chunk.c.id == row.id).values(content=content))
            dropped = 0 if row.given_up else len(messages) - len(kept)
            _count(connection, row.bulk_id, released=0, failed=dropped)
    return rows[-1].id if len(rows) == limit else None


_SHOWN = (
    bulk.c.id,
    bulk.c.submitted_at,
    bulk.c.subject,
    bulk.c.total,
    bulk.c.released,
    bulk.c.failed,
)


def get(connection: sa.Connection, server_id: int, bulk_id: UUID) -> BulkRequest | None:
    """Return how far a request has come."""
    row = connection.execute(sa.select(*_SHOWN).where(bulk.c.server_id == server_id, bulk.c.id == bulk_id)).first()
    return None if row is None else _read(row)


def page(
    connection: sa.Connection, server_id: int, count: int, after: Key | None
) -> tuple[list[BulkRequest], Key | None]:
    """Return requests, newest first, and where the next page begins if there is one."""
    where: list[sa.ColumnElement[bool]] = [bulk.c.server_id == server_id]
    if after is not None:
        older = sa.and_(bulk.c.submitted_at == after.at, bulk.c.id < after.id)
        where.append(sa.or_(bulk.c.submitted_at < after.at, older))
    newest = (bulk.c.submitted_at.desc(), bulk.c.id.desc())
    rows = list(connection.execute(sa.select(*_SHOWN).where(*where).order_by(*newest).limit(count + 1)))
    more = Key(rows[count - 1].submitted_at, rows[count - 1].id) if len(rows) > count else None
    return [_read(row) for row in rows[:count]], more


def write_key(key: Key) -> str:
    """Return a key as a text."""
    return base64.urlsafe_b64encode(_encode(key)).decode()


def read_key(text: str) -> Key:
    """Read a key. Raises ValueError."""
    try:
        key = _decode(base64.b64decode(text, b"-_", validate=True))
    except (binascii.Error, msgspec.DecodeError) as error:
        raise ValueError(text) from error
    if key.at.tzinfo is None:
        raise ValueError(text)
    return key


def _read(row: Any) -> BulkRequest:
    status, part = progress(row.total, row.released, row.failed)
    return BulkRequest(
        id=str(row.id),
        submitted_at=Timestamp.of(row.submitted_at),
        total_messages=row.total,
        percentage_completed=part,
        released_count=row.released,
        failed_count=row.failed,
        status=status,
        subject=row.subject,
    )
