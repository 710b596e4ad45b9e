"""The server is killed in the middle of its work and started again: what it accepted is delivered, queued or bounced."""

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa

from carom import ApiClient, HttpClientError
from carom.server.config import Settings
from carom.server.relays import Relays
from carom.server.store.opening import open_database
from carom.server.store.schema import recipient
from carom.testing import LocalServer, fresh_database
from carom.testing.databases import finished
from tests.e2e.bouncing import FROM, at_test_domain
from tests.peers.sink import Sink, running_sink
from tests.waiting import eventually

SENDS = 1000
SENDERS = 8
KILL_AFTER = 400
"""How many answers before the kill: with deliveries in flight, accepts under way and bounces coming home."""


@pytest.fixture
def sink() -> Iterator[Sink]:
    """Somebody else's mail system, which takes everything and counts."""
    with running_sink() as running:
        yield running


class Senders:
    """Threads that send ``SENDS`` mails in all, each to an address of its own; every tenth bounces."""

    def __init__(self) -> None:
        self.accepted: dict[str, str] = {}
        self.unanswered = 0
        self.enough = threading.Event()
        self._numbers = count()
        self._lock = threading.Lock()

    def run(self, server: LocalServer) -> None:
        """Send until all are sent or the server is gone."""
        with server.client() as client, ThreadPoolExecutor(SENDERS) as pool:
            for done in [pool.submit(self._send_all, client) for _ in range(SENDERS)]:
                done.result()

    def _send_all(self, client: ApiClient) -> None:
        while (number := next(self._numbers)) < SENDS:
            to = at_test_domain(f"hardbounce+{number}") if number % 10 == 0 else f"a{number}@example.org"
            try:
                sent = client.deliver(from_=FROM, to=to, subject=str(number), text_body="Hello")
            except HttpClientError:
                with self._lock:
                    self.unanswered += 1
                return
            assert sent.message_id is not None
            with self._lock:
                self.accepted[sent.message_id] = to
                if len(self.accepted) >= KILL_AFTER:
                    self.enough.set()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty store on each database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'carom.db'}"
        return
    with fresh_database(request.getfixturevalue("postgres_url")) as url:
        yield url


def test_a_kill_loses_nothing(tmp_path: Path, database: str, sink: Sink, capsys: pytest.CaptureFixture[str]) -> None:
    """1,000 sends, SIGKILL in the middle: each 200 is kept; nothing is sent twice but what was in flight."""
    relay = Relays.read([f"{sink.host}:{sink.port}"])
    server = LocalServer(process=True, data=tmp_path, database=database, mode="relay", relay=relay)
    senders = Senders()
    with server:
        server.allow("example.com")
        sending = threading.Thread(target=senders.run, args=(server,))
        sending.start()
        assert senders.enough.wait(60)
        server.kill()
        sending.join(60)
        in_flight = _leased(database)
        before = len(senders.accepted)

        server.start()
        senders.run(server)
        with server.client() as client:
            lost = eventually(lambda: _settled(senders, sink, client), seconds=60, what="every accepted mail")
        assert lost == "none lost"

    delivered = Counter(message_id for message_id, _ in sink.deliveries)
    duplicated = sum(times - 1 for times in delivered.values())
    with capsys.disabled():
        print(  # noqa: T201  figures for whoever reads the run
            f"\naccepted {len(senders.accepted)} ({before} before the kill), unanswered {senders.unanswered}, "
            f"delivered {len(delivered)}, in flight at the kill {in_flight}, duplicated {duplicated}, lost 0"
        )
    assert before < SENDS
    assert len(senders.accepted) + senders.unanswered >= SENDS - SENDERS
    assert duplicated <= in_flight


def _settled(senders: Senders, sink: Sink, client: ApiClient) -> str:
    """Tell whether every accepted mail is at the sink or bounced; none is left in between."""
    here = {message_id for message_id, _ in sink.deliveries}
    here |= {bounce.message_id for bounce in client.bounces()}
    return "none lost" if set(senders.accepted) <= here else ""


def _leased(url: str) -> int:
    """Count the deliveries that the killed process had taken and not finished."""
    return finished(_count_leased(url))


async def _count_leased(url: str) -> int:
    database = open_database(Settings(database=url))
    try:
        leased = sa.select(sa.func.count()).select_from(recipient).where(recipient.c.lease_owner.is_not(None))
        first: UUID | None = await database.read(lambda c: c.scalar(sa.select(recipient.c.message_id).limit(1)))
        assert first is not None
        assert first.version == 7
        return await database.read(lambda c: c.execute(leased).scalar_one())
    finally:
        await database.close()
