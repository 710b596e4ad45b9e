"""Rows by the million into SQLite: without the indexes of the lists, which are made at the end.

Only into a store without mail, since until the end its lists are slow, and since the disk is not waited for: what a power
failure would cost is a story that can be told again.
"""

import contextlib
import gc
import sqlite3
from collections.abc import Callable, Generator
from datetime import datetime, timedelta
from typing import cast

import sqlalchemy as sa
from sqlalchemy.schema import CreateIndex

from carom.server.history.story import COLUMNS, Plan, Story
from carom.server.store import rollup, stats
from carom.server.store.schema import FIRST_ID, bounce, message, metadata, recipient

Progress = Callable[[int], None]
"""Told how many messages are there so far."""

_LISTS = tuple(
    index
    for name in ("message", "recipient", "event", "bounce", "open", "click")
    for index in sorted(metadata.tables[name].indexes, key=lambda index: str(index.name))
)


class NotEmpty(ValueError):
    """There is mail in the store."""


def tell(
    connection: sa.Connection,
    *,
    server_id: int,
    messages: int,
    days: int,
    seed: int,
    now: datetime,
    progress: Progress,
) -> None:
    """Make a history up and store it. Raises NotEmpty where there is mail already.

    It ends where acceptances are counted live, so that all of it is in the sums. Begins and commits by itself.
    """
    with _transaction(connection):
        story = Story(begin(connection, server_id=server_id, messages=messages, days=days, seed=seed, now=now))
    gc.disable()  # millions of tuples come and go, and none is in a cycle
    for pragma in ("journal_mode=DELETE", "synchronous=OFF", "temp_store=FILE", "cache_size=-262144", "threads=2"):
        connection.exec_driver_sql(f"PRAGMA {pragma}")
    try:
        with _without_lists(connection):
            done = 0
            for rows in story.chunks():
                with _transaction(connection):
                    _insert(connection, rows)
                done += len(rows["message"])
                progress(done)
            with _transaction(connection):
                stats.add(connection, story.facts)
    finally:
        gc.enable()
        for pragma in ("synchronous=FULL", "journal_mode=WAL"):
            connection.exec_driver_sql(f"PRAGMA {pragma}")


def begin(connection: sa.Connection, *, server_id: int, messages: int, days: int, seed: int, now: datetime) -> Plan:
    """Return what to tell in a store. Raises NotEmpty where there is mail already."""
    if connection.scalar(sa.select(message.c.id).limit(1)) is not None:
        raise NotEmpty("there is mail in the store already; a history is made up in a store without")
    rollup.roll_up(connection, now)
    return Plan(
        server_id=server_id,
        messages=messages,
        days=days,
        end=stats.mark(connection) - timedelta(seconds=1),
        seed=seed,
        recipient_id=_next(connection, recipient),
        bounce_id=_next(connection, bounce),
    )


def _next(connection: sa.Connection, table: sa.Table) -> int:
    last: int | None = connection.scalar(sa.select(sa.func.max(table.c.id)))
    return FIRST_ID if last is None else last + 1


@contextlib.contextmanager
def _transaction(connection: sa.Connection) -> Generator[None]:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:  # whatever ends it, an interrupt too: a half transaction would hold the store
        connection.exec_driver_sql("ROLLBACK")
        raise
    connection.exec_driver_sql("COMMIT")


@contextlib.contextmanager
def _without_lists(connection: sa.Connection) -> Generator[None]:
    """Take the indexes of the lists away, and make them again whatever happens."""
    with _transaction(connection):
        for index in _LISTS:
            connection.exec_driver_sql(f"DROP INDEX {index.name}")
    try:
        yield
    finally:
        for index in _LISTS:
            with _transaction(connection):
                connection.execute(CreateIndex(index))


def _insert(connection: sa.Connection, rows: dict[str, list[tuple[object, ...]]]) -> None:
    """Insert through the driver: a layer above would cost more than the database."""
    driver = cast("sqlite3.Connection", connection.connection.dbapi_connection)
    for name, columns in COLUMNS.items():
        # The same dump is kept once.
        insert = "INSERT OR IGNORE INTO" if name == "body" else "INSERT INTO"
        places = ", ".join("?" * len(columns))
        driver.executemany(f'{insert} "{name}" ({", ".join(columns)}) VALUES ({places})', rows[name])
