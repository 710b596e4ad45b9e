"""The way into the store: ``await database.write(function, ...)`` and ``await database.read(function, ...)``.

A store function takes a connection and values, returns structs, and neither begins nor commits. ``write`` answers after
the commit. On SQLite one thread writes, and whatever waits while the last commit runs shares the next one; each function
stands in a savepoint of its own, so that one that fails undoes only itself.
"""

import asyncio
import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from carom.server.failpoints import failpoint
from carom.server.metrics import COMMIT_SECONDS, timed
from carom.server.rules.accepting import Submission
from carom.server.rules.refusals import Refusal
from carom.server.store import intake
from carom.server.store.intake import Answers, Statements
from carom.server.store.intake_sqlite import MOST, SqliteStatements

P = ParamSpec("P")
T = TypeVar("T")

READERS = 3
WRITER_CACHE, READER_CACHE = 16_384, 4_096
"""KiB of the file that a connection keeps in memory, beside what the system keeps of it."""
BUSY_SECONDS = 30.0
GROUP = 256
"""How many writes share a commit at most: the ones behind them wait no longer than one such group takes."""

_STATEMENTS = SqliteStatements()


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
        """Run a function in a transaction; its result is durable when it is returned."""
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


def sqlite_engine(path: Path, *, read_only: bool = False) -> sa.Engine:
    """Return an engine whose connections are in WAL mode and fsync each commit; transactions are begun by hand."""
    engine = sa.create_engine(
        f"sqlite:///{path}",
        isolation_level="AUTOCOMMIT",
        poolclass=sa.NullPool,
        hide_parameters=True,  # an error is logged, and parameters hold mails and tokens
        connect_args={"check_same_thread": False, "timeout": BUSY_SECONDS, "cached_statements": 4 * MOST},
    )

    def prepare(connection: sqlite3.Connection, record: object) -> None:
        del record
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            f"cache_size=-{READER_CACHE if read_only else WRITER_CACHE}",
            "temp_store=MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}")
        if read_only:
            connection.execute("PRAGMA query_only=ON")

    event.listen(engine, "connect", prepare)
    return engine


def statements_of(connection: sa.Connection) -> Statements:
    """Return the hot path's statements for a connection's database."""
    if connection.dialect.name == "sqlite":
        return _STATEMENTS
    from carom.server.store.intake_postgres import PostgresStatements

    return PostgresStatements()


class _Call:
    """What is to be done, and the future that waits for it: a function to run, or mail that is handed in, which is accepted
    together with what others hand in."""

    __slots__ = ("asked", "error", "future", "loop", "result")

    def __init__(self, asked: Submission | Callable[[sa.Connection], Any]) -> None:
        self.asked = asked
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[Any] = self.loop.create_future()
        self.result: Any = None
        self.error: BaseException | None = None

    def run(self, connection: sa.Connection) -> None:
        if isinstance(self.asked, Submission):
            self.result = intake.accept(connection, _STATEMENTS, self.asked)
        else:
            self.result = self.asked(connection)

    def settle(self) -> None:
        if self.future.cancelled():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


class SqliteDatabase:
    """SQLite: one writer with group commit, a few readers. The lock of the data folder keeps other servers out."""

    exclusive = True

    def __init__(self, path: Path) -> None:
        """Open a store; its schema is made by :mod:`carom.server.store.migrate`."""
        self.name = str(path)
        self._path = path
        self._file: tuple[int, int] | None = None
        self._calls: queue.SimpleQueue[_Call | None] = queue.SimpleQueue()
        self._engine = sqlite_engine(path)
        self._read_engine = sqlite_engine(path, read_only=True)
        self._local = threading.local()
        self._opened: list[sa.Connection] = []
        self._readers = ThreadPoolExecutor(READERS, "carom-read")
        self._writer = threading.Thread(target=self._write_all, name="carom-write", daemon=True)
        self._writer.start()

    async def write(self, function: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """See :class:`Database`."""
        call = _Call(lambda connection: function(connection, *args, **kwargs))
        self._calls.put(call)
        return cast("T", await call.future)

    async def read(self, function: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """See :class:`Database`."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, lambda: self._read(lambda c: function(c, *args, **kwargs)))

    async def accept(self, submission: Submission) -> Answers:
        """See :class:`Database`."""
        call = _Call(submission)
        self._calls.put(call)
        return cast("Answers", await call.future)

    def announce(self) -> None:
        """Do nothing: there is no other node."""

    def listen(self, heard: Callable[[], None]) -> None:
        """Do nothing: there is no other node."""

    async def close(self) -> None:
        """See :class:`Database`."""
        self._calls.put(None)
        await asyncio.to_thread(self._writer.join)
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

    def _write_all(self) -> None:
        connection: sa.Connection | None = None
        last = False
        while not last:
            group, last = self._next_group()
            if not group:
                continue
            try:
                connection = connection or self._connect()
                self._check_file()
                with timed(COMMIT_SECONDS):
                    self._write_group(connection, group)
            except Exception as fault:  # noqa: BLE001  the store cannot: everyone in the group hears of it
                error = OperationalError("", None, fault, hide_parameters=True) if isinstance(fault, OSError) else fault
                for call in group:
                    call.error = call.error or error
                if connection is not None:
                    with contextlib.suppress(Exception):
                        connection.close()
                    connection = None
            _answer(group)
        if connection is not None:
            connection.close()

    def _connect(self) -> sa.Connection:
        """Open the file. Once it has been there it is never made anew: an empty store would look like a lost one."""
        if self._file is not None:
            self._path.stat()
        connection = self._engine.connect()
        self._file = _identity(self._path)
        return connection

    def _check_file(self) -> None:
        """Raise FileNotFoundError or OSError where the file is gone or is another: what is written to a file without a
        name is gone when it is closed, and SQLite does not look."""
        if _identity(self._path) != self._file:
            raise FileNotFoundError(f"{self._path} is another file than before")

    def _next_group(self) -> tuple[list[_Call], bool]:
        """Wait for a write, then take along whatever waits too."""
        group: list[_Call] = []
        call = self._calls.get()
        while True:
            if call is None:
                return group, True
            group.append(call)
            if len(group) == GROUP:
                return group, False
            try:
                call = self._calls.get_nowait()
            except queue.Empty:
                return group, False

    def _write_group(self, connection: sa.Connection, group: list[_Call]) -> None:
        bare = cast("sqlite3.Connection", connection.connection.dbapi_connection)
        _execute(bare, "BEGIN IMMEDIATE")
        accepts = [call for call in group if isinstance(call.asked, Submission)]
        others = [call for call in group if not isinstance(call.asked, Submission)]
        if accepts and not self._accept_together(bare, accepts):
            others += accepts
        for call in others:
            connection.exec_driver_sql("SAVEPOINT call")
            try:
                call.run(connection)
            except Exception as error:  # noqa: BLE001  it is the caller's, who gets it
                call.error = error
                connection.exec_driver_sql("ROLLBACK TO call")
            connection.exec_driver_sql("RELEASE call")
        if accepts:
            failpoint("accept.before-commit")
        _execute(bare, "COMMIT")
        connection.commit()
        if accepts:
            failpoint("accept.after-commit")

    def _accept_together(self, bare: sqlite3.Connection, calls: list[_Call]) -> bool:
        """Accept what several callers hand in, with one statement for all; False, and nothing is written, where that
        fails, which is the fault of one of them."""
        submissions = [call.asked for call in calls if isinstance(call.asked, Submission)]
        try:
            text, values = _STATEMENTS.look_up(intake.ask(submissions))
            outcomes, rows = intake.decide_all(submissions, intake.read(bare.execute(text, values).fetchall()))
            for text, values in _STATEMENTS.store(rows):
                bare.execute(text, values)
        except Exception:  # noqa: BLE001  each by itself will tell whose it is
            _execute(bare, "ROLLBACK")
            _execute(bare, "BEGIN IMMEDIATE")
            return False
        for call, outcome in zip(calls, outcomes, strict=True):
            if isinstance(outcome, Refusal):
                call.error = outcome
            else:
                call.result = outcome
        return True


def _identity(path: Path) -> tuple[int, int]:
    """Return which file a path names."""
    found = path.stat()
    return found.st_dev, found.st_ino


def _execute(bare: sqlite3.Connection, text: str) -> None:
    """Run a statement by the driver alone: for one that every group needs SQLAlchemy costs more than the statement."""
    try:
        bare.execute(text)
    except sqlite3.Error as error:
        raise OperationalError("", None, error, hide_parameters=True) from error


def _answer(group: list[_Call]) -> None:
    """Wake the callers, once for each event loop."""
    for loop in {call.loop for call in group}:
        calls = [call for call in group if call.loop is loop]

        def settle(calls: list[_Call] = calls) -> None:
            for call in calls:
                call.settle()

        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle)
