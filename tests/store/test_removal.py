"""What is left when a server, or a message, is removed for good: nothing of it, and everything of others."""

from typing import cast
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from carom.server.config import Settings
from carom.server.outbound.session import Connections, Route
from carom.server.pipeline.deps import Deps
from carom.server.pipeline.jobs import Bounced, Deliver, Purge, Settle
from carom.server.pipeline.signing import Identities
from carom.server.pipeline.stages.deliver import deliver, load
from carom.server.pipeline.stages.purge import purge
from carom.server.pipeline.stages.settle import settle
from carom.server.rules.lifecycle import Event
from carom.server.store import bodies, removal
from carom.server.store.queue import Claim
from carom.server.store.schema import body, event, inbound_message, message, metadata
from carom.taxonomy import BounceType
from tests.store.sending import recipient_ids, sent
from tests.stores import NOW, Store

pytestmark = pytest.mark.anyio


def deps_of(store: Store) -> Deps:
    """What stages work with, save the network, which nothing here may use."""
    nowhere = Route("127.0.0.1", 1)
    return Deps(
        database=store.database,
        keyring=store.keyring,
        settings=Settings(),
        connections=cast("Connections", None),
        identities=Identities(store.keyring, Settings(), lambda: NOW),
        built_in=nowhere,
        home=nowhere,
        public_url="http://127.0.0.1",
        clock=lambda: NOW,
        chance=lambda: 0.5,
    )


async def bounced(store: Store, to: str, dump: bytes) -> UUID:
    """Send a message that is refused with a dump."""
    message_id = await sent(store, to)
    [recipient_id] = await recipient_ids(store, message_id)
    hard = Bounced(BounceType.HARD_BOUNCE, "smtp;550 5.1.1 gone", dump, "rule", "gone", "5.1.1")
    await store.database.write(settle, Settle(recipient_id, Event.REFUSED, NOW, bounced=hard))
    return message_id


async def count(store: Store, table: sa.Table) -> int:
    counted = sa.select(sa.func.count()).select_from(table)
    return await store.database.read(lambda c: c.execute(counted).scalar_one())


async def test_what_a_removed_server_has_queued_is_not_sent(store: Store) -> None:
    """Its delivery comes to nothing, without a look at the network and without an error."""
    [recipient_id] = await recipient_ids(store, await sent(store, "a@example.org"))
    await store.database.write(removal.remove_server, store.tenant.account_id, store.tenant.server_id)
    deps = deps_of(store)
    found = await store.database.read(load, [recipient_id], deps)
    assert await deliver(Deliver(Claim(recipient_id, 1, 1)), found.get(recipient_id), deps) == []


async def test_a_server_goes_with_everything(store: Store) -> None:
    """Its bounces, their dumps and its events too; no table is forgotten that names a server."""
    for number in range(3):
        await bounced(store, f"a{number}@example.org", b"dump %d" % number)
    await store.database.write(removal.remove_server, store.tenant.account_id, store.tenant.server_id)
    await purge(Purge(store.tenant.server_id), deps_of(store))
    for table in metadata.sorted_tables:
        if "server_id" in table.c:
            assert await count(store, table) == 0, table.name
    assert await count(store, body) == 0


async def test_inbound_mail_goes_with_its_raw_form(store: Store) -> None:
    raw = await store.database.write(bodies.keep, b"a mail that came in", NOW)
    texts = {column.name: "" for column in inbound_message.c if not column.nullable}
    row = {"id": uuid4(), "server_id": store.tenant.server_id, "received_at": NOW, "content": b"", "digest": raw}
    filled = {**texts, **row}
    await store.database.write(lambda c: c.execute(sa.insert(inbound_message).values(filled)))
    while await store.database.write(removal.purge_server, store.tenant.server_id, 1):
        pass
    assert await count(store, inbound_message) == 0
    assert await count(store, body) == 0


async def test_a_message_goes_alone(store: Store) -> None:
    """A mail that two bounces show is kept for the one that stays."""
    gone = await bounced(store, "a@example.org", b"the same")
    await bounced(store, "b@example.org", b"the same")
    also_gone = await bounced(store, "c@example.org", b"another")
    await store.database.write(removal.remove_messages, [gone, also_gone])
    left = await store.database.read(lambda c: c.execute(sa.select(message.c.id)).scalars().all())
    assert len(left) == 1
    assert await store.database.read(lambda c: c.execute(sa.select(event.c.message_id)).scalars().all()) == left
    assert await count(store, body) == 1


def test_every_column_that_names_a_body_is_known() -> None:
    """A mail that something still names must not go."""
    named = {column for table in metadata.sorted_tables for column in table.c if column.name in {"digest", "dump"}} - {
        body.c.digest
    }
    assert named == set(bodies.REFERENCES)
