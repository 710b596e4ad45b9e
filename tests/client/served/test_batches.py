# pyright: basic
"""client-api sections 5 and 6: batches."""

import pytest

import carom
from tests.client.served.world import FROM, LETTER, World, calls, refuses

pytestmark = pytest.mark.anyio


def letters(number: int) -> list[dict[str, str]]:
    """Messages that differ in their subjects."""
    return [{**LETTER, "subject": str(n)} for n in range(number)]


@calls("deliver_in_batches")
@pytest.mark.parametrize("concurrency", [1, 3])
async def test_c50_c53_batches_are_cut_and_keep_order(world: World, concurrency: int) -> None:
    batch = await world.make(max_batch_size=4).deliver_in_batches(iter(letters(10)), concurrency=concurrency)
    assert (len(batch), batch.ok, batch.failed) == (10, True, [])
    batch.raise_for_errors()
    assert [path for _, path, _ in world.log.requests] == ["/email/batch"] * 3
    for number in (0, 5, 9):
        assert (await world.client.get_message(batch[number].message_id)).subject == str(number)
    small = await world.make(max_batch_bytes=600).deliver_in_batches(letters(9))
    assert (len(small), small.ok) == (9, True)
    assert len(world.log.requests) > 7


async def test_c50_the_largest_batch(world: World) -> None:
    """With the token for tests: nothing is delivered, everything is checked."""
    batch = await world.make(token="POSTMARK_API_TEST").deliver_in_batches(letters(501))
    assert (len(batch), batch.ok, len({result.message_id for result in batch})) == (501, True, 501)
    assert {result.message for result in batch} == {"Test job accepted"}
    assert len(world.log.requests) == 2
    with pytest.raises(carom.ApiInputError) as caught:
        await world.client.post("/email/batch", [{"From": FROM}] * 501)
    assert caught.value.error_code == 410


@refuses("deliver_in_batches")
async def test_c51_s6_a_refused_message_is_a_result(world: World) -> None:
    await world.client.create_suppressions("outbound", "gone@example.org")
    batch = await world.make(validate=False).deliver_in_batches(
        [LETTER, {**LETTER, "to": "gone@example.org"}, {**LETTER, "to": "nobody"}, LETTER]
    )
    assert [result.ok for result in batch] == [True, False, False, True]
    assert [(index, type(result.error)) for index, result in batch.failed] == [
        (1, carom.InactiveRecipientError),
        (2, carom.InvalidEmailRequestError),
    ]
    assert (batch[1].message_id, batch[1].error.recipients) == (None, ["gone@example.org"])
    with pytest.raises(carom.BatchError) as caught:
        batch.raise_for_errors()
    assert isinstance(caught.value.__cause__, carom.InactiveRecipientError)
    assert await world.client.get_messages_count() == 2


@refuses("deliver_in_batches")
async def test_c52_a_part_that_is_refused_whole_loses_nothing(world: World) -> None:
    """The second part is larger than the server takes."""
    client = world.make(max_batch_size=1, validate=False, max_batch_bytes=200_000_000)
    huge = {**LETTER, "text_body": "x" * 51_000_000}
    with pytest.raises(carom.BatchError) as caught:
        await client.deliver_in_batches([LETTER, huge, LETTER])
    error = caught.value
    assert ([result is not None for result in error.results], error.next_index) == ([True, False, False], 1)
    assert isinstance(error.__cause__, carom.Error)
    assert await world.client.get_messages_count() == 1


@calls("deliver_in_batches_with_templates")
@refuses("deliver_in_batches_with_templates")
async def test_c50_c51_batches_of_templated_messages(world: World) -> None:
    await world.client.create_template(name="W", alias="w", subject="Hi {{n}}", text_body="{{n}}")
    who = {"from_": FROM, "to": "ann@example.org"}
    batch = await world.client.deliver_in_batches_with_templates(
        [
            {**who, "template_alias": "w", "template_model": {"n": 1}},
            {**who, "template_alias": "none", "template_model": {}},
        ]
    )
    good, bad = batch
    assert (await world.client.get_message(good.message_id)).subject == "Hi 1"
    assert (bad.error_code, type(bad.error)) == (1101, carom.NotFoundError)
    assert bad.message == "The Template's 'Alias' associated with this request is not valid or was not found."


@calls("deliver_merge")
@refuses("deliver_merge")
async def test_c6_a_message_merged_with_each_recipient(world: World) -> None:
    await world.client.create_template(name="W", alias="w", subject="{{a}}{{b}}", text_body="x")
    common = {"from_": FROM, "template_alias": "w", "template_model": {"a": 1}, "metadata": {"x": "1"}}
    recipients = [{"to": "a@example.org", "template_model": {"b": 2}}, {"to": "b@example.org", "metadata": {"x": "3"}}]
    first, second = [
        await world.client.get_message(one.message_id) for one in await world.client.deliver_merge(common, recipients)
    ]
    assert (first.subject, first.metadata, first.recipients) == ("12", {"x": "1"}, ["a@example.org"])
    assert (second.subject, second.metadata) == ("1", {"x": "3"})
    refused = await world.client.deliver_merge({**common, "template_alias": "none"}, recipients)
    assert [result.error_code for result in refused] == [1101, 1101]
