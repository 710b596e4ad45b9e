"""Carom as it serves and delivers, a process of its own: ``python -m bench.delivering.served FOLDER TOKEN RELAY_PORT``. Prints the
port of the API. With CAROM_PROFILE=FILE it is run under cProfile."""

import asyncio
import cProfile
import os
import signal
import sys
from pathlib import Path

import uvloop

from bench.accepting.served import FREE, KEYRING
from carom.cli.serve import tune
from carom.server.app import Carom, utc_now
from carom.server.config import Settings
from carom.server.relays import Relays
from carom.server.store import senders
from carom.server.store.opening import begin, open_database
from carom.server.store.servers import Tokens


async def serve(folder: str, token: str, relay: str) -> None:
    """Serve until SIGTERM."""
    relays = Relays.read([f"smtp://127.0.0.1:{relay}?tls=none"])
    settings = Settings(data=Path(folder), http=FREE, smtp=FREE, mx=FREE, mode="relay", relay=relays)
    tokens = Tokens(token, token[::-1])
    database = open_database(settings)
    await begin(database, KEYRING, tokens, utc_now())
    await database.write(senders.allow_first, "example.com", utc_now())
    await database.close()
    server = Carom(settings, tokens=tokens, keyring=KEYRING, apart=True)
    listening = await server.start()
    print(listening.http.port, flush=True)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()
    await server.stop()


def main() -> None:
    """Run."""
    tune()
    profile = os.environ.get("CAROM_PROFILE")
    if profile is None:
        uvloop.run(serve(*sys.argv[1:4]))
        return
    profiler = cProfile.Profile()
    profiler.runcall(uvloop.run, serve(*sys.argv[1:4]))
    profiler.dump_stats(profile)


if __name__ == "__main__":
    main()
