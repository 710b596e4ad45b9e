"""What has to be done now and then: add statistics up each minute, remove old mail each hour.

Every step is a transaction of its own, so that others write in between, and every node may take part: the store lets
one at a time.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog

from carom.server import metrics
from carom.server.config import Settings
from carom.server.store import intake, retention, rollup
from carom.server.store.database import Database

ADD_UP_SECONDS = 60.0
REMOVE_EVERY = timedelta(hours=1)

log = structlog.get_logger("carom.housekeeping")


class Housekeeping:
    """The periodic work of a server, until it is stopped."""

    def __init__(self, database: Database, settings: Settings, clock: Callable[[], datetime]) -> None:
        """Take over what to work with."""
        self._database, self._settings, self._clock = database, settings, clock
        self._stopping = asyncio.Event()
        self._loop: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, at once."""
        self._loop = asyncio.create_task(self._run(), name="housekeeping")

    async def stop(self) -> None:
        """Finish the step that runs."""
        self._stopping.set()
        if self._loop is not None:
            await self._loop

    async def _run(self) -> None:
        remove_at = self._clock()
        while not self._stopping.is_set():
            try:
                await self._database.write(rollup.roll_up, self._clock())
                if self._clock() >= remove_at:
                    remove_at = self._clock() + REMOVE_EVERY
                    await self.remove_old()
                metrics.HOUSEKEEPING.labels("done").inc()
            except Exception:  # the store, most likely; the rest of the server goes on
                metrics.HOUSEKEEPING.labels("failed").inc()
                log.exception("keeping house failed; trying again")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), ADD_UP_SECONDS)

    async def remove_old(self) -> None:
        """Remove what is older than the settings say."""
        now = self._clock()
        await self._remove(retention.MAIL, now - timedelta(days=self._settings.keep_days))
        await self._remove(retention.DUMPS, now - timedelta(days=self._settings.keep_dump_days))
        await self._remove((intake.forget_answers,), now - intake.KEPT)

    async def _remove(self, steps: Sequence[Callable[[sa.Connection, datetime], int]], before: datetime) -> None:
        for step in steps:
            removed = retention.BATCH
            while not self._stopping.is_set() and removed >= retention.BATCH:
                removed = await self._database.write(step, before)
                metrics.REMOVED.labels(step.__name__).inc(removed)
