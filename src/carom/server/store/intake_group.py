"""Group commit for PostgreSQL: what waits while the last commit runs shares the next one, on a few connections of asyncpg's
own. There is no timer: with nobody else about, a message waits for nobody.
"""

import asyncio
import itertools
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple

import asyncpg
from sqlalchemy.exc import OperationalError

from carom.server.failpoints import failpoint
from carom.server.metrics import COMMIT_SECONDS, timed
from carom.server.rules.accepting import Submission
from carom.server.rules.refusals import Refusal
from carom.server.store.intake import Answers, Statement, ask, decide_all, read
from carom.server.store.intake_postgres import PostgresStatements

CONNECTIONS = 2
GROUP = 128
"""How many callers share a commit, at most."""
TRIES = 3
LOST = (OSError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError, asyncpg.OperatorInterventionError)
"""Errors after which a connection is of no use: nobody knows whether the commit was done."""


class _Handed(NamedTuple):
    submission: Submission
    answered: "asyncio.Future[Answers]"


class IntakeGroups:
    """Takes submissions and stores them in groups."""

    def __init__(self, connect: Callable[[], Awaitable[Any]]) -> None:
        """Take over how to connect."""
        self._connect = connect
        self._statements = PostgresStatements()
        self._waiting: deque[_Handed] = deque()
        self._idle: list[Any] = []
        self._working: set[asyncio.Task[None] | None] = set()

    async def accept(self, submission: Submission) -> Answers:
        """Answer when it is stored. Raises Refusal, and sqlalchemy's OperationalError where the store cannot."""
        handed = _Handed(submission, asyncio.get_running_loop().create_future())
        self._waiting.append(handed)
        if len(self._working) < CONNECTIONS:
            self._working.add(asyncio.create_task(self._work()))
        return await handed.answered

    async def close(self) -> None:
        """Finish what is handed in and let go of the connections."""
        await asyncio.gather(*(task for task in self._working if task is not None))
        for connection in self._idle:
            await connection.close()

    async def _work(self) -> None:
        await asyncio.sleep(0)  # what has just arrived with the first comes along
        while self._waiting:
            group = [self._waiting.popleft() for _ in range(min(GROUP, len(self._waiting)))]
            try:
                await self._store(group)
            except Exception as error:  # noqa: BLE001  the store cannot: everyone in the group hears of it
                for _, answered in group:
                    _fail(answered, OperationalError("", None, error, hide_parameters=True))
        self._working.discard(
            asyncio.current_task()
        )  # now: with a callback, what comes in before it would wait for ever

    async def _store(self, group: Sequence[_Handed]) -> None:
        connection = self._idle.pop() if self._idle else None
        if connection is None or connection.is_closed():
            connection = await self._connect()
        try:
            await self._store_by(connection, group)
        except LOST:
            connection.terminate()
            raise
        self._idle.append(connection)

    async def _store_by(self, connection: Any, group: Sequence[_Handed]) -> None:
        """Store a group; when something in it cannot be stored, each by itself, so that nobody pays for another."""
        for tries in itertools.count(1):
            try:
                await self._store_together(connection, group)
            except LOST:
                raise
            except asyncpg.PostgresError as error:
                if len(group) > 1:
                    for one in group:
                        await self._store_by(connection, [one])
                elif isinstance(error, asyncpg.UniqueViolationError) and tries < TRIES:
                    continue  # the same key at another node: its answer is there now
                else:
                    _fail(group[0].answered, OperationalError("", None, error, hide_parameters=True))
            return

    async def _store_together(self, connection: Any, group: Sequence[_Handed]) -> None:
        text, values = self._statements.look_up(ask([one.submission for one in group]))
        known = read(await connection.fetch(text, *values))
        outcomes, rows = decide_all([one.submission for one in group], known)
        failpoint("accept.before-commit")
        with timed(COMMIT_SECONDS):
            await _run(connection, list(self._statements.store(rows)))
        failpoint("accept.after-commit")
        for (_, answered), outcome in zip(group, outcomes, strict=True):
            if isinstance(outcome, Refusal):
                _fail(answered, outcome)
            elif not answered.done():
                answered.set_result(outcome)


async def _run(connection: Any, statements: Sequence[Statement]) -> None:
    """Run statements in one transaction; one alone is a transaction by itself."""
    if len(statements) == 1:
        text, values = statements[0]
        await connection.execute(text, *values)
    elif statements:
        async with connection.transaction():
            for text, values in statements:
                await connection.execute(text, *values)


def _fail(answered: "asyncio.Future[Answers]", error: Exception) -> None:
    if not answered.done():
        answered.set_exception(error)
