"""Rows by the million into PostgreSQL: by COPY, all in one transaction, so that an interrupted story leaves nothing behind.

Who sends meanwhile waits for its end: the rows of a story have numbers that nobody else may take.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.util import await_only

from carom.server.history.bulk import Progress, begin
from carom.server.history.story import COLUMNS, Story
from carom.server.store import stats
from carom.server.store.schema import metadata
from carom.server.store.types import MessageId

_NUMBERED = ("recipient", "bounce")
"""The tables whose numbers a story gives by itself."""


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
    """Make a history up and store it, as :func:`carom.server.history.bulk.tell` does into SQLite, in the transaction that
    the caller has begun. Raises NotEmpty where there is mail already."""
    connection.execute(sa.text("LOCK TABLE message, recipient, bounce IN SHARE ROW EXCLUSIVE MODE"))
    story = Story(begin(connection, server_id=server_id, messages=messages, days=days, seed=seed, now=now))
    driver: Any = connection.connection.driver_connection
    done = 0
    for rows in story.chunks():
        for name in COLUMNS:
            _copy(driver, name, rows[name])
        done += len(rows["message"])
        progress(done)
    stats.add(connection, story.facts)
    for name in _NUMBERED:
        last = f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), max(id)) FROM {name} HAVING max(id) IS NOT NULL"  # noqa: S608  # two names of ours
        connection.execute(sa.text(last))


def _copy(driver: Any, name: str, rows: list[tuple[Any, ...]]) -> None:
    columns = COLUMNS[name]
    forms = [_form(metadata.tables[name].c[column].type) for column in columns]
    records = [
        tuple(value if form is None or value is None else form(value) for form, value in zip(forms, row, strict=True))
        for row in rows
    ]
    if name != "body":
        await_only(driver.copy_records_to_table(name, records=records, columns=columns))
        return
    # The same dump is kept once.
    places = ", ".join(f"${number}" for number in range(1, len(columns) + 1))
    insert = f"INSERT INTO body ({', '.join(columns)}) VALUES ({places}) ON CONFLICT DO NOTHING"  # noqa: S608  # names of ours
    await_only(driver.executemany(insert, records))


def _form(kind: Any) -> Callable[[Any], Any] | None:
    """Return what makes PostgreSQL's form of a value that is told as SQLite keeps it."""
    if isinstance(kind, MessageId):
        return lambda octets: UUID(bytes=octets)
    return bool if isinstance(kind, sa.Boolean) else None
