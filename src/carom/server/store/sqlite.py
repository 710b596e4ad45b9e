"""A SQLite file as the one who writes to it sees it: whatever waits together shares a commit, and each write stands in a
savepoint of its own, so that one that fails undoes only itself."""

import contextlib
import sqlite3
from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, cast

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from carom.server.apart import Outcome
from carom.server.failpoints import failpoint
from carom.server.rules.accepting import Submission
from carom.server.rules.refusals import Refusal
from carom.server.store import intake
from carom.server.store.intake_sqlite import MOST, SqliteStatements

WRITER_CACHE, READER_CACHE = 8_192, 2_048
"""KiB of the file that a connection keeps in memory, beside what the system keeps of it."""
BUSY_SECONDS = 30.0
GROUP = 256
"""How many writes share a commit at most: the ones behind them wait no longer than one such group takes."""

STATEMENTS = SqliteStatements()


class Task(NamedTuple):
    """A store function with what it is called with."""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]


Asked = Submission | Task
"""What is to be written: what a store function does, or mail that is handed in, which is accepted together with what others
hand in."""


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


@contextlib.contextmanager
def writing(path: Path) -> Generator[Callable[[list[Asked]], list[Outcome]]]:
    """Give what writes to a file, and close it."""
    file = SqliteFile(path)
    yield file.write
    file.close()


class SqliteFile:
    """The connection that writes. It is used by one thread."""

    def __init__(self, path: Path) -> None:
        """Open nothing yet."""
        self._path = path
        self._engine = sqlite_engine(path)
        self._connection: sa.Connection | None = None
        self._file: tuple[int, int] | None = None

    def write(self, group: Sequence[Asked]) -> list[Outcome]:
        """Do all of a group in one transaction; return what became of each when it is durable. Where the store cannot,
        everyone hears of it, by sqlalchemy.exc.DBAPIError."""
        outcomes: list[Outcome | None] = [None] * len(group)
        error: Exception | None = None
        try:
            self._connection = self._connection or self._connect()
            self._check_file()
            self._commit(self._connection, group, outcomes)
        except Exception as fault:  # noqa: BLE001  it is told to everyone in the group
            error = OperationalError("", None, fault, hide_parameters=True) if isinstance(fault, OSError) else fault
            with contextlib.suppress(Exception):
                self.close()
            self._connection = None
        return [one if one is not None and (one.error or not error) else Outcome(None, error) for one in outcomes]

    def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            self._connection.close()

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

    def _commit(self, connection: sa.Connection, group: Sequence[Asked], outcomes: list[Outcome | None]) -> None:
        bare = cast("sqlite3.Connection", connection.connection.dbapi_connection)
        _execute(bare, "BEGIN IMMEDIATE")
        accepts = {at: asked for at, asked in enumerate(group) if isinstance(asked, Submission)}
        if accepts:
            together = _accept_together(bare, list(accepts.values()))
            for at, outcome in zip(accepts, together, strict=False):
                outcomes[at] = outcome
        for at, asked in enumerate(group):
            if outcomes[at] is None:
                outcomes[at] = _write_one(connection, asked)
        if accepts:
            failpoint("accept.before-commit")
        _execute(bare, "COMMIT")
        connection.commit()
        if accepts:
            failpoint("accept.after-commit")


def _write_one(connection: sa.Connection, asked: Asked) -> Outcome:
    connection.exec_driver_sql("SAVEPOINT call")
    try:
        if isinstance(asked, Submission):
            return Outcome(intake.accept(connection, STATEMENTS, asked))
        return Outcome(asked.function(connection, *asked.args, **asked.kwargs))
    except Exception as error:  # noqa: BLE001  it is the caller's, who gets it
        connection.exec_driver_sql("ROLLBACK TO call")
        return Outcome(None, error)
    finally:
        connection.exec_driver_sql("RELEASE call")


def _accept_together(bare: sqlite3.Connection, submissions: list[Submission]) -> list[Outcome]:
    """Accept what several callers hand in, with one statement for all. Nothing is returned, and nothing is written, where
    that fails, which is the fault of one of them."""
    try:
        text, values = STATEMENTS.look_up(intake.ask(submissions))
        outcomes, rows = intake.decide_all(submissions, intake.read(bare.execute(text, values).fetchall()))
        for text, values in STATEMENTS.store(rows):
            bare.execute(text, values)
    except Exception:  # noqa: BLE001  each by itself will tell whose it is
        _execute(bare, "ROLLBACK")
        _execute(bare, "BEGIN IMMEDIATE")
        return []
    return [Outcome(None, one) if isinstance(one, Refusal) else Outcome(one) for one in outcomes]


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
