"""What is done to mail that waits: pause, resume, retry now, cancel. Each may touch a great many rows, and does so in
transactions of a thousand: nobody waits for it, and one that is broken off is simply done again."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

import sqlalchemy as sa

from carom.server.pipeline.jobs import Settle
from carom.server.pipeline.stages.settle import settle
from carom.server.rules.lifecycle import Event
from carom.server.rules.line import EVERY_SERVER, Bucket
from carom.server.store import buckets
from carom.server.store.buckets import Which
from carom.server.store.database import Database
from carom.server.store.line import batches


async def pause(database: Database, of: Bucket, now: datetime) -> None:
    """Take no more mail of a bucket."""
    await database.write(buckets.pause, of, now)


async def resume(database: Database, of: Bucket, now: datetime) -> int:
    """Let a bucket go on; tell how many mails are due again."""
    await database.write(buckets.resume, of)
    server_id = None if of[0] == EVERY_SERVER else of[0]
    ids = await database.read(buckets.parked, Which(domain=of[1], server_id=server_id))
    return await _each(database, ids, partial(buckets.due_now, now=now))


async def retry(database: Database, which: Which, now: datetime) -> int:
    """Make mail due that waits for its next try; tell how many. Its bucket no longer rests."""
    if which.domain is not None:
        for server_id in {which.server_id or EVERY_SERVER, EVERY_SERVER}:
            await database.write(buckets.wake, (server_id, which.domain))
    if which.domain is not None and which.server_id is None:
        for one in await database.read(buckets.listed, which, now, 1000):
            await database.write(buckets.wake, (one.server_id, one.domain))
    ids = await database.read(buckets.put_off, which, now)
    return await _each(database, ids, partial(buckets.due_now, now=now))


async def cancel(database: Database, which: Which, now: datetime) -> int:
    """Take mail out of the queue that nobody works on just now; tell how many."""
    ids = await database.read(buckets.idle, which)
    return await _each(database, ids, partial(_take_out, now=now))


def _take_out(connection: sa.Connection, ids: Sequence[int], now: datetime) -> int:
    out = buckets.take_out(connection, ids)
    for recipient_id in out:
        settle(connection, Settle(recipient_id, Event.CANCELLED, now))
    return len(out)


async def _each(database: Database, ids: Sequence[int], change: Callable[[sa.Connection, Sequence[int]], int]) -> int:
    done = 0
    for some in batches(ids):
        done += await database.write(change, some)
    if done:
        database.announce()
    return done
