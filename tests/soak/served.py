"""A sandbox server whose days are a minute long, so that mail grows old and is removed while one watches: ``python -m
tests.soak.served FOLDER TOKEN``. Prints the port of the API."""

import asyncio
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from carom.cli.serve import loop_factory, tune
from carom.server.app import Carom
from carom.server.config import HostPort, Settings
from carom.server.store.servers import Tokens

FREE = HostPort("127.0.0.1", 0)
FASTER = 24 * 60
"""A day in a minute."""


async def serve(folder: str, token: str) -> None:
    """Serve until SIGTERM."""
    begun = datetime.now(UTC)
    settings = Settings(data=Path(folder), http=FREE, smtp=FREE, mx=FREE, keep_days=1, keep_dump_days=1)

    def clock() -> datetime:
        return begun + FASTER * (datetime.now(UTC) - begun)

    server = Carom(settings, tokens=Tokens(token, token[::-1]), clock=clock, apart=True)
    listening = await server.start()
    print(listening.http.port, flush=True)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()
    await asyncio.wait_for(server.stop(), timedelta(minutes=1).total_seconds())


if __name__ == "__main__":
    tune()
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(serve(*sys.argv[1:3]))
