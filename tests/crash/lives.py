"""The lives of a server: each is started under load and dies at a failpoint, or by a kill from outside."""

import random
import signal
import sys
import time
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

from carom.server.config import HostPort, Settings
from carom.server.failpoints import POINTS, VARIABLE
from carom.testing import LocalServer
from tests.crash.ledger import Ledger, ledger
from tests.crash.load import Load
from tests.peers.ports import free_port
from tests.peers.sink import Sink
from tests.waiting import eventually

LIFE_SECONDS = 15.0
"""How long a life may last before it is ended from outside."""
SETTLE_SECONDS = 120.0
OFTEN, SELDOM = (10, 50), (1, 6)
"""How often a place is passed before the kill: those that each mail passes, and those that one in ten does."""
NOWHERE = "http://127.0.0.1:1/"
OUTSIDE = "outside"
"""A kill at a moment of its own, by whoever watches."""

Says = Callable[[str], None]


class Count(NamedTuple):
    """What a series of lives came to."""

    kills: int
    places: dict[str, int]
    ledger: Ledger
    unanswered: int
    refused: int
    seconds: float


class Lives:
    """A store, a sink, and a server that is started on them as often as it dies."""

    def __init__(self, database: str | None, folder: Path, sink: Sink, **settings: object) -> None:
        """Use an empty store: a PostgreSQL database by its URL, or SQLite in the folder."""
        self._sink = sink
        self._token = str(uuid4())
        self._fields: dict[str, Any] = {
            "data": folder, "database": database, "mode": "relay", "relay": HostPort(sink.host, sink.port),
            **{name: HostPort("127.0.0.1", free_port()) for name in ("http", "smtp", "mx")}, **settings,
        }  # fmt: skip
        self.settings = Settings(**self._fields)
        self.load = Load(self._token, self.settings.http, self.settings.smtp)
        self._secret = "a:" + "5" * 64

    def server(self, failpoint: str | None = None, **settings: Any) -> LocalServer:
        """Return the server, with a place to die at."""
        environment = {"CAROM_SECRET": self._secret} | ({} if failpoint is None else {VARIABLE: failpoint})
        server = LocalServer(process=True, environment=environment, **{**self._fields, **settings})
        server.server_token = self._token
        return server

    def kill(self, runs: int, says: Says) -> Count:
        """Let so many lives end by a kill under load, then one last go on until all is settled."""
        begun = time.monotonic()
        self._begin()
        places = dict.fromkeys((*POINTS, OUTSIDE), 0)
        with self.load.running():
            for number, point in zip(range(1, runs + 1), _points(), strict=False):
                places[self._life(point)] += 1
                if number % 10 == 0 or number == runs:
                    says(
                        f"{number} of {runs} kills, {len(self.load.accepted)} accepted, {time.monotonic() - begun:.0f} s"
                    )
        return Count(runs, places, self.settled(), self.load.unanswered, self.load.refused, time.monotonic() - begun)

    def _begin(self) -> None:
        """Make the store, with a hook on loopback: relay mode posts nothing there, which is an answer too."""
        with self.server(mode="sandbox", relay=None) as first, first.client() as client:
            first.allow("example.com")
            client.create_webhook(url=NOWHERE, triggers={"Delivery": {"Enabled": True}, "Bounce": {"Enabled": True}})

    def settled(self) -> Ledger:
        """Run a server until nothing is queued, and count."""

        def count() -> Ledger | None:
            found = ledger(self.load.accepted, self._sink, self.settings)
            return found if not found.queued else None

        with self.server():
            try:
                eventually(count, seconds=SETTLE_SECONDS, what="the end of the queue", step=0.5)
            except AssertionError as error:
                print(error, file=sys.stderr)
        return ledger(self.load.accepted, self._sink, self.settings)

    def _life(self, point: str) -> str:
        """Start a server, put it under load, and wait for its death; return where it died."""
        spec = None if point == OUTSIDE else f"{point}:{random.randint(*(OFTEN if point in _OFTEN else SELDOM))}"
        server = self.server(spec)
        try:
            server.start()
        except RuntimeError:
            return point  # it died so early: what was left by the one before took it there
        self.load.up()
        status = server.ended(random.random() * 2 if point == OUTSIDE else LIFE_SECONDS)
        self.load.down()
        server.kill()
        if status not in {None, -signal.SIGKILL}:
            raise AssertionError(f"the server ended by itself, with status {status}")
        return OUTSIDE if status is None else point


_OFTEN = frozenset(point for point in POINTS if point.startswith(("accept", "claim", "deliver", "settle")))


def _points() -> Iterator[str]:
    return cycle((*POINTS, OUTSIDE))
