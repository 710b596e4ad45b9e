"""Being one of the nodes of a store: say that one lives, take back what the dead held.

A node that had no answer from the store for a while judges nobody at first: the others had none either.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import DBAPIError

from carom.server.pipeline.deps import Deps
from carom.server.store import nodes, queue, schema

BEAT_SECONDS = 3.0
SILENT = timedelta(seconds=15)
"""How long a node says nothing before it is taken for dead. One that lives after all finishes nothing that others have."""

log = structlog.get_logger("carom.worker")


class Presence:
    """One node's. ``wake`` is called when there may be more to do."""

    def __init__(self, deps: Deps, node_id: str, wake: Callable[[], None]) -> None:
        """Take over who it is."""
        self._deps, self._node_id, self._wake = deps, node_id, wake
        self._beating: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Take back what is held by the dead: on a store of one process, everything that is held."""
        database = self._deps.database
        if database.exclusive:
            await database.write(_release_all, self._deps.clock())
            return
        await database.write(nodes.beat, self._node_id)
        self._beating = asyncio.create_task(self._beat(), name="presence")
        database.listen(self._wake)

    async def stop(self) -> None:
        """Give back what is still held here."""
        if self._beating is not None:
            self._beating.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._beating
        await self._deps.database.write(nodes.leave, self._node_id, self._deps.clock())

    async def _beat(self) -> None:
        answered = time.monotonic()
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            try:
                await self._deps.database.write(nodes.beat, self._node_id)
                if time.monotonic() - answered < 2 * BEAT_SECONDS:
                    await self._bury()
                answered = time.monotonic()
            except DBAPIError as error:
                log.warning("cannot tell the store that this node lives", error=str(error))

    async def _bury(self) -> None:
        dead = await self._deps.database.write(nodes.bury, SILENT, self._deps.clock())
        for node_id in dead:
            log.warning("a node is silent; what it held is due again", node_id=node_id)
        if dead:
            self._wake()


def _release_all(connection: sa.Connection, now: datetime) -> None:
    for table in (schema.recipient, schema.job, schema.post):
        queue.release(connection, table, now)
