"""What a claim costs with a million deferred deliveries in the table, beside what it costs with none. On SQLite.

Each store gets the same few ready mails in each round, and the same claim takes them; a time is the median of the rounds', in
turn on both. Beside it: how long after its accept a mail is claimed when a bucket of 400,000 was there before, in deliveries
of others that go first.
"""

import json
import os
import statistics
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from carom.server.keyring import Keyring
from carom.server.rules.lifecycle import State
from carom.server.rules.line import Bucket, Line
from carom.server.store import line, queue, servers
from carom.server.store.migrate import upgrade
from carom.server.store.schema import message, recipient
from carom.server.store.servers import Tokens
from carom.server.store.sqlite import sqlite_engine

MILLION = 1_000_000
PILE = 400_000 if os.environ.get("FULL") else 100_000
ROUNDS = 200
AT_ONCE = 16
LEASE = timedelta(minutes=10)
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SERVER, OTHER = 1000, 1001
MESSAGE = bytes(16)

_ADD = (
    "INSERT INTO recipient (message_id, server_id, stream, address, email, bucket, state, due_at, attempts) "
    "VALUES (?, ?, 'outbound', 'a@example.org', 'a@example.org', ?, ?, ?, ?)"
)


def microseconds(at: datetime) -> int:
    """Return a time as it is stored."""
    return int(at.timestamp()) * 1_000_000


def made(path: Path, deferred: int) -> sa.Connection:
    """Return a store in which so many deliveries wait for a time to come, in 5,000 buckets."""
    connection = sqlite_engine(path).connect()
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    upgrade(connection)
    servers.begin(connection, Keyring({"a": b"k" * 32}, "a"), Tokens("a" * 36, "b" * 36), NOW)
    connection.execute(sa.insert(message).values(id=_message_id(), server_id=SERVER, stream="outbound", submitted_at=NOW,
                                                 from_address="a@b.c", subject="", content=b""))  # fmt: skip
    later = microseconds(NOW + timedelta(minutes=5))
    _insert(
        connection,
        ((SERVER, f"d{n % 5000}.example", State.DEFERRED, later + n * 1000, 1) for n in range(deferred)),
    )
    connection.exec_driver_sql("COMMIT")
    return connection


def _message_id() -> object:
    from uuid import UUID

    return UUID(bytes=MESSAGE)


def _insert(connection: sa.Connection, rows: object) -> None:
    bare = connection.connection.dbapi_connection
    assert bare is not None
    bare.cursor().executemany(_ADD, ((MESSAGE, *row) for row in rows))  # type: ignore[attr-defined]  # a generator


class Worker:
    """Claims and finishes on one store."""

    def __init__(self, connection: sa.Connection) -> None:
        """Take a store over."""
        self.connection = connection
        self.line = Line()
        self.running: Counter[Bucket] = Counter()

    def add(self, number: int, server: int, domain: str) -> None:
        """Make mails due, as an accept does."""
        self.connection.exec_driver_sql("BEGIN IMMEDIATE")
        due = microseconds(NOW)
        _insert(self.connection, ((server, domain, State.QUEUED, due, 0) for _ in range(number)))
        self.connection.exec_driver_sql("COMMIT")

    def turn(self, free: int) -> tuple[int, float, list[str]]:
        """Claim and finish; return how many, the claim's seconds, and the destinations."""
        begun = time.perf_counter()
        self.connection.exec_driver_sql("BEGIN IMMEDIATE")
        held, _ = line.claim(self.connection, self.line, self.running, owner="bench", now=NOW, lease=LEASE, free=free)
        self.connection.exec_driver_sql("COMMIT")
        took = time.perf_counter() - begun
        self.connection.exec_driver_sql("BEGIN IMMEDIATE")
        for one in held:
            queue.settle_claim(self.connection, recipient, one, due_at=None)
        self.connection.exec_driver_sql("COMMIT")
        return len(held), took, [one.bucket[1] for one in held]

    def lined_up(self) -> bool:
        """Let some join the line without taking any, as a worker does that has its hands full; tell whether there are more."""
        self.connection.exec_driver_sql("BEGIN IMMEDIATE")
        _, more = line.claim(self.connection, self.line, self.running, owner="bench", now=NOW, lease=LEASE, free=0)
        self.connection.exec_driver_sql("COMMIT")
        return more


def claims(workers: list[Worker]) -> list[float]:
    """Return the median milliseconds of a claim on each store."""
    times: list[list[float]] = [[] for _ in workers]
    for place in range(ROUNDS):
        for worker, into in zip(workers, times, strict=True):
            worker.add(AT_ONCE, SERVER, f"d{place}.example")
            number, took, _ = worker.turn(2 * AT_ONCE)
            assert number == AT_ONCE, number
            into.append(took * 1e3)
    return [statistics.median(one) for one in times]


def overtaken(worker: Worker) -> tuple[int, float]:
    """Return how many deliveries of a pile go before a mail of somebody else that is accepted after it, and how many of a pile
    that nobody worked on while it grew join the line in a second."""
    worker.add(PILE, SERVER, "pile.example")
    begun = time.perf_counter()
    while worker.lined_up():
        pass
    rate = PILE / (time.perf_counter() - begun)
    worker.turn(2 * AT_ONCE)
    worker.add(1, OTHER, "other.example")
    before = 0
    while True:
        _, _, domains = worker.turn(2 * AT_ONCE)
        if "other.example" in domains:
            return before + domains.index("other.example"), rate
        before += len(domains)


def main() -> None:
    """Make both stores, measure in turn, print medians."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIR")) as folder:
        begun = time.perf_counter()
        workers = [Worker(made(Path(folder) / f"{number}.db", number)) for number in (0, MILLION)]
        print(f"{MILLION:,} deferred deliveries made in {time.perf_counter() - begun:.0f} s", flush=True)
        empty, full = claims(workers)
        print(f"a claim of {AT_ONCE}: {empty:.2f} ms with none deferred, {full:.2f} ms with {MILLION:,}")
        before, rate = overtaken(workers[1])
        print(f"a mail of another server behind {PILE:,}: {before} deliveries go before it")
        print(f"a pile that grew while nobody worked joins the line at {rate:,.0f} a second")
        ratios = {"claim_with_million_deferred": round(full / empty, 2), "deliveries_before_a_newcomer": before}
        for worker in workers:
            worker.connection.close()
    print(json.dumps({"suite": "queue", "ratios": ratios}))


if __name__ == "__main__":
    main()
