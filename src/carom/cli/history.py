"""carom history: mail of the past, made up or brought from elsewhere."""

import asyncio
import contextlib
import fcntl
import sys
from collections.abc import Callable, Generator, Iterator
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import sqlalchemy as sa
from cyclopts import Parameter

from carom.cli.problems import Problem
from carom.server.app import utc_now
from carom.server.config import Settings
from carom.server.history import bulk
from carom.server.history.bring import bring
from carom.server.history.lines import BadLine, Line, read_line
from carom.server.places import Places
from carom.server.store import servers
from carom.server.store.database import Database
from carom.server.store.opening import open_database, reach
from carom.server.store.sqlite import sqlite_engine

CHUNK = 500
"""Lines of a file in one transaction."""


def generate(
    *,
    messages: int = 10_000,
    days: int = 40,
    seed: int = 1,
    data: Path = Settings.data,
    database: str | None = None,
) -> None:
    """Make up a history for trying: messages, recipients, events, bounces, opens and clicks.

    Into a store without mail: on SQLite of a server that is stopped; on PostgreSQL servers may run, and what they are sent
    meanwhile waits. The same seed at the same time makes the same history; ten million messages take some minutes and nine
    gigabytes in SQLite.

    Parameters
    ----------
    messages
        How many messages.
    days
        Over how many days up to now.
    seed
        Which history.
    data
        The data folder of the server.
    database
        The URL of the store, as the server has it.

    """
    if messages < 1 or days < 1:
        raise Problem("--messages and --days must be at least 1")
    settings = existing(data, database)
    wanted = {"messages": messages, "days": days, "seed": seed, "now": utc_now()}
    with _progress("messages") as told:
        try:
            if settings.postgres_url is None:
                where = _tell_sqlite(settings, told, wanted)
            else:
                where = asyncio.run(_tell_postgres(settings, told, wanted))
        except bulk.NotEmpty as error:
            raise Problem(f"{error}: name another store") from error
    print(f"{messages:,} messages of {days} days are in {where}")


def _tell_sqlite(settings: Settings, told: bulk.Progress, wanted: dict[str, Any]) -> str:
    with _stopped(settings), sqlite_engine(settings.sqlite_path).connect() as store:
        bulk.tell(store, server_id=servers.first_server(store), progress=told, **wanted)
    return str(settings.sqlite_path)


async def _tell_postgres(settings: Settings, told: bulk.Progress, wanted: dict[str, Any]) -> str:
    from carom.server.history import copying  # needs what is installed for PostgreSQL alone

    store = open_database(settings, patient=True)
    try:
        await reach(store)
        server_id = await store.read(servers.first_server)
        await store.write(copying.tell, server_id=server_id, progress=told, **wanted)
    finally:
        await store.close()
    return store.name


def import_(
    file: Annotated[str, Parameter(allow_leading_hyphen=True)],
    /,
    *,
    server: int | None = None,
    data: Path = Settings.data,
    database: str | None = None,
    geo: Path | None = None,
) -> None:
    """Bring mail of the past from elsewhere: messages, opens, clicks, bounces, received mail.

    Each line of the file is a JSON object; docs/server/history.md says what it holds. What is there already is left alone,
    so that a file may be brought again. A server may run meanwhile.

    Parameters
    ----------
    file
        The file; - for standard input.
    server
        The ID of the server whose mail it is; by default the first.
    data
        The data folder of the server.
    database
        The URL of the store, as the server has it.
    geo
        A file of places by IP address (.mmdb), for opens and clicks whose line has no more than the address.

    """
    with _opened(file) as lines, _progress("lines") as told:
        read, new = asyncio.run(_bring(existing(data, database), server, lines, told, Places(geo)))
    print(f"{read:,} lines, {new:,} of them new")


def existing(data: Path, database: str | None) -> Settings:
    """Return the settings of a store that is there. Raises Problem."""
    settings = Settings(data=data, database=database)
    settings.check()
    if settings.postgres_url is None and not settings.sqlite_path.exists():
        raise Problem(f"there is no store in {data}; start 'carom serve --data {data}' once, or name another --data")
    return settings


async def _bring(
    settings: Settings, server: int | None, lines: BinaryIO, told: Callable[[int], None], places: Places
) -> tuple[int, int]:
    store = open_database(settings)
    try:
        await reach(store)
        return await _bring_all(store, server, lines, told, places)
    finally:
        await store.close()


async def _bring_all(
    store: Database, server: int | None, lines: BinaryIO, told: Callable[[int], None], places: Places
) -> tuple[int, int]:
    server_id = await store.read(_server, server)
    read = new = stored = 0
    numbered = enumerate(lines, 1)
    try:
        while chunk := list(islice(numbered, CHUNK)):
            wanted = list(_read(chunk))
            new += await store.write(bring, server_id, wanted, utc_now(), places)
            read += len(wanted)
            stored = chunk[-1][0]
            told(stored)
    except BadLine as error:
        raise Problem(
            f"{error}\n{stored:,} lines are stored; mend line {error.number} and bring the file again: what is there is "
            "left alone"
        ) from error
    return read, new


def _read(chunk: list[tuple[int, bytes]]) -> Iterator[tuple[int, Line]]:
    for number, text in chunk:
        if text.strip():
            yield number, read_line(number, text)


def _server(connection: sa.Connection, server: int | None) -> int:
    if server is None:
        return servers.first_server(connection)
    if not servers.is_there(connection, server):
        raise Problem(f"there is no server with the ID {server}")
    return server


@contextlib.contextmanager
def _opened(file: str) -> Generator[BinaryIO]:
    if file == "-":
        yield sys.stdin.buffer
        return
    try:
        with Path(file).open("rb") as lines:
            yield lines
    except OSError as error:
        raise Problem(f"cannot read {file}: {error.strerror}") from error


@contextlib.contextmanager
def _stopped(settings: Settings) -> Generator[None]:
    """Hold the data folder as a server does."""
    with (settings.data / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Problem(f"a server has the data folder {settings.data}: stop it first") from None
        yield


@contextlib.contextmanager
def _progress(what: str) -> Generator[Callable[[int], None]]:
    """Show on standard error how far it is, where a person looks at it."""
    if not sys.stderr.isatty():
        yield lambda done: None  # noqa: ARG005
        return
    yield lambda done: print(f"\r{done:,} {what}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
