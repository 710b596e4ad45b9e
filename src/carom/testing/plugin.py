"""The pytest plugin: two fixtures, loaded with pytest and importing nothing until they are used."""

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from carom import ApiClient
    from carom.testing import LocalServer


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the local Postmark store what it has in PostgreSQL."""
    parser.addoption(
        "--carom-database",
        metavar="URL",
        help="run carom_server on a new database of this PostgreSQL server (postgresql://...) instead of SQLite",
    )


@pytest.fixture(scope="session")
def carom_server(pytestconfig: pytest.Config) -> "Iterator[LocalServer]":
    """Serve a local Postmark, one for the test run: HTTP and SMTP on loopback, nothing leaves the machine."""
    from carom.testing import LocalServer, fresh_database

    url: str | None = pytestconfig.getoption("--carom-database")
    with contextlib.ExitStack() as stack:
        database = None if url is None else stack.enter_context(fresh_database(url))
        yield stack.enter_context(LocalServer(database=database))


@pytest.fixture
def carom_client(carom_server: "LocalServer") -> "Iterator[ApiClient]":
    """Give a client of the local Postmark."""
    with carom_server.client() as client:
        yield client
