"""The same rows written one by one through asyncpg, each message its own transaction, with nothing in front of it:
``python -m bench.accepting.inserts URL CONNECTIONS SECONDS``."""

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from itertools import count
from typing import Any

import asyncpg
import uvloop

from bench.accepting.mails import mail
from bench.accepting.served import new_id
from carom.server.app import utc_now
from carom.server.pipeline.stages.accept import submission
from carom.server.rules.accepting import Known
from carom.server.rules.sending import check
from carom.server.store.intake import Rows, decide_all
from carom.server.store.servers import Tenant
from carom.wire.email import SEND_EMAIL

_MESSAGE = """
INSERT INTO message (id, server_id, stream, submitted_at, from_address, subject, tag, metadata, content)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
_RECIPIENT = """
INSERT INTO recipient (message_id, server_id, stream, address, email, bucket, state, requested_type, due_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
TENANT = Tenant(server_id=1000, account_id=1000, name="", delivery_type="Live")
KNOWN = Known({}, {(1000, "outbound"): "Transactional"}, frozenset(), {}, {})


def rows() -> Iterator[Rows]:
    """Yield the rows of one message after another, as Carom makes them, made beforehand."""
    made = [check(SEND_EMAIL.parse({}, (), json.dumps(mail(n)).encode())) for n in range(2000)]
    for number in count():
        one = submission(TENANT, [made[number % 2000]], confirmed_sender=False, now=utc_now(), new_id=new_id)
        yield decide_all([one], KNOWN)[1]


async def write(connection: Any, source: Iterator[Rows], until: float) -> int:
    """Write for so long; return how many."""
    for number in count():
        if time.perf_counter() > until:
            return number
        found = next(source)
        async with connection.transaction():
            await connection.execute(_MESSAGE, *found.messages[0])
            await connection.execute(_RECIPIENT, *found.recipients[0])
    raise AssertionError


async def main(url: str, connections: int, seconds: float) -> None:
    """Connect, warm up, write, print."""
    settings = {"synchronous_commit": "on"}
    opened = [await asyncpg.connect(url, server_settings=settings) for _ in range(connections)]
    source = rows()
    next(source)
    spent = time.process_time()
    counts: list[int] = []
    begun = 0.0
    for so_long in (seconds / 5, seconds):
        begun = time.perf_counter()
        counts.append(sum(await asyncio.gather(*(write(one, source, begun + so_long) for one in opened))))
    took = time.perf_counter() - begun
    print(json.dumps({"warm": counts[0], "taken": counts[1], "seconds": took, "cpu": time.process_time() - spent}))
    for one in opened:
        await one.close()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))
