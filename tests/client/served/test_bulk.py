# pyright: basic
"""client-api section 6: one message to many."""

import pytest

import carom
from tests.client.served.world import FROM, World, calls, refuses, until

pytestmark = pytest.mark.anyio

LETTER = {"from_": FROM, "subject": "Hi {{name}}", "text_body": "Dear {{name}}"}


@calls("deliver_bulk", "get_bulk", "get_bulks")
async def test_c6_a_bulk_request_is_taken_and_finishes(world: World) -> None:
    client = world.client
    taken = await client.deliver_bulk(
        LETTER, [{"to": f"{name}@example.org", "template_model": {"name": name}} for name in ("ann", "bob")]
    )
    assert (taken.status, taken.id, taken.total_messages) == ("Accepted", taken.old_id, 2)

    async def finished() -> object:
        read = await client.get_bulk(taken.id)
        assert (read.id, read.total_messages, read.subject) == (taken.id, 2, LETTER["subject"])
        return read.status == "Completed"

    await until(finished, "the end of the bulk request")
    messages = await client.messages(message_stream="broadcast")
    assert {(one.subject, *one.recipients) for one in messages} == {
        ("Hi ann", "ann@example.org"),
        ("Hi bob", "bob@example.org"),
    }
    assert [one.id for one in await client.get_bulks()] == [taken.id]


@refuses("deliver_bulk", "get_bulk", "get_bulks")
async def test_c6_bulk_requests_that_are_refused(world: World) -> None:
    client = world.make(validate=False)
    for change, code in (({"from_": "nobody"}, 300), ({"message_stream": "none"}, 1226)):
        with pytest.raises(carom.ApiInputError) as caught:
            await client.deliver_bulk({**LETTER, **change}, [{"to": "a@example.org"}])
        assert caught.value.error_code == code
    with pytest.raises(carom.NotFoundError) as missing:
        await client.get_bulk("00000000-0000-4000-8000-000000000000")
    assert (missing.value.status_code, missing.value.error_code) == (404, 12)
    with pytest.raises(carom.ApiInputError) as bad_key:
        await client.get_bulks(pagination_key="nonsense")
    assert bad_key.value.error_code == 13
    assert list(await client.get_bulks()) == []
