"""What a stage is given beside its job."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from carom.server.config import Settings
from carom.server.keyring import Keyring
from carom.server.outbound.failover import Failover
from carom.server.outbound.session import Connections, Route
from carom.server.pipeline.journal import Journal
from carom.server.pipeline.signing import Identities, Signing
from carom.server.rules.scenarios import TEST_DOMAIN
from carom.server.store.database import Database

SANDBOX_SERVER = "Sandbox"
"""The DeliveryType of servers whose mail only ever goes to the built-in remote."""


@dataclass(frozen=True, kw_only=True)
class Deps:
    """The parts that stages work with. ``relays`` are tried in order; ``built_in`` is where the built-in remote listens, ``home`` where bounces come
    in; links in mails begin with ``public_url``; ``clock`` gives an aware time, ``chance`` a number from 0 to 1."""

    database: Database
    keyring: Keyring
    settings: Settings
    connections: Connections
    identities: Identities
    built_in: Route
    home: Route
    public_url: str
    clock: Callable[[], datetime]
    chance: Callable[[], float]
    relays: tuple[Route, ...] = ()
    journal: Journal = field(default_factory=Journal)
    signing: Signing = field(default_factory=Signing)

    @cached_property
    def failover(self) -> Failover:
        """What tries one host after the other."""
        return Failover(self.connections)

    def next_hops(self, address: str, *, stays: bool = False) -> tuple[Route, ...]:
        """Return where mail for an address goes next, in the order in which hosts are tried: that for test addresses, and
        what ``stays``, never leaves the process, in any mode."""
        stays = stays or address.lower().endswith(f"@{TEST_DOMAIN}")
        if stays or self.settings.mode == "sandbox":
            return (self.built_in,)
        return self.relays
