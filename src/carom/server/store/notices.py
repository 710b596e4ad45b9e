"""LISTEN and NOTIFY on a connection of their own: a node hears from others that something is due.

A notice may be lost, with a connection that breaks or before it is made; whoever waits for one looks by itself too.
PostgreSQL takes one lock for all commits that notify, so notices are sent apart from the commits they speak of, and many
become one.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import structlog

CHANNEL = "carom_due"
PAUSE_SECONDS = 0.05
"""Between two notices of one node."""
RETRY_SECONDS = 1.0
BROKEN = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""What a connection raises that is of no use any more: the last when it breaks in the middle of something."""

log = structlog.get_logger("carom.store")


class Notices:
    """The connection, made when somebody listens and made again when it breaks."""

    def __init__(self, connect: Callable[[], Awaitable[Any]]) -> None:
        """Take over how to connect."""
        self._connect = connect
        self._heard: Callable[[], None] = lambda: None
        self._due = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def listen(self, heard: Callable[[], None]) -> None:
        """Call ``heard`` when another node says that something is due."""
        self._heard = heard
        self._task = asyncio.create_task(self._run(), name="notices")

    def announce(self) -> None:
        """Tell the other nodes, soon."""
        self._due.set()

    async def close(self) -> None:
        """Let go of the connection."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        while True:
            try:
                connection = await self._connect()
            except BROKEN as error:
                log.warning("cannot listen for notices; trying again", error=str(error))
                await asyncio.sleep(RETRY_SECONDS)
                continue
            try:
                await self._serve(connection)
            except BROKEN as error:
                log.warning("the connection for notices broke; making another", error=str(error))
            finally:
                connection.terminate()

    async def _serve(self, connection: Any) -> None:
        own = connection.get_server_pid()

        def hear(connection: Any, pid: int, channel: str, payload: object) -> None:
            del connection, channel, payload
            if pid != own:
                self._heard()

        def end(connection: Any) -> None:
            del connection
            broken.set()
            self._due.set()

        broken = asyncio.Event()
        connection.add_termination_listener(end)
        await connection.add_listener(CHANNEL, hear)
        self._heard()  # for what was announced while nobody listened
        while True:
            await self._due.wait()
            self._due.clear()
            if broken.is_set():
                raise asyncpg.InterfaceError("it was closed by the server")
            await connection.execute(f"NOTIFY {CHANNEL}")
            await asyncio.sleep(PAUSE_SECONDS)
