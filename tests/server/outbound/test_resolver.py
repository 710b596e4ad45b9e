"""Look-ups against a real name server on loopback: what it says, and what it may not do to us."""

from collections.abc import Iterator

import pytest

from carom.server.config import HostPort
from carom.server.outbound import resolver
from carom.server.outbound.resolver import Resolver
from tests.peers.dns import NameServer, running_nameserver

pytestmark = pytest.mark.anyio


@pytest.fixture
def nameserver() -> Iterator[NameServer]:
    with running_nameserver() as server:
        yield server


async def test_texts_are_joined_and_come_by_tcp_where_they_are_long(nameserver: NameServer) -> None:
    long = "k=rsa; p=" + "A" * 3000
    nameserver.texts = {"a.example.com": ["short", long]}
    assert await Resolver(nameserver.at).texts("a.example.com") == ["short", long]
    assert await Resolver(nameserver.at).texts("a.example.com.") == ["short", long]


async def test_what_is_not_there_is_nothing(nameserver: NameServer) -> None:
    """No such name, no such record, a name that is none, and a name server that is not there."""
    nameserver.aliases = {"alias.example.com": "else.example.com"}
    asking = Resolver(nameserver.at)
    assert await asking.texts("nowhere.example.com") == []
    assert await asking.texts("alias.example.com") == []
    assert await asking.texts("x" * 70 + ".example.com") == []
    assert not await asking.leads_to("nowhere.example.com", "a.example")
    assert await Resolver(HostPort("127.0.0.1", 1)).texts("a.example.com") == []


async def test_an_alias_may_lead_over_others(nameserver: NameServer) -> None:
    nameserver.aliases = {"a.example.com": "b.example.com", "b.example.com": "Bounces.Example.net"}
    asking = Resolver(nameserver.at)
    assert await asking.leads_to("a.example.com", "bounces.example.net")
    assert await asking.leads_to("b.example.com", "bounces.example.net.")
    assert not await asking.leads_to("a.example.com", "other.example.net")


async def test_a_circle_of_aliases_ends(nameserver: NameServer) -> None:
    """After a few steps, whatever else DNS says."""
    nameserver.aliases = {"a.example.com": "b.example.com", "b.example.com": "a.example.com"}
    assert not await Resolver(nameserver.at).leads_to("a.example.com", "bounces.example.net")
    assert len(nameserver.asked) == resolver.MAX_ALIASES


async def test_a_silent_name_server_holds_nobody_up(nameserver: NameServer, monkeypatch: pytest.MonkeyPatch) -> None:
    nameserver.silent = True
    monkeypatch.setattr(resolver, "SECONDS", 0.2)
    monkeypatch.setattr(resolver, "TRY_SECONDS", 0.1)
    assert await Resolver(nameserver.at).texts("a.example.com") == []
    assert not await Resolver(nameserver.at).leads_to("a.example.com", "b.example.com")
