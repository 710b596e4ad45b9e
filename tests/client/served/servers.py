"""Carom's own server on each store, as the client's tests meet it: over HTTP, with an account and many servers in it."""

import asyncio
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch
from uuid import uuid4

import sqlalchemy as sa

from carom.server import app
from carom.server.keyring import Keyring, load_keyring
from carom.server.store import servers
from carom.server.store.database import sqlite_engine
from carom.server.store.migrate import upgrade
from carom.server.store.postgres import PostgresDatabase
from carom.server.store.servers import Tokens
from carom.testing import LocalServer
from tests.stores import NOW

AT_ONCE = 50


class Served(NamedTuple):
    """A running server. ``fresh`` makes a Postmark server in it and returns its token."""

    local: LocalServer
    fresh: Callable[[], str]

    @property
    def url(self) -> str:
        """The address of the API."""
        return self.local.url


def _add_servers(connection: sa.Connection, keyring: Keyring, tokens: list[str]) -> None:
    account = servers.first_account(connection)
    for token in tokens:
        servers.create(connection, keyring, account, f"Server {token}", token=token, now=NOW)


class _Tokens:
    """Tokens of servers that were made some at a time."""

    def __init__(self, write: Callable[..., None], data: Path) -> None:
        self._write = write
        self._keyring = load_keyring(data)
        self._ready: list[str] = []

    def __call__(self) -> str:
        if not self._ready:
            self._ready = [str(uuid4()) for _ in range(AT_ONCE)]
            self._write(_add_servers, self._keyring, self._ready)
        return self._ready.pop()


@contextmanager
def on_sqlite() -> Generator[Served]:
    """``carom serve`` as a process, on SQLite."""
    with LocalServer(process=True) as local:

        def write(function: Callable[..., None], *values: Any) -> None:
            engine = sqlite_engine(local.data / "carom.db")
            with engine.connect() as connection:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                function(connection, *values)
                connection.exec_driver_sql("COMMIT")
            engine.dispose()

        yield Served(local, _Tokens(write, local.data))


@contextmanager
def on_postgres(url: str) -> Generator[Served]:
    """The same parts in this process, on PostgreSQL."""

    def write(function: Callable[..., None], *values: Any) -> None:
        async def once() -> None:
            database = PostgresDatabase(url)
            await database.write(function, *values)
            await database.close()

        asyncio.run(once())

    def open_store(carom: app.Carom, keyring: Keyring) -> Tokens:
        write(upgrade)
        write(servers.begin, keyring, carom._tokens, NOW)
        return carom._tokens

    def open_database(path: Path) -> PostgresDatabase:
        del path
        return PostgresDatabase(url)

    with (
        patch.object(app.Carom, "_open_store", open_store),
        patch.object(app, "SqliteDatabase", open_database),
        LocalServer() as local,
    ):

        def apart(function: Callable[..., None], *values: Any) -> None:
            """Write from a thread of its own: tests run in a loop, and a loop runs in no other."""
            with ThreadPoolExecutor(1) as pool:
                pool.submit(write, function, *values).result()

        yield Served(local, _Tokens(apart, local.data))
