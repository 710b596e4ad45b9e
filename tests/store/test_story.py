"""A history that is made up: the same for a seed, and in the lists and sums like one that happened."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from msgspec import structs

from carom.server.history import bulk, copying
from carom.server.history.story import CHUNK, Plan, Story
from carom.server.keyring import Keyring
from carom.server.rules.stats import Kind
from carom.server.store import bounces, messages, opens, rollup, schema, servers, stats, suppressions
from carom.server.store.migrate import upgrade
from carom.server.store.postgres import PostgresDatabase
from carom.server.store.sqlite import sqlite_engine
from carom.server.store.stats import Span
from carom.server.store.visits import Filter
from tests.store.sending import recipient_ids, sent
from tests.stores import NOW, TOKENS, Store

PLAN = Plan(server_id=1000, messages=3000, days=40, end=NOW, seed=7, recipient_id=1000, bounce_id=1000)


def test_a_seed_tells_one_story() -> None:
    """And another tells another."""
    [first], [second] = (list(Story(PLAN).chunks()) for _ in range(2))
    assert first == second
    assert len(first["message"]) == 3000 < CHUNK
    other = structs.replace(PLAN, seed=8)
    assert next(Story(other).chunks()) != first


@pytest.fixture
def told(tmp_path: Path) -> Any:
    """A connection to a store with a history in it."""
    with sqlite_engine(tmp_path / "carom.db").connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        upgrade(connection)
        servers.begin(connection, Keyring({"a": b"k" * 32}, "a"), TOKENS, NOW)
        connection.exec_driver_sql("COMMIT")
        done: list[int] = []
        bulk.tell(connection, server_id=1000, messages=3000, days=40, seed=7, now=NOW, progress=done.append)
        assert done == [3000]
        yield connection


def test_sums_are_those_of_the_rows(told: sa.Connection) -> None:
    """The story counts as it tells."""
    before = set(told.execute(sa.select(schema.stat)))
    rollup.rebuild(told, NOW)
    assert set(told.execute(sa.select(schema.stat))) == before
    kept = {kind: stats.rows(told, 1000, Span(), kind) for kind in Kind}
    assert kept[Kind.MESSAGE] == 3000
    assert min(kept[kind] for kind in (Kind.BOUNCE, Kind.OPEN, Kind.CLICK, Kind.TRACKED)) > 0


def test_lists_show_it(told: sa.Connection) -> None:
    """Every kind of row is as the store reads it."""
    total, found = messages.page(told, 1000, messages.Filter(stream="outbound"), 500, 0, sandboxed=False)
    assert (len(found), total > 2000) == (500, True)
    opened = opens.page(told, 1000, Filter(stream="outbound"), 5, 0)[1][0]
    addresses = messages.page(
        told, 1000, messages.Filter(stream="outbound", recipient=opened.recipient), 50, 0, sandboxed=False
    )
    assert addresses[0] > 1
    total, listed = bounces.page(told, 1000, bounces.Filter(), 500, 0)
    assert total == len(listed) > 0
    assert bounces.dump(told, 1000, listed[0].id)
    hard = [one for one in listed if one.type == "HardBounce"]
    assert all(one.inactive for one in hard)
    assert suppressions.count(told, 1000) == len(hard)


def test_the_lists_have_their_indexes_again(told: sa.Connection) -> None:
    """They are away while rows come by the million."""
    for name in ("message", "recipient", "bounce", "open"):
        made = {index["name"] for index in sa.inspect(told).get_indexes(name)}
        assert made >= {index.name for index in schema.metadata.tables[name].indexes}
    assert told.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"


def test_a_store_with_mail_is_refused(told: sa.Connection) -> None:
    """Its lists would be slow for as long as it takes."""
    with pytest.raises(bulk.NotEmpty):
        bulk.tell(
            told, server_id=1000, messages=1, days=1, seed=1, now=NOW + timedelta(days=1), progress=lambda done: None
        )


@pytest.mark.anyio
async def test_postgresql_is_told_the_same(store: Store) -> None:
    """Its lists and sums are those of SQLite, and the next mail gets a number of its own."""
    database = store.database
    if not isinstance(database, PostgresDatabase):
        pytest.skip("the other tests of this file are about SQLite")
    wanted: dict[str, Any] = {"server_id": 1000, "days": 40, "seed": 7, "now": NOW}
    done: list[int] = []
    await database.write(copying.tell, progress=done.append, messages=3000, **wanted)
    assert done == [3000]
    await database.write(test_sums_are_those_of_the_rows)
    await database.read(test_lists_show_it)
    with pytest.raises(bulk.NotEmpty):
        await database.write(copying.tell, progress=done.append, messages=1, **wanted)
    last = sa.select(sa.func.max(schema.recipient.c.id))
    before: int = await database.read(lambda c: c.execute(last).scalar_one())
    assert await recipient_ids(store, await sent(store, "ann@example.org")) == [before + 1]
