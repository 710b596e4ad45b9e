"""Sending a chunk of a bulk request: its messages are made on a thread and accepted as any others are.

Accepted messages, the counts of the request and the end of the job are one transaction, so that no message of a chunk
is sent twice however often the job begins.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from functools import partial

import sqlalchemy as sa

from carom.server.keyring import new_message_id
from carom.server.pipeline.deps import Deps
from carom.server.pipeline.jobs import SendChunk
from carom.server.pipeline.stages.accept import Accepted, accept
from carom.server.rules.bulk import message
from carom.server.rules.refusals import Refusal
from carom.server.rules.sending import Checked
from carom.server.rules.templated import prepare
from carom.server.store import bulk, servers
from carom.server.store.bulk import Chunk


class ChunkChanged(RuntimeError):
    """A person was erased from a chunk while its messages were made: they are to be made again."""


async def send_chunk(job: SendChunk, deps: Deps) -> Callable[[sa.Connection], None] | None:
    """Make the messages of a chunk and return what accepts them; nothing when the server is gone."""
    chunk = await deps.database.read(bulk.chunk, job.chunk_id)
    if chunk is None:
        return None
    made = await asyncio.to_thread(_make, chunk)
    return partial(
        _accept,
        chunk_id=job.chunk_id,
        chunk=chunk,
        made=made,
        confirmed_sender=deps.settings.needs_confirmed_sender,
        now=deps.clock(),
    )


def _accept(
    connection: sa.Connection,
    *,
    chunk_id: int,
    chunk: Chunk,
    made: list[Checked],
    confirmed_sender: bool,
    now: datetime,
) -> None:
    tenant = servers.by_id(connection, chunk.server_id)
    if tenant is None:
        return
    if bulk.chunk(connection, chunk_id, hold=True) != chunk:
        raise ChunkChanged(chunk_id)
    answers = accept(
        connection,
        tenant,
        made,
        confirmed_sender=confirmed_sender,
        now=now,
        new_id=lambda: new_message_id(int(now.timestamp() * 1000)),
    )
    released = sum(isinstance(answer, Accepted) for answer in answers)
    failed = len(chunk.messages) - released
    bulk.conclude(connection, chunk_id, chunk.bulk_id, released=released, failed=failed)


def give_up_chunk(connection: sa.Connection, job: SendChunk) -> None:
    """Count the messages of a chunk that was tried in vain as failed, so that its request comes to an end."""
    bulk.give_up(connection, job.chunk_id)


def _make(chunk: Chunk) -> list[Checked]:
    """Return the messages that can be made."""
    template = prepare(chunk.mailing.parts, chunk.mailing.layout)
    made: list[Checked] = []
    for one in chunk.messages:
        try:
            made.append(message(chunk.mailing, template, one))
        except Refusal:
            continue  # counted as failed
    return made
