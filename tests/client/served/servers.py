"""``carom serve`` as the client's tests meet it: a process on either store, a name server beside it."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import NamedTuple
from uuid import uuid4

from carom import AccountApiClient
from carom.testing import LocalServer
from tests.peers.dns import NameServer, running_nameserver


class Served(NamedTuple):
    """A running server, and what DNS says to it."""

    local: LocalServer
    names: NameServer
    account: AccountApiClient

    @property
    def url(self) -> str:
        """The address of the API."""
        return self.local.url

    def fresh(self) -> str:
        """Make a Postmark server in it; return its token."""
        tokens = self.account.create_server(name=f"Server {uuid4()}").api_tokens
        return tokens[0]


@contextmanager
def serving(database: str | None) -> Generator[Served]:
    """Run ``carom serve`` on a PostgreSQL database, or on SQLite."""
    with (
        running_nameserver() as names,
        LocalServer(process=True, database=database, dns=names.at) as local,
        AccountApiClient(local.account_token, base_url=local.url) as account,
    ):
        yield Served(local, names, account)
