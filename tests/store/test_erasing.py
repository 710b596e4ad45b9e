"""A person is erased: nothing of theirs is left but what keeps mail from them, and nothing of others is gone."""

from collections.abc import Iterable
from uuid import UUID, uuid4

import msgspec
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import NoResultFound

from carom.bounce.verp import return_path
from carom.server.pipeline.jobs import Bounced, Erase, Settle
from carom.server.pipeline.stages.erase import erase
from carom.server.pipeline.stages.settle import settle
from carom.server.rules.inbound import read_inbound
from carom.server.rules.lifecycle import Event
from carom.server.rules.refusals import Refusal
from carom.server.rules.stats import Kind
from carom.server.store import (
    bodies,
    bounces,
    clicks,
    data_removals,
    inbound,
    intake,
    messages,
    opens,
    received,
    rollup,
    servers,
    stats,
)
from carom.server.store.bounces import Filter
from carom.server.store.schema import body, event, inbound_message, message, metadata, recipient
from carom.server.store.servers import Tokens
from carom.server.store.stats import Span
from carom.server.store.visits import Visit
from carom.taxonomy import BounceType
from tests.store.sending import recipient_ids, sent, submit
from tests.store.test_removal import count, deps_of
from tests.stores import NOW, Store

pytestmark = pytest.mark.anyio

ANN = "Ann.Lee@Example.org"
BOB = "bob@example.net"
STRANGER = Tokens("f0f0f0f0-0000-4000-8000-000000000004", "f0f0f0f0-0000-4000-8000-000000000005")


async def erased(store: Store, address: str = ANN) -> None:
    """Ask for an erasure and do it."""
    removal_id = await store.database.write(
        data_removals.add, store.tenant.account_id, "me@example.com", address, NOW, notify=False
    )
    await erase(Erase(removal_id), deps_of(store))
    found = await store.database.read(data_removals.get, store.tenant.account_id, removal_id)
    assert found is not None
    assert found.status == "Done"


def home_of(store: Store, recipient_id: int) -> str:
    return return_path(recipient_id, "bounces.carom.test", store.keyring.return_path_keys, "a")


async def lived(store: Store, to: str) -> UUID:
    """Send a message and let everything happen to each recipient that can: captured, opened, clicked, bounced."""
    message_id = await sent(store, to, tag="t")
    await live(store, message_id, to)
    return message_id


async def live(store: Store, message_id: UUID, to: str) -> None:
    """Let everything happen to a message."""
    for recipient_id in await recipient_ids(store, message_id):
        home = home_of(store, recipient_id).upper()
        raw = f"To: {to}\r\n\r\nreturned {recipient_id}".encode()
        await store.database.write(received.capture, home, to, raw + b" captured", NOW)
        for content in (raw, raw + b" again"):
            arrived = received.Arrived(NOW, "", [(home, "digest")], content)
            [[received_id]] = await store.database.write(received.receive, [arrived])
        await store.database.write(received.conclude, received_id, "bounce")
        visit = Visit(at=NOW, user_agent="Mozilla/5.0")
        await store.database.write(opens.record, recipient_id, visit)
        await store.database.write(clicks.record, recipient_id, visit, "https://example.com/", "HTML")
        hard = Bounced(BounceType.HARD_BOUNCE, "smtp;550 5.1.1 gone", raw, "rule", "gone", "5.1.1")
        await store.database.write(settle, Settle(recipient_id, Event.REFUSED, NOW, bounced=hard))


async def tables_with(store: Store, address: str) -> set[str]:
    """Search every row of the store, and everything packed in it, for an address."""
    wanted = address.lower()

    def search(connection: sa.Connection) -> set[str]:
        return {
            table.name
            for table in metadata.sorted_tables
            for row in connection.execute(sa.select(table))
            if any(wanted in text for text in _texts(row))
        }

    return await store.database.read(search)


def _texts(row: Iterable[object]) -> Iterable[str]:
    for value in row:
        if isinstance(value, bytes) and value[:1] == b"\x78":
            yield bodies.unpack(value).decode("utf-8", "replace").lower()
        yield str(value).lower()


async def test_nothing_is_left_of_a_person_but_the_suppression(store: Store) -> None:
    """Which goes on keeping mail from them."""
    await lived(store, ANN)
    await lived(store, f"{BOB}, Ann Lee <{ANN.upper()}>")
    assert await tables_with(store, ANN) >= {"message", "recipient", "bounce", "open", "click", "captured", "body"}
    await erased(store)
    assert await tables_with(store, ANN) == {"suppression"}
    refused = await submit(store, ANN)
    assert isinstance(refused, Refusal)
    assert refused.code == 406


async def test_a_message_that_names_the_person_without_having_been_sent_to_them_is_found(store: Store) -> None:
    """A suppressed address stays in To: the others' mail says so. No row names it, so all messages are looked through."""
    await lived(store, ANN)
    shared = [await lived(store, f"b{number}@example.net, {ANN}") for number in range(3)]
    assert [len(await recipient_ids(store, message_id)) for message_id in shared] == [1, 1, 1]
    await erased(store)
    assert await tables_with(store, ANN) == {"suppression"}
    assert await count(store, message) == 3


async def test_a_message_to_nobody_else_goes_whole(store: Store) -> None:
    await lived(store, ANN)
    await erased(store)
    for table in (message, recipient, event, body):
        assert await count(store, table) == 0, table.name


async def test_others_keep_their_mail(store: Store) -> None:
    """Without the person's address, and without the raw copies that show it."""
    shared = await lived(store, f"Bob <{BOB}>, {ANN}")
    bobs = await lived(store, "carl@example.net")
    await erased(store)
    assert len(await recipient_ids(store, shared)) == 1
    packed = await store.database.read(
        lambda c: c.execute(sa.select(message.c.content).where(message.c.id == shared)).scalar_one()
    )
    email = intake.unpack_email(packed)
    assert (email.to, email.subject, email.text_body) == (f"Bob <{BOB}>", "Hi", "Hello")
    _, listed = await store.database.read(bounces.page, store.tenant.server_id, Filter(), 10, 0)
    assert {one.email: one.dump_available for one in listed} == {BOB: False, "carl@example.net": True}
    found = await store.database.read(messages.get, store.tenant.server_id, bobs, sandboxed=False)
    assert found is not None


@pytest.mark.parametrize("added_up", [False, True])
async def test_what_happened_stays_counted(store: Store, *, added_up: bool) -> None:
    """Sums stay as they were; lists count what is left. Both after their minute was added up and before."""

    async def sums() -> dict[Kind, int]:
        found: dict[Kind, int] = {}
        for kind in (Kind.MESSAGE, Kind.SENT, Kind.BOUNCE, Kind.OPEN, Kind.CLICK):
            counted = await store.database.read(stats.counted, store.tenant.server_id, Span(), kind)
            found[kind] = sum(one.number for one in counted)
        return found

    if added_up:
        await store.database.write(rollup.rebuild, NOW)
    both = f"{BOB}, {ANN}"
    for message_id, to in [(await sent(store, to), to) for to in (ANN, both)]:
        await live(store, message_id, to)
    before = await sums()
    assert before[Kind.SENT] == 3
    if added_up:
        await store.database.write(rollup.roll_up, NOW + 2 * rollup.GRACE)
    await erased(store)
    assert await sums() == before
    total, listed = await store.database.read(bounces.page, store.tenant.server_id, Filter(), 10, 0)
    assert (total, [one.email for one in listed]) == (1, [BOB])
    await store.database.write(rollup.rebuild, NOW + 2 * rollup.GRACE)
    assert await sums() == before


async def test_inbound_mail_of_a_person_goes(store: Store) -> None:
    raw = await store.database.write(bodies.keep, b"From: ann", NOW)
    texts = {column.name: "" for column in inbound_message.c if not column.nullable}
    own = {"server_id": store.tenant.server_id, "received_at": NOW, "content": b"", "digest": raw}
    own |= {"recipients": [], "summary": {"ReplyTo": ""}}
    rows = [{**texts, **own, "id": uuid4(), "from_email": address} for address in (ANN.lower(), BOB)]
    await store.database.write(lambda c: c.execute(sa.insert(inbound_message), rows))
    await erased(store)
    left = await store.database.read(lambda c: c.execute(sa.select(inbound_message.c.from_email)).scalars().all())
    assert left == [BOB]
    assert await count(store, body) == 1


async def test_mail_of_others_no_longer_names_the_person(store: Store) -> None:
    """It stays, with everybody else in it; another account's stays as it is."""
    raw = b"From: %s\r\nTo: Ann <%s>, Carl <carl@example.net>\r\nCc: %s\r\nReply-To: %s\r\nX-For: %s\r\n\r\nHello" % (
        BOB.encode(), ANN.encode(), ANN.upper().encode(), ANN.encode(), ANN.encode(),
    )  # fmt: skip
    ids = [uuid4() for _ in range(3)]
    for message_id in ids:
        digest = await store.database.write(bodies.keep, raw, NOW)
        message = read_inbound(raw, BOB, "in@example.com", message_id).details
        await store.database.write(inbound.add, store.tenant.server_id, message, NOW, digest)
    assert await tables_with(store, ANN) == {"inbound_message", "body"}
    await erased(store)
    assert await tables_with(store, ANN) == set()
    for message_id in ids:
        shown = await store.database.read(inbound.get, store.tenant.server_id, message_id)
        assert shown is not None
        assert (shown.to, shown.cc, shown.reply_to, shown.text_body) == ("Carl <carl@example.net>", "", "", "Hello")
        assert [one.email for one in shown.bcc_full or []] == ["in@example.com"]


async def test_another_account_keeps_its_mail(store: Store) -> None:
    """To the same person."""
    await store.database.write(servers.begin, store.keyring, STRANGER, NOW)
    other = await store.database.read(servers.by_token, STRANGER.server)
    assert other is not None
    theirs = await lived(Store(store.database, store.keyring, other), ANN)
    await lived(store, ANN)
    await erased(store)
    assert await count(store, message) == 1
    found = await store.database.read(messages.get, other.server_id, theirs, sandboxed=False)
    assert found is not None
    total, _ = await store.database.read(bounces.page, other.server_id, Filter(), 10, 0)
    assert total == 1


async def test_a_request_that_is_done_is_not_done_again(store: Store) -> None:
    """Its address is gone; one that never was is told by an error that the worker knows."""
    await erased(store)
    await lived(store, ANN)
    await erase(Erase(1000), deps_of(store))
    assert await count(store, message) == 1
    with pytest.raises(NoResultFound):
        await erase(Erase(999_999), deps_of(store))


def test_a_packed_column_is_searched() -> None:
    """The search of this file would find an address in one."""
    assert any("x@y.example" in text for text in _texts([bodies.pack(msgspec.json.encode({"To": "X@Y.example"}))]))
