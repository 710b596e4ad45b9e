"""The way into the store: ``await database.write(function, ...)`` and ``await database.read(function, ...)``.

A store function takes a connection and values, returns structs, and neither begins nor commits. ``write`` answers after
the commit. On SQLite one thread or process writes, and whatever waits while the last commit runs shares the next one.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Concatenate, ParamSpec, Protocol, TypeVar, cast

import sqlalchemy as sa

from carom.server.apart import Apart
from carom.server.metrics import COMMIT_SECONDS
from carom.server.rules.accepting import Submission
from carom.server.store.intake import Answers, Statements
from carom.server.store.sqlite import GROUP, STATEMENTS, Task, sqlite_engine, writing
from carom.server.store.writer_thread import WriterThread

P = ParamSpec("P")
T = TypeVar("T")

READERS = 3


class Database(Protocol):
    """A store. Writing and reading raise what the function raises, and sqlalchemy.exc.DBAPIError when the store cannot."""

    @property
    def exclusive(self) -> bool:
        """Whether this process is the only one that works on the store."""
        ...

    @property
    def name(self) -> str:
        """What the store is called in messages."""
        ...

    async def write(self, function: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a function in a transaction; its result is durable when it is returned. It may run in another process: it is
        one of a module, or a partial of one, and what it is given and returns can be pickled."""
        ...

    async def read(self, function: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a function that only reads, in one snapshot."""
        ...

    async def accept(self, submission: Submission) -> Answers:
        """Accept mail, in a transaction that it may share with others who do. Raises Refusal where the whole is refused."""
        ...

    def announce(self) -> None:
        """Tell the other nodes of the store that something is due: called after the commit that made it so."""
        ...

    def listen(self, heard: Callable[[], None]) -> None:
        """Call ``heard`` when another node announces something. Notices get lost: look by yourself now and then."""
        ...

    async def close(self) -> None:
        """Finish what has been asked for, then let go."""
        ...


def statements_of(connection: sa.Connection) -> Statements:
    """Return the hot path's statements for a connection's database."""
    if connection.dialect.name == "sqlite":
        return STATEMENTS
    from carom.server.store.intake_postgres import PostgresStatements

    return PostgresStatements()


class SqliteDatabase:
    """SQLite: one writer with group commit, a few readers. The lock of the data folder keeps other servers out."""

    exclusive = True

    def __init__(self, path: Path, *, apart: bool = False) -> None:
        """Open a store; its schema is made by :mod:`carom.server.store.migrate`. ``apart`` has a process of its own write,
        which is made here: see :mod:`carom.server.apart`."""
        self.name = str(path)
        self._writer = (
            Apart("writer", partial(writing, path), most=GROUP, observe=COMMIT_SECONDS.observe)
            if apart
            else WriterThread(path)
        )
        self._read_engine = sqlite_engine(path, read_only=True)
        self._local = threading.local()
        self._opened: list[sa.Connection] = []
        self._readers = ThreadPoolExecutor(READERS, "carom-read")

    async def write(self, function: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """See :class:`Database`."""
        return cast("T", await self._writer.put(Task(function, args, kwargs)))

    async def read(self, function: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """See :class:`Database`."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, lambda: self._read(lambda c: function(c, *args, **kwargs)))

    async def accept(self, submission: Submission) -> Answers:
        """See :class:`Database`."""
        return cast("Answers", await self._writer.put(submission))

    def announce(self) -> None:
        """Do nothing: there is no other node."""

    def listen(self, heard: Callable[[], None]) -> None:
        """Do nothing: there is no other node."""

    async def close(self) -> None:
        """See :class:`Database`."""
        await self._writer.close()
        await asyncio.to_thread(self._readers.shutdown)
        for connection in self._opened:
            connection.close()

    def _read(self, function: Callable[[sa.Connection], T]) -> T:
        connection: sa.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._read_engine.connect()
            self._opened.append(connection)
        connection.exec_driver_sql("BEGIN")
        try:
            return function(connection)
        finally:
            connection.exec_driver_sql("ROLLBACK")
            connection.rollback()
