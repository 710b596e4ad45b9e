"""A store on each database: SQLite in a folder, PostgreSQL from a wheel, each with one account and server."""

import contextlib
import shutil
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest

from carom.server.config import Settings
from carom.server.keyring import Keyring
from carom.server.store import servers
from carom.server.store.database import Database
from carom.server.store.opening import begin, open_database
from carom.server.store.servers import Tenant, Tokens
from carom.testing import fresh_database
from carom.testing.databases import finished

NOW = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)
TOKENS = Tokens("f0f0f0f0-0000-4000-8000-000000000001", "f0f0f0f0-0000-4000-8000-000000000002")
KEYRING = Keyring({"a": b"k" * 32}, "a")


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
    from tests.peers.postgres import running_postgres

    with running_postgres() as server:
        yield server.url


STORES = ("sqlite", "postgresql")


@pytest.fixture(params=STORES)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """A fresh store on each database."""
    async with begun(request, tmp_path) as database:
        tenant = await database.read(servers.by_token, TOKENS.server)
        assert tenant is not None
        yield Store(database, KEYRING, tenant)


@contextlib.asynccontextmanager
async def begun(request: pytest.FixtureRequest, folder: Path) -> AsyncGenerator[Database]:
    """Open a database of the kind that a fixture's parameter names, with a first account and server in it."""
    with contextlib.ExitStack() as stack:
        if request.param == "postgresql":
            model: str = request.getfixturevalue("postgres_model")
            server: str = request.getfixturevalue("postgres_url")
            url = stack.enter_context(fresh_database(server, copy_of=urlsplit(model).path.removeprefix("/")))
        else:
            path = folder / "carom.db"
            shutil.copyfile(request.getfixturevalue("sqlite_model"), path)
            url = f"sqlite:///{path}"
        database = open_database(Settings(database=url))
        yield database
        await database.close()


@pytest.fixture(scope="session")
def sqlite_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that others are copies of: to copy one takes less than the migrations."""
    path = tmp_path_factory.mktemp("model") / "carom.db"
    finished(_begin(f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def postgres_model(postgres_url: str) -> Iterator[str]:
    """A database that others are copies of."""
    with fresh_database(postgres_url) as url:
        finished(_begin(url))
        yield url


async def _begin(url: str) -> None:
    database = open_database(Settings(database=url))
    await begin(database, KEYRING, TOKENS, NOW)
    await database.close()
