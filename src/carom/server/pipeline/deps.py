"""What a stage is given beside its job."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from carom.server.config import Settings
from carom.server.keyring import Keyring
from carom.server.outbound.session import Connections, Route
from carom.server.store.database import Database

SANDBOX_SERVER = "Sandbox"
"""The DeliveryType of servers whose mail only ever goes to the built-in remote."""


@dataclass(frozen=True, kw_only=True)
class Deps:
    """The parts that stages work with. ``built_in`` is where the built-in remote listens, ``home`` where bounces come
    in; ``clock`` gives an aware time, ``chance`` a number from 0 to 1."""

    database: Database
    keyring: Keyring
    settings: Settings
    connections: Connections
    built_in: Route
    home: Route
    clock: Callable[[], datetime]
    chance: Callable[[], float]
