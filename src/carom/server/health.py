"""Whether this server can do its work: named checks, for ``/readyz`` and whoever watches.

The answer is kept for a second, so that asking costs the store next to nothing however often it is done.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import DBAPIError

from carom.server.disk import Disk
from carom.server.store.database import Database
from carom.server.store.migrate import UnknownSchema, versions

KEPT_SECONDS = 1.0
STORE_SECONDS = 5.0
"""How long the store may take to write a row."""
STUCK_SECONDS = 30.0
"""How long the worker may go without looking for work. It looks each second."""
OK = "ok"

log = structlog.get_logger("carom.health")


class Health:
    """The checks of one server. ``idle_seconds`` tells how long ago the worker looked for work, None for a server that
    does none."""

    def __init__(self, database: Database, disk: Disk, idle_seconds: Callable[[], float] | None) -> None:
        """Check these."""
        self._database, self._disk, self._idle_seconds = database, disk, idle_seconds
        self._kept: tuple[float, dict[str, str]] = (float("-inf"), {})
        self._asking = asyncio.Lock()

    async def ready(self) -> dict[str, str]:
        """Return what each check says: "ok", or what is wrong."""
        async with self._asking:
            if time.monotonic() - self._kept[0] > KEPT_SECONDS:
                found = {"store": await self._store(), "disk": self._room(), "queue": self._queue()}
                self._kept = (time.monotonic(), found)
            return self._kept[1]

    async def _store(self) -> str:
        return await _within(self._database.write(_write_a_row))

    def _room(self) -> str:
        return OK if self._disk.has_room() else "less is free than --disk-floor asks for; no mail is accepted"

    def _queue(self) -> str:
        if self._idle_seconds is None or self._idle_seconds() < STUCK_SECONDS:
            return OK
        return f"the worker has not looked for work for {self._idle_seconds():.0f} s"


async def _within(asked: Awaitable[None]) -> str:
    try:
        await asyncio.wait_for(asked, STORE_SECONDS)
    except TimeoutError:
        return f"the store has not written a row within {STORE_SECONDS:.0f} s"
    except UnknownSchema as error:
        return str(error)
    except DBAPIError as error:
        log.warning("the store cannot be written", error=str(error.orig))
        return "the store cannot be written or read"
    return OK


def _write_a_row(connection: sa.Connection) -> None:
    """Write what is there already: only a write shows that the next one can be made. Raises UnknownSchema."""
    current, head = versions(connection)
    if current != head:
        raise UnknownSchema(f"the store has the schema {current}, and this version of Carom needs {head}")
    connection.execute(sa.text("UPDATE alembic_version SET version_num = version_num"))
