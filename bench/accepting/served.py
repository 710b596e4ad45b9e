"""What is measured, a process of its own: ``python -m bench.accepting.served carom|fastapi STORE FOLDER TOKEN``.

``carom`` is the server as ``carom serve`` runs it, save that nothing takes mail out of its queue; ``fastapi`` is a FastAPI route
in front of the same intake: the same checks, the same store. Prints the port.
"""

import asyncio
import sys
import time
from pathlib import Path
from uuid import UUID

import uvloop

from carom.cli.serve import tune
from carom.server.app import Carom, utc_now
from carom.server.config import HostPort, Settings
from carom.server.keyring import Keyring, new_message_id
from carom.server.store.database import Database
from carom.server.store.opening import begin, open_database
from carom.server.store.servers import Tokens

FREE = HostPort("127.0.0.1", 0)
KEYRING = Keyring({"a": b"k" * 32}, "a")


def settings(store: str, folder: str) -> Settings:
    """Return the settings of a server on a store: ``sqlite`` or a PostgreSQL URL."""
    database = None if store == "sqlite" else store
    return Settings(data=Path(folder), database=database, http=FREE, smtp=FREE, mx=FREE)


async def opened(wanted: Settings, token: str) -> tuple[Database, Keyring]:
    """Open a store that has a server with a token."""
    database = open_database(wanted)
    await begin(database, KEYRING, Tokens(token, token[::-1]), utc_now())
    return database, KEYRING


def new_id() -> UUID:
    """Return the id of a new message."""
    return new_message_id(time.time_ns() // 1_000_000)


async def carom(store: str, folder: str, token: str) -> None:
    """Serve for ever."""
    tokens = Tokens(token, token[::-1])
    server = Carom(settings(store, folder), tokens=tokens, keyring=KEYRING, works=False, apart=True)
    listening = await server.start()
    print(listening.http.port, flush=True)
    await asyncio.Event().wait()


def main() -> None:
    """Run what is asked for."""
    kind, *rest = sys.argv[1:5]
    if kind == "fastapi":
        from bench.accepting.framework import fastapi

        serve = fastapi
    else:
        serve = carom
    tune()
    uvloop.run(serve(*rest))


if __name__ == "__main__":
    main()
