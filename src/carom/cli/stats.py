"""carom stats: the sums that the statistics are read from."""

import asyncio
from pathlib import Path

from carom.cli.history import existing
from carom.server.app import utc_now
from carom.server.config import Settings
from carom.server.store import rollup
from carom.server.store.opening import open_database, reach


def rebuild(*, data: Path = Settings.data, database: str | None = None) -> None:
    """Count all statistics anew from the mail that is kept. What is no longer kept stays counted as it was.

    A server keeps them up by itself; this is for after a repair by hand. It writes for as long as it counts: rather do it
    while the server is stopped.

    Parameters
    ----------
    data
        The data folder of the server.
    database
        The URL of the store, as the server has it.

    """
    asyncio.run(_rebuild(existing(data, database)))
    print("the statistics say what is kept")


async def _rebuild(settings: Settings) -> None:
    store = open_database(settings, patient=True)
    try:
        await reach(store)
        await store.write(rollup.rebuild, utc_now())
    finally:
        await store.close()
