# pyright: basic
"""Every test here runs four times, the same body: with the sync and the async client, on SQLite and on PostgreSQL."""

import logging
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from carom.testing import fresh_database
from tests.client.served.servers import Served, serving
from tests.client.served.world import World
from tests.stores import STORES


@pytest.fixture(scope="session", params=STORES)
def served(request: pytest.FixtureRequest) -> Iterator[Served]:
    """Carom's own server, one for each store and session."""
    with ExitStack() as stack:
        database = None
        if request.param == "postgresql":
            database = stack.enter_context(fresh_database(request.getfixturevalue("postgres_url")))
        yield stack.enter_context(serving(database))


@pytest.fixture
async def world(served: Served, flavour: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """A fresh Postmark server and its clients."""
    for name in ("POSTMARK_API_TOKEN", "POSTMARK_SERVER_TOKEN", "POSTMARK_ACCOUNT_TOKEN", "POSTMARK_API_URL"):
        monkeypatch.delenv(name, raising=False)
    world = World(served, flavour)
    logger = logging.getLogger("carom.client")
    before = logger.level
    logger.addHandler(world.log)
    logger.setLevel(logging.DEBUG)
    yield world
    logger.setLevel(before)
    logger.removeHandler(world.log)
    await world.close()


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, Any, Any]:
    """See that a test calls what it says that it calls."""
    world: Any = pyfuncitem.funcargs.get("world")
    result = yield
    if world is not None:
        claimed = getattr(pyfuncitem.function, "calls", set()) | getattr(pyfuncitem.function, "refuses", set())
        assert claimed <= world.called, f"never called: {', '.join(sorted(claimed - world.called))}"
    return result
