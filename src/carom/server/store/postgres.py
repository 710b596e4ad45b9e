"""PostgreSQL as the store: the same functions, each in a transaction of its own.

What goes wrong with the connection or the server comes out as sqlalchemy.exc.OperationalError, whichever layer it met; a
connection that broke is replaced by itself when it is next needed.
"""

import contextlib
from collections.abc import Callable, Generator
from typing import Any, Concatenate, ParamSpec, TypeVar
from urllib.parse import urlsplit

import asyncpg
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import create_async_engine

from carom.server.rules.accepting import Submission
from carom.server.store.intake import Answers
from carom.server.store.intake_group import IntakeGroups
from carom.server.store.notices import Notices

P = ParamSpec("P")
T = TypeVar("T")

driver: Any = asyncpg
"""asyncpg ships no types."""
CONNECTIONS = 10
"""How many connections a node uses for its transactions, at most; two more accept mail, and one listens."""
CONNECT_SECONDS = 10.0
STATEMENT_SECONDS = 60.0
POOL_SECONDS = 15.0
TRIES = 3
_TRY_AGAIN = frozenset({"40001", "40P01", "23505"})
"""serialization_failure, deadlock_detected, unique_violation: the transaction is undone, and the same again may well pass,
or sees the row that another came first with and says so."""


class PostgresDatabase:
    """PostgreSQL through asyncpg. Other processes may work on the same store."""

    exclusive = False

    def __init__(self, url: str, *, connections: int = CONNECTIONS, patient: bool = False) -> None:
        """Open a store; nothing connects before it is used. ``url`` begins with ``postgresql://`` and is read by asyncpg:
        ``sslmode``, ``host`` and the rest may stand in its query. ``patient`` lets a statement take any time."""
        self.url = url
        self._statement_seconds = None if patient else STATEMENT_SECONDS
        self._engine = create_async_engine(
            "postgresql+asyncpg://",
            async_creator=self.connect,
            hide_parameters=True,
            pool_size=connections,
            max_overflow=0,
            pool_timeout=POOL_SECONDS,
        )
        self._notices = Notices(self.connect)
        self._intake = IntakeGroups(self.connect)

    @property
    def name(self) -> str:
        """The database as it may be shown: without user and password."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"

    async def connect(self) -> Any:
        """Return a new connection of asyncpg's whose commits are durable."""
        return await driver.connect(
            self.url,
            timeout=CONNECT_SECONDS,
            command_timeout=self._statement_seconds,
            server_settings={"synchronous_commit": "on", "application_name": "carom"},
        )

    async def write(self, function: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """See :class:`carom.server.store.database.Database`."""
        left = TRIES
        while True:
            left -= 1
            try:
                with unavailable():
                    async with self._engine.begin() as connection:
                        return await connection.run_sync(lambda c: function(c, *args, **kwargs))
            except DBAPIError as error:
                if not left or getattr(error.orig, "sqlstate", None) not in _TRY_AGAIN:
                    raise

    async def read(self, function: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """See :class:`carom.server.store.database.Database`."""
        with unavailable():
            async with self._engine.connect() as connection:
                await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
                return await connection.run_sync(lambda c: function(c, *args, **kwargs))

    async def accept(self, submission: Submission) -> Answers:
        """See :class:`carom.server.store.database.Database`."""
        return await self._intake.accept(submission)

    def announce(self) -> None:
        """See :class:`carom.server.store.database.Database`."""
        self._notices.announce()

    def listen(self, heard: Callable[[], None]) -> None:
        """See :class:`carom.server.store.database.Database`."""
        self._notices.listen(heard)

    async def close(self) -> None:
        """See :class:`carom.server.store.database.Database`."""
        await self._notices.close()
        await self._intake.close()
        await self._engine.dispose()


@contextlib.contextmanager
def unavailable() -> Generator[None]:
    """Raise what asyncpg, the network and the pool say of a store that cannot be used as sqlalchemy's OperationalError."""
    try:
        yield
    except DBAPIError as error:
        lost = error.connection_invalidated or error.statement is None  # none: it was to connect
        if not lost or isinstance(error, OperationalError):
            raise
        raise OperationalError("", None, error.orig or error, hide_parameters=True) from error
    except (OSError, PoolTimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise OperationalError("", None, error, hide_parameters=True) from error
