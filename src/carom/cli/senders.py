"""carom senders: who may send, before anybody has clicked a link."""

import asyncio
from pathlib import Path

from carom.cli.problems import Problem
from carom.server.app import utc_now
from carom.server.config import Settings
from carom.server.store import senders
from carom.server.store.opening import open_database, reach
from carom.wire.addresses import BadAddress, check_address


def allow(sender: str, /, *, data: Path = Settings.data, database: str | None = None) -> None:
    """Confirm an address or a whole domain by hand; a running server sees it at once.

    Parameters
    ----------
    sender
        you@example.com, or example.com for every address of the domain.
    data
        The data folder of the server.
    database
        The URL of the store, as the server has it.

    """
    try:
        check_address(sender if "@" in sender else f"postmaster@{sender}", "sender")
    except BadAddress as error:
        raise Problem(f"{error} Give an address (you@example.com) or a domain (example.com).") from error
    settings = Settings(data=data, database=database)
    settings.check()
    if settings.postgres_url is None and not settings.sqlite_path.exists():
        raise Problem(f"there is no store in {data}; start 'carom serve --data {data}' once, or name another --data")
    asyncio.run(_allow(settings, sender))
    print(f"{sender} may send")


async def _allow(settings: Settings, sender: str) -> None:
    store = open_database(settings)
    try:
        await reach(store)
        await store.write(senders.allow_first, sender, utc_now())
    finally:
        await store.close()
