"""The worker, with a real store and a real remote: a mail that is broken costs the others nothing, and many wait their turn."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from carom.server.config import Settings
from carom.server.pipeline import verbs, worker
from carom.server.pipeline.deps import Deps
from carom.server.pipeline.jobs import Deliver, Settle
from carom.server.pipeline.stages.deliver import Loaded, deliver
from carom.server.relays import Relays
from carom.server.store.database import Database
from carom.server.store.opening import open_database
from carom.server.store.schema import message, recipient
from carom.testing import LocalServer
from carom.testing.databases import finished
from tests.e2e.bouncing import send
from tests.peers.sink import running_sink
from tests.stores import NOW
from tests.waiting import eventually


async def _opened(data: Path) -> Database:
    return open_database(Settings(data=data))


async def _pause(data: Path) -> None:
    database = await _opened(data)
    await verbs.pause(database, (0, "box.example"), NOW)
    await database.close()


async def _break_and_resume(data: Path, broken: str) -> None:
    def spoil(connection: sa.Connection) -> None:
        ids = sa.select(recipient.c.message_id).where(recipient.c.address == broken)
        connection.execute(sa.update(message).where(message.c.id.in_(ids)).values(content=b"no message at all"))

    database = await _opened(data)
    await database.write(spoil)
    await verbs.resume(database, (0, "box.example"), NOW)
    await database.close()


async def _attempts(data: Path, address: str) -> tuple[int, bool]:
    def read(connection: sa.Connection) -> tuple[int, bool]:
        found = sa.select(recipient.c.attempts, recipient.c.lease_owner, recipient.c.due_at)
        row = connection.execute(found.where(recipient.c.address == address)).one()
        return row.attempts, row.lease_owner is None and row.due_at is not None

    database = await _opened(data)
    try:
        return await database.read(read)
    finally:
        await database.close()


def test_a_mail_that_cannot_be_read_is_kept_and_the_others_go(tmp_path: Path) -> None:
    with running_sink() as sink:
        relay = Relays.read([f"{sink.host}:{sink.port}"])
        with LocalServer(data=tmp_path, mode="relay", relay=relay) as server, server.client() as client:
            server.allow("example.com")
            finished(_pause(tmp_path))
            for name in ("good1", "broken", "good2"):
                send(client, f"{name}@box.example")
            finished(_break_and_resume(tmp_path, "broken@box.example"))
            eventually(lambda: len(sink.deliveries) == 2, what="the mails that are whole")
            eventually(
                lambda: finished(_attempts(tmp_path, "broken@box.example")) == (1, True), what="the broken one put off"
            )
    assert {to for _, to in sink.deliveries} == {"good1@box.example", "good2@box.example"}


def test_no_more_mails_are_read_than_there_is_room_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at_once: list[int] = []
    under_way = 0

    async def counted(job: Deliver, loaded: Loaded | None, deps: Deps) -> list[Settle]:
        nonlocal under_way
        under_way += 1
        at_once.append(under_way)
        try:
            return await deliver(job, loaded, deps)
        finally:
            under_way -= 1

    monkeypatch.setattr(worker, "deliver", counted)
    monkeypatch.setattr(worker, "SLICE", 2)
    monkeypatch.setattr(worker, "MOST_BYTES", 1)
    with running_sink() as sink:
        relay = Relays.read([f"{sink.host}:{sink.port}"])
        with LocalServer(data=tmp_path, mode="relay", relay=relay) as server, server.client() as client:
            server.allow("example.com")
            client.deliver_in_batches(
                [{"From": "a@example.com", "To": f"{n}@box{n}.example", "TextBody": "x"} for n in range(40)]
            )
            eventually(lambda: len(sink.deliveries) == 40, what="all mails")
    assert max(at_once) == 2


def test_a_server_that_stops_gives_back_what_it_has_not_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "SLICE", 2)
    monkeypatch.setattr(worker, "MOST_BYTES", 1)
    mails = 60
    with running_sink() as sink:
        relay = Relays.read([f"{sink.host}:{sink.port}"])
        with LocalServer(data=tmp_path, mode="relay", relay=relay) as server, server.client() as client:
            server.allow("example.com")
            client.deliver_in_batches(
                [{"From": "a@example.com", "To": f"{n}@box{n}.example", "TextBody": "x"} for n in range(mails)]
            )
            eventually(lambda: sink.deliveries, what="the first mail")
        before = len(sink.deliveries)
        assert before < mails
        with LocalServer(data=tmp_path, mode="relay", relay=relay):
            eventually(lambda: len(sink.deliveries) >= mails, what="the rest")
    assert len({to for _, to in sink.deliveries}) == len(sink.deliveries) == mails
