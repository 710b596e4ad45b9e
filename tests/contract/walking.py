"""Walking the endpoint table over one store of each kind, with an account for each endpoint."""

import atexit
import contextlib
from collections.abc import AsyncIterator
from functools import cache
from typing import Any
from uuid import uuid4

import pytest

from carom.server.config import HostPort, Settings
from carom.server.store import servers
from carom.server.store.database import Database
from carom.server.store.servers import Tokens
from carom.wire.endpoint import Endpoint
from carom.wire.endpoints import ENDPOINTS
from tests.contract.conftest import Answer, Server
from tests.contract.recipes import Request
from tests.peers.dns import running_nameserver
from tests.stores import KEYRING, NOW, STORES, Store, begun

NAMES = list(ENDPOINTS)


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One loop for the module, as its stores stay open."""
    return "asyncio"


@pytest.fixture(scope="module", params=STORES)
async def database(
    request: pytest.FixtureRequest, anyio_backend: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Database]:
    """One store of a kind for all endpoints: each has accounts of its own in it."""
    async with begun(request, tmp_path_factory.mktemp("walk")) as database:
        yield database


@cache
def empty_nameserver() -> HostPort:
    """A name server for the whole run that knows no name: without any, each look-up waits its time out."""
    running = contextlib.ExitStack()
    atexit.register(running.close)
    return running.enter_context(running_nameserver()).at


async def account(database: Database) -> Server:
    """Make an account with a server."""
    tokens = Tokens(str(uuid4()), str(uuid4()))
    await database.write(servers.begin, KEYRING, tokens, NOW)
    tenant = await database.read(servers.by_token, tokens.server)
    assert tenant is not None
    return Server(Store(database, KEYRING, tenant), tenant, tokens, Settings(dns=empty_nameserver()))


async def account_beside(server: Server) -> Server:
    """Make another account with a server."""
    return await account(server.store.database)


async def server_beside(server: Server) -> Server:
    """Make another server of an account."""
    database, account_id, token = server.store.database, server.store.tenant.account_id, str(uuid4())
    name = f"Beside {token}"
    await database.write(lambda connection: servers.create(connection, KEYRING, account_id, name, token=token, now=NOW))
    tenant = await database.read(servers.by_token, token)
    assert tenant is not None
    tokens = Tokens(token, server.tokens.account)
    return Server(Store(database, KEYRING, tenant), tenant, tokens, server.settings)


async def ask(server: Server, endpoint: Endpoint[Any, Any], request: Request, token: str | None = "") -> Answer:
    """Make the call of a request."""
    path = endpoint.path.format_map(request.at)
    query = "&".join(f"{name}={value}" for name, value in request.query.items())
    path = f"{path}?{query}" if query else path
    return await server.call(endpoint.method, path, request.body, token=token, kind=endpoint.token)


def places(endpoint: Endpoint[Any, Any]) -> list[str]:
    """Return the names in an endpoint's path."""
    return [part[1:-1] for part in endpoint.path.split("/") if part.startswith("{")]
