"""The pytest plugin: two fixtures, loaded with pytest and importing nothing until they are used."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from carom import ApiClient
    from carom.testing import LocalServer


@pytest.fixture(scope="session")
def carom_server() -> "Iterator[LocalServer]":
    """Serve a local Postmark, one for the test run: HTTP and SMTP on loopback, nothing leaves the machine."""
    from carom.testing import LocalServer

    with LocalServer() as server:
        yield server


@pytest.fixture
def carom_client(carom_server: "LocalServer") -> "Iterator[ApiClient]":
    """Give a client of the local Postmark."""
    with carom_server.client() as client:
        yield client
