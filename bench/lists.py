"""What lists and statistics cost with much mail, beside what they cost with 10,000 messages. On SQLite.

100,000 messages, or ten million with FULL=1. Each list is asked in turn of both stores, each time for something else:
another page, another recipient, another day. A time is the median.
"""

import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import sqlalchemy as sa

from carom.server.history import bulk
from carom.server.keyring import Keyring
from carom.server.rules.stats import Kind, day_of
from carom.server.store import bounces, messages, servers, stats
from carom.server.store.migrate import upgrade
from carom.server.store.servers import Tokens
from carom.server.store.sqlite import sqlite_engine
from carom.server.store.stats import Span
from carom.wire.endpoint import encode_json

SMALL = 10_000
LARGE = 10_000_000 if os.environ.get("FULL") else 100_000
ROUNDS = 60
DAYS = 40
SERVER = 1000
TOKENS = Tokens("f0f0f0f0-0000-4000-8000-000000000001", "f0f0f0f0-0000-4000-8000-000000000002")


def _unsaid(done: int) -> None:
    del done


def made(path: Path, number: int, now: datetime) -> sa.Connection:
    """Return a store with so many messages."""
    connection = sqlite_engine(path).connect()
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    upgrade(connection)
    servers.begin(connection, Keyring({"a": b"k" * 32}, "a"), TOKENS, now)
    connection.exec_driver_sql("COMMIT")
    begun, worked = time.perf_counter(), time.process_time()
    bulk.tell(connection, server_id=SERVER, messages=number, days=DAYS, seed=1, now=now, progress=_unsaid)
    took, cpu = time.perf_counter() - begun, time.process_time() - worked
    size = path.stat().st_size / 1e9
    print(f"{number:10,} messages made in {took:6.1f} s ({cpu:.1f} s of CPU), {size:.2f} GB", flush=True)
    return connection


def bounces_page(connection: sa.Connection, chance: Random, now: datetime) -> None:
    """Read a page of bounces, one of the first."""
    del now
    total, found = bounces.page(connection, SERVER, bounces.Filter(), 50, chance.randrange(5) * 50)
    assert total >= len(found) == 50
    encode_json(found)


def search_recipient(connection: sa.Connection, chance: Random, now: datetime) -> None:
    """Read what one recipient got."""
    del now
    person = chance.randrange(SMALL // 10)
    wanted = messages.Filter(stream="outbound", recipient=f"user{person}@mail{person % 20}.test")
    total, found = messages.page(connection, SERVER, wanted, 50, 0, sandboxed=False)
    assert total == len(found)
    encode_json(found)


def stats_day(connection: sa.Connection, chance: Random, now: datetime) -> None:
    """Count everything of one day."""
    day = day_of(now) - chance.randrange(DAYS - 5)
    span = Span(first=day, last=day)
    assert sum(one.number for kind in Kind for one in stats.counted(connection, SERVER, span, kind))


LISTS: tuple[Callable[[sa.Connection, Random, datetime], None], ...] = (bounces_page, search_recipient, stats_day)


def milliseconds(
    ask: Callable[[sa.Connection, Random, datetime], None], connection: sa.Connection, chance: Random, now: datetime
) -> float:
    """Return the time of one call, in a snapshot of its own."""
    begun = time.perf_counter()
    connection.exec_driver_sql("BEGIN")
    ask(connection, chance, now)
    connection.exec_driver_sql("ROLLBACK")
    return (time.perf_counter() - begun) * 1e3


def main() -> None:
    """Make both stores, measure in turn, print medians."""
    now = datetime.now(UTC) - timedelta(minutes=1)
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIR")) as folder:
        stores = [made(Path(folder) / f"{number}.db", number, now) for number in (SMALL, LARGE)]
        ratios: dict[str, float] = {}
        for ask in LISTS:
            # The same questions of both stores.
            chances = [Random(1), Random(1)]
            rounds = [
                [milliseconds(ask, store, chance, now) for store, chance in zip(stores, chances, strict=True)]
                for _ in range(ROUNDS)
            ]
            small, large = (statistics.median(column) for column in zip(*rounds, strict=True))
            print(f"{ask.__name__:18} {small:8.2f} ms with {SMALL:,}, {large:8.2f} ms with {LARGE:,}")
            ratios[ask.__name__] = round(large / small, 2)
        for store in stores:
            store.close()
    print(json.dumps({"suite": "lists", "ratios": ratios}))


if __name__ == "__main__":
    main()
