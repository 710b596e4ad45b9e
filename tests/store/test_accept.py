"""Accepting mail, on both databases."""

import pytest
import sqlalchemy as sa

from carom.server.rules.lifecycle import State
from carom.server.rules.refusals import Refusal
from carom.server.store import deliveries, senders, suppressions
from carom.server.store.schema import message, recipient, stream
from carom.taxonomy import Origin, Suppresses, SuppressionReason
from tests.store.sending import recipient_ids, sent, submit
from tests.stores import NOW, Store

pytestmark = pytest.mark.anyio

HARD = Suppresses(SuppressionReason.HARD_BOUNCE, Origin.RECIPIENT)


async def test_a_message_is_one_row_and_each_recipient_one_that_is_due(store: Store) -> None:
    """What an accept costs, and what a delivery finds."""
    message_id = await sent(store, "A <a@example.org>, b@example.org", cc="c@Example.org", tag="t")
    ids = await recipient_ids(store, message_id)
    found = [await store.database.read(deliveries.load, one) for one in ids]
    assert [(one.address, one.state, one.suppressed) for one in found] == [
        ("a@example.org", State.QUEUED, False),
        ("b@example.org", State.QUEUED, False),
        ("c@Example.org", State.QUEUED, False),
    ]
    assert found[0].email.tag == "t"
    assert (found[0].submitted_at, found[0].message_id, found[0].stream) == (NOW, message_id, "outbound")
    due = await store.database.read(lambda c: list(c.scalars(sa.select(recipient.c.due_at))))
    assert due == [NOW] * 3


async def test_an_address_named_twice_gets_one_copy(store: Store) -> None:
    """In To and Bcc, in any case."""
    message_id = await sent(store, "a@example.org, A@example.org", bcc="a@EXAMPLE.org, b@example.org")
    assert len(await recipient_ids(store, message_id)) == 2


async def test_inactive_recipients_are_left_out_or_refused(store: Store) -> None:
    """Some inactive: the others get it, and the answer says so; all inactive: 406, and nothing is stored."""
    await store.database.write(suppressions.add, store.tenant.server_id, "outbound", "Gone@example.org", HARD, NOW)
    partly = await submit(store, "gone@EXAMPLE.org, b@example.org")
    assert not isinstance(partly, Refusal)
    assert partly.message.startswith("Message OK, but will not deliver to these inactive addresses: gone@example.org.")
    assert len(await recipient_ids(store, partly.message_id)) == 1
    refused = await submit(store, "Gone <gone@example.org>")
    assert isinstance(refused, Refusal)
    assert (refused.code, refused.status) == (406, 422)
    assert "Found inactive addresses: gone@example.org. Inactive" in refused.message
    assert await store.database.read(lambda c: c.scalar(sa.select(sa.func.count()).select_from(message))) == 1


async def test_a_suppression_counts_on_its_own_stream_only(store: Store) -> None:
    """Each stream has its list."""
    await store.database.write(suppressions.add, store.tenant.server_id, "broadcast", "a@example.org", HARD, NOW)
    assert not isinstance(await submit(store, "a@example.org"), Refusal)
    assert isinstance(await submit(store, "a@example.org", message_stream="broadcast"), Refusal)
    assert await store.database.read(suppressions.count, store.tenant.server_id) == 1


async def test_an_archived_stream_is_as_good_as_none(store: Store) -> None:
    """1235, with the name as it was sent."""
    archive = sa.update(stream).where(stream.c.id == "broadcast").values(archived_at=NOW)
    await store.database.write(lambda c: c.execute(archive).rowcount)
    refused = await submit(store, "a@example.org", message_stream="broadcast")
    assert isinstance(refused, Refusal)
    assert refused.message == "The stream provided: 'broadcast' does not exist on this server."


async def test_a_sender_must_be_confirmed_where_it_is_asked_for(store: Store) -> None:
    """Unknown 400, known but unconfirmed 401, allowed by address or domain: accepted."""
    unknown = await submit(store, "a@example.org", confirmed_sender=True)
    assert isinstance(unknown, Refusal)
    assert unknown.code == 400
    await store.database.write(senders.allow, store.tenant.account_id, "ME@example.com", NOW)
    assert not isinstance(await submit(store, "a@example.org", confirmed_sender=True), Refusal)
    other = await submit(store, "a@example.org", confirmed_sender=True, from_="you@example.com")
    assert isinstance(other, Refusal)
    await store.database.write(senders.allow, store.tenant.account_id, "Example.com", NOW)
    await store.database.write(senders.allow, store.tenant.account_id, "example.com", NOW)
    assert not isinstance(await submit(store, "a@example.org", confirmed_sender=True, from_="you@example.com"), Refusal)


async def test_another_account_does_not_profit(store: Store) -> None:
    """Confirmed senders belong to an account."""
    await store.database.write(senders.allow, store.tenant.account_id, "example.com", NOW)
    assert await store.database.read(senders.may_send, store.tenant.account_id, "a@example.com")
    assert await store.database.read(senders.may_send, store.tenant.account_id + 1, "a@example.com") is None
