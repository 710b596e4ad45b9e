"""carom migrate."""

import asyncio
from pathlib import Path

from carom.cli.problems import Problem
from carom.server.config import Settings
from carom.server.store.migrate import upgrade
from carom.server.store.opening import open_database, reach


def migrate(*, data: Path = Settings.data, database: str | None = None) -> None:
    """Bring the store's schema up to date. A server on SQLite does so by itself at its start; on PostgreSQL stop the
    servers first.

    Parameters
    ----------
    data
        The data folder of the server.
    database
        The URL of the store, as the server has it.

    """
    settings = Settings(data=data, database=database)
    settings.check()
    if settings.postgres_url is None and not settings.sqlite_path.exists():
        raise Problem(f"there is no store in {data}; 'carom serve --data {data}' makes one")
    asyncio.run(_migrate(settings))
    print("the schema is up to date")


async def _migrate(settings: Settings) -> None:
    store = open_database(settings, patient=True)
    try:
        await reach(store)
        await store.write(upgrade)
    finally:
        await store.close()
