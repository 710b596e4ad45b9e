# pyright: basic
"""client-api section 6: message streams and suppressions."""

from datetime import UTC, datetime, timedelta

import pytest

import carom
from tests.client.served.world import HARD, LETTER, World, calls, refuses

pytestmark = pytest.mark.anyio

NEW = {"id": "news", "name": "News", "message_stream_type": "Broadcasts"}


@calls("get_message_streams", "message_streams", "get_message_stream", "create_message_stream", "update_message_stream")
async def test_c6_streams_are_listed_made_read_and_changed(world: World) -> None:
    client = world.client
    assert {one.id: one.message_stream_type for one in await client.message_streams()} == {
        "outbound": "Transactional",
        "broadcast": "Broadcasts",
        "inbound": "Inbound",
    }
    made = await client.create_message_stream(
        **NEW, description="D", subscription_management_configuration={"unsubscribe_handling_type": "Postmark"}
    )
    assert (made.id, made.name, made.description, made.server_id) == (
        "news",
        "News",
        "D",
        (await client.server_info()).id,
    )
    assert made.subscription_management_configuration.unsubscribe_handling_type == "Postmark"
    assert (made.updated_at, made.archived_at, made.expected_purge_date) == (None, None, None)
    assert abs(made.created_at - datetime.now(UTC)) < timedelta(minutes=5)
    assert await client.get_message_stream("news") == made
    changed = await client.update_message_stream("news", name="Other")
    assert (changed.name, changed.description, changed.updated_at is None) == ("Other", "D", False)
    page = await client.get_message_streams(message_stream_type="Broadcasts")
    assert (page.total_count, [one.id for one in page]) == (2, ["broadcast", "news"])


@calls("archive_message_stream", "unarchive_message_stream")
async def test_c6_a_stream_is_archived_and_brought_back(world: World) -> None:
    client = world.client
    await client.create_message_stream(id="old", name="Old", message_stream_type="Transactional")
    archived = await client.archive_message_stream("old")
    assert archived.id == "old"
    assert archived.expected_purge_date > datetime.now(UTC)
    assert "old" not in [one.id for one in await client.message_streams()]
    assert "old" in [one.id for one in await client.get_message_streams(include_archived_streams=True)]
    assert (await client.get_message_stream("old")).archived_at is not None
    with pytest.raises(carom.ApiInputError):
        await client.deliver(LETTER, message_stream="old")
    back = await client.unarchive_message_stream("old")
    assert (back.id, back.archived_at) == ("old", None)
    assert (await client.deliver(LETTER, message_stream="old")).ok


@refuses(
    "get_message_streams",
    "message_streams",
    "get_message_stream",
    "create_message_stream",
    "update_message_stream",
    "archive_message_stream",
    "unarchive_message_stream",
)
async def test_c6_what_is_no_stream_is_refused(world: World) -> None:
    client = world.client
    for call in (
        client.get_message_stream,
        client.update_message_stream,
        client.archive_message_stream,
        client.unarchive_message_stream,
    ):
        with pytest.raises(carom.NotFoundError) as caught:
            await call("none")
        assert caught.value.error_code == 1226
        assert caught.value.message == "The message stream for the provided 'ID' was not found."
    for fields, code in (
        ({**NEW, "id": "No!"}, 1227),
        ({**NEW, "message_stream_type": "Inbound"}, 1228),
        ({**NEW, "id": "outbound"}, 1230),
    ):
        with pytest.raises(carom.ApiInputError) as refused:
            await client.create_message_stream(**fields)
        assert refused.value.error_code == code
    with pytest.raises(carom.ApiInputError) as refused:
        await client.archive_message_stream("outbound")
    assert refused.value.error_code == 1229
    for call in (client.get_message_streams, client.message_streams):
        with pytest.raises(carom.ApiInputError) as refused:
            await call(message_stream_type="Nonsense")
        assert refused.value.error_code == 1221


@calls("create_suppressions", "dump_suppressions", "delete_suppressions")
async def test_c6_addresses_are_suppressed_listed_and_let_go(world: World) -> None:
    client = world.client
    [one] = await client.create_suppressions("outbound", "Ann@Example.org")
    assert (one.email_address, one.status, one.message) == ("Ann@Example.org", "Suppressed", None)
    many = [f"a{n}@example.org" for n in range(120)]
    made = await client.create_suppressions("outbound", many)
    assert [row.email_address for row in made] == many
    assert {row.status for row in made} == {"Suppressed"}
    assert len(await client.dump_suppressions("outbound")) == 121
    [row] = await client.dump_suppressions("outbound", email_address="ann@example.org")
    assert (row.suppression_reason, row.origin) == ("ManualSuppression", "Customer")
    assert abs(row.created_at - datetime.now(UTC)) < timedelta(minutes=5)
    assert await client.dump_suppressions("broadcast") == []
    gone = await client.delete_suppressions("outbound", ["ann@example.org", *many])
    assert {row.status for row in gone} == {"Deleted"}
    assert await client.dump_suppressions("outbound") == []


async def test_c6_c25_filters_of_suppressions_combine(world: World) -> None:
    client = world.client
    await world.bounced(HARD)
    await client.create_suppressions("outbound", "ann@example.org")

    async def found(**filters: object) -> list[str]:
        return [row.email_address for row in await client.dump_suppressions("outbound", **filters)]

    assert await found(suppression_reason="HardBounce") == await found(origin="Recipient") == [HARD]
    assert await found(suppression_reason="ManualSuppression", origin="Customer") == ["ann@example.org"]
    assert await found(suppression_reason="HardBounce", email_address="ann@example.org") == []
    yesterday = datetime.now(UTC) - timedelta(days=1)
    assert len(await found(fromdate=yesterday)) == 2
    assert await found(todate=yesterday) == []


@refuses("create_suppressions", "dump_suppressions", "delete_suppressions")
async def test_c6_suppressions_that_are_refused(world: World) -> None:
    client = world.client
    for call in (client.create_suppressions, client.delete_suppressions):
        [row] = await call("outbound", "nobody")
        assert (row.email_address, row.status) == ("nobody", "Failed")
        assert row.message
        with pytest.raises(carom.NotFoundError) as caught:
            await call("none", "ann@example.org")
        assert caught.value.error_code == 1226
    for filters, code in (({"suppression_reason": "Nonsense"}, 1404), ({"origin": "Nobody"}, 1405)):
        with pytest.raises(carom.ApiInputError) as refused:
            await client.dump_suppressions("outbound", **filters)
        assert refused.value.error_code == code
