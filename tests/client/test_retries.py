# pyright: basic
"""client-api sections 4 and 5."""

from datetime import UTC, datetime
from typing import Any

import pytest

import carom
from carom import BatchError, RetryPolicy
from carom.client import _core
from tests.client.conftest import Make
from tests.client.scripts import MESSAGE, Script, Stage, answer, fault, refused, settle

pytestmark = pytest.mark.anyio

READ = answer({"InactiveMails": 0, "Bounces": []})
RESET, TIMEOUT = fault(Stage.WAITING), fault(Stage.WAITING, timeout=True)
NO_CONNECTION, HALF_WRITTEN = fault(Stage.CONNECTING), fault(Stage.WRITING)
NEVER_TAKEN = [NO_CONNECTION, HALF_WRITTEN, refused(429, status=429), refused(100, status=503)]
PERHAPS_TAKEN = [RESET, TIMEOUT, fault(Stage.READING), *(answer(b"", status) for status in (500, 502, 504))]


async def test_c40_no_retries_unless_asked_for(make: Make) -> None:
    script = Script(NO_CONNECTION)
    with pytest.raises(carom.ConnectionError):
        await settle(make(script).delivery_stats())
    assert len(script.asked) == 1


async def test_c40_up_to_n_further_attempts_with_growing_pauses(make: Make) -> None:
    script = Script(answer(b"", 503))
    policy = RetryPolicy(max_retries=4, backoff=1, max_backoff=3, jitter=False)
    with pytest.raises(carom.ServiceUnavailableError):
        await settle(make(script, retry=policy).delivery_stats())
    assert (len(script.asked), script.pauses) == (5, [1, 2, 3, 3])
    jittered = Script(answer(b"", 503))
    with pytest.raises(carom.ServiceUnavailableError):
        await settle(make(jittered, retry=RetryPolicy(max_retries=1, backoff=1)).delivery_stats())
    assert 0.5 <= jittered.pauses[0] <= 1
    hurried = Script(answer(b"", 503))
    with pytest.raises(carom.ServiceUnavailableError):
        await settle(make(hurried, retry=RetryPolicy(max_retries=9, backoff=1, deadline=0.2)).delivery_stats())
    assert len(hurried.asked) == 1


@pytest.mark.parametrize(
    "trouble", [*NEVER_TAKEN, RESET, TIMEOUT, *(answer(b"<html>", status) for status in (500, 502, 504))]
)
async def test_c41_s11_reads_puts_and_deletes_are_repeated(make: Make, trouble: Any) -> None:
    cases: list[tuple[Any, Any]] = [
        (lambda client: client.delivery_stats(), READ),
        (lambda client: client.activate_bounce(1), answer({"Message": "OK", "Bounce": {}})),
        (lambda client: client.delete_template(1), answer()),
        (lambda client: client.update_message_stream("x", name="y"), answer({})),
    ]
    for call, good in cases:
        script = Script(trouble, trouble, good)
        await settle(call(make(script, max_retries=2)))
        assert len(script.asked) == 3


@pytest.mark.parametrize("trouble", NEVER_TAKEN)
async def test_c42_a_send_is_repeated_when_it_was_surely_not_taken(make: Make, trouble: Any) -> None:
    script = Script(trouble, answer())
    assert (await settle(make(script, max_retries=1).deliver(MESSAGE))).ok
    assert len(script.asked) == 2
    other = Script(trouble, answer({}))
    await settle(make(other, max_retries=1).create_template(name="x"))
    assert len(other.asked) == 2


@pytest.mark.parametrize("trouble", PERHAPS_TAKEN)
async def test_c43_s8_s9_a_send_that_may_have_been_taken_is_never_repeated(make: Make, trouble: Any) -> None:
    script = Script(trouble, answer())
    with pytest.raises(carom.Error) as caught:
        await settle(make(script, max_retries=3).deliver(MESSAGE))
    assert (len(script.asked), caught.value.ambiguous, caught.value.retryable) == (1, True, False)
    daring = Script(trouble, answer())
    policy = RetryPolicy(max_retries=1, resend_ambiguous=True)
    assert (await settle(make(daring, retry=policy).deliver(MESSAGE))).ok
    assert len({asked.headers["Idempotency-Key"] for asked in daring.asked}) == 1


async def test_c44_s10_retry_after_is_obeyed_up_to_a_limit(make: Make) -> None:
    script = Script(refused(429, status=429, retry_after="6"), answer())
    await settle(make(script, max_retries=1).deliver(MESSAGE))
    assert script.pauses == [6]
    long = Script(refused(429, status=429, retry_after="60"))
    with pytest.raises(carom.RateLimitExceededError) as caught:
        await settle(make(long, max_retries=3).deliver(MESSAGE))
    assert (len(long.asked), caught.value.retry_after) == (1, 60)


def test_c44_retry_after_may_be_a_date() -> None:
    now = datetime(2026, 1, 1, 0, 0, 0, tzinfo=UTC)
    assert _core._retry_after("Thu, 01 Jan 2026 00:00:09 GMT", now) == 9
    assert _core._retry_after("Thu, 01 Jan 2026 00:00:00 GMT", now) == 0
    assert _core._retry_after("soon", now) is None


@pytest.mark.parametrize(
    ("trouble", "error"), [(refused(10, status=401), carom.InvalidApiKeyError), (refused(300), carom.ApiInputError)]
)
async def test_c45_what_is_refused_for_good_is_not_repeated(make: Make, trouble: Any, error: type[carom.Error]) -> None:
    script = Script(trouble)
    with pytest.raises(error) as caught:
        await settle(make(script, max_retries=3).delivery_stats())
    assert (len(script.asked), caught.value.retryable) == (1, False)


@pytest.mark.parametrize("trouble", NEVER_TAKEN)
async def test_c46_the_error_says_whether_it_would_be_repeated(make: Make, trouble: Any) -> None:
    with pytest.raises(carom.Error) as caught:
        await settle(make(Script(trouble)).deliver(MESSAGE))
    assert (caught.value.retryable, caught.value.ambiguous) == (True, False)


def results(number: int) -> list[dict[str, Any]]:
    return [{"ErrorCode": 0, "Message": "OK", "MessageID": str(n)} for n in range(number)]


async def test_c50_batches_are_cut_by_count_and_size_and_keep_order(make: Make) -> None:
    script = Script(lambda asked: answer([{"ErrorCode": 0, "MessageID": m["Subject"]} for m in asked.json]))
    batch = await settle(
        make(script, max_batch_size=4).deliver_in_batches({**MESSAGE, "subject": str(n)} for n in range(10))
    )
    assert [len(asked.json) for asked in script.asked] == [4, 4, 2]
    assert [result.message_id for result in batch] == [str(n) for n in range(10)]
    assert (batch.ok, batch.failed, len(batch), batch[3].message_id) == (True, [], 10, "3")
    batch.raise_for_errors()
    small = Script(lambda asked: answer(results(len(asked.json))))
    await settle(make(small, max_batch_bytes=300).deliver_in_batches([MESSAGE] * 9))
    assert all(len(asked.body) <= 300 for asked in small.asked)
    assert sum(len(asked.json) for asked in small.asked) == 9


async def test_c50_templates_go_out_in_an_object(make: Make) -> None:
    script = Script(answer(results(1)))
    await settle(
        make(script).deliver_in_batches_with_templates(
            [{"from_": "a@b.test", "to": "c@d.test", "template_id": 1, "template_model": {"user_name": 1}}]
        )
    )
    assert script.last.path == "/email/batchWithTemplates"
    assert script.last.json == {
        "Messages": [{"From": "a@b.test", "To": "c@d.test", "TemplateId": 1, "TemplateModel": {"user_name": 1}}]
    }


async def test_c51_s6_a_refused_message_is_a_result(make: Make) -> None:
    text = "You tried to send. Found inactive addresses: a@example.org. Inactive recipients are ones"
    script = Script(answer([results(1)[0], {"ErrorCode": 406, "Message": text}]))
    batch = await settle(make(script).deliver_in_batches([MESSAGE, MESSAGE]))
    good, bad = batch
    assert (good.ok, good.error, bad.ok, bad.message_id, batch.ok) == (True, None, False, None, False)
    assert isinstance(bad.error, carom.InactiveRecipientError)
    assert bad.error.recipients == ["a@example.org"]
    assert [index for index, _ in batch.failed] == [1]
    with pytest.raises(BatchError) as caught:
        batch.raise_for_errors()
    assert isinstance(caught.value.__cause__, carom.InactiveRecipientError)


@pytest.mark.parametrize("concurrency", [1, 3])
async def test_c52_a_part_that_fails_loses_nothing(make: Make, concurrency: int) -> None:
    def api(asked: Any) -> Any:
        return refused(101, status=500) if asked.json[0]["Subject"] == "2" else answer(results(len(asked.json)))

    script = Script(api)
    messages = [{**MESSAGE, "subject": str(n)} for n in range(6)]
    with pytest.raises(BatchError) as caught:
        await settle(make(script, max_batch_size=2).deliver_in_batches(messages, concurrency=concurrency))
    error = caught.value
    assert (error.next_index, error.ambiguous, len(error.results)) == (2, True, 6)
    assert [result is not None for result in error.results][:4] == [True, True, False, False]
    assert isinstance(error.__cause__, carom.InternalServerError)
    short = Script(answer(results(1)))
    with pytest.raises(BatchError, match="too few"):
        await settle(make(short).deliver_in_batches([MESSAGE, MESSAGE]))


async def test_c53_an_empty_batch_asks_nothing_and_parts_may_go_side_by_side(make: Make) -> None:
    script = Script(lambda asked: answer(results(len(asked.json))))
    client = make(script, max_batch_size=1)
    empty = await settle(client.deliver_in_batches([]))
    assert (list(empty), empty.ok, script.asked) == ([], True, [])
    assert len(await settle(client.deliver_in_batches([MESSAGE] * 5, concurrency=3))) == 5
