# pyright: basic
"""client-api section 8, and the retries of what was refused."""

import pickle
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

import carom
from tests.client.served.world import LETTER, World

pytestmark = pytest.mark.anyio

Refusal = tuple[Callable[[Any], Awaitable[Any]], int, int | None, type[carom.HttpServerError]]
REFUSALS: list[Refusal] = [
    (lambda client: client.post("/email", {}), 422, 300, carom.InvalidEmailRequestError),
    (lambda client: client.post("/email", {"From": 5}), 422, 403, carom.ApiInputError),
    (lambda client: client.post("/email"), 422, 402, carom.ApiInputError),
    (lambda client: client.get_message("none"), 422, 701, carom.NotFoundError),
    (lambda client: client.delete_inbound_rule(1), 422, 812, carom.NotFoundError),
    (lambda client: client.get_bounce(1), 422, 1001, carom.NotFoundError),
    (lambda client: client.get("/bounces/x"), 400, 1002, carom.UnexpectedHttpResponseError),
    (lambda client: client.get_template(1), 422, 1101, carom.NotFoundError),
    (lambda client: client.get_message_stream("none"), 422, 1226, carom.NotFoundError),
    (lambda client: client.get_webhook(1), 422, 1352, carom.NotFoundError),
    (lambda client: client.get("/nowhere"), 404, 404, carom.UnexpectedHttpResponseError),
    (lambda client: client.get("/email"), 405, 405, carom.UnexpectedHttpResponseError),
    (lambda client: client.put("/server", {"Name": "x" * 1_000_001}), 413, 413, carom.UnexpectedHttpResponseError),
]


@pytest.mark.parametrize("refusal", REFUSALS, ids=[f"{status}-{code}" for _, status, code, _ in REFUSALS])
async def test_c80_c82_c45_which_refusal_is_which_error(world: World, refusal: Refusal) -> None:
    """Nothing of it is tried again."""
    call, status, code, kind = refusal
    client = world.make(max_retries=3)
    with pytest.raises(carom.HttpServerError) as caught:
        await call(client)
    assert type(caught.value) is kind
    assert (caught.value.status_code, caught.value.error_code) == (status, code)
    assert len(world.log.requests) == 1


async def test_c81_c46_m6_what_an_error_knows(world: World) -> None:
    with pytest.raises(carom.ApiInputError) as caught:
        await world.client.deliver(LETTER, message_stream="none")
    error = caught.value
    assert error.message == "The stream provided: 'none' does not exist on this server."
    assert error.parsed_body == error.full_response == {"ErrorCode": 1235, "Message": error.message}
    assert (error.headers["x-pm-apierrorcode"], error.method, error.path) == ("1235", "POST", "/email")
    assert (error.retryable, error.ambiguous) == (False, False)


async def test_c84_errors_pickle_and_are_one_line(world: World) -> None:
    await world.client.create_suppressions("outbound", "gone@example.org")
    with pytest.raises(carom.InactiveRecipientError) as caught:
        await world.client.deliver(LETTER, to="gone@example.org")
    error = pickle.loads(pickle.dumps(caught.value))
    assert (type(error), error.error_code, error.recipients) == (
        carom.InactiveRecipientError,
        406,
        ["gone@example.org"],
    )
    assert "\n" not in str(error)
    for part in ("406", "422", "POST /email", "gone@example.org"):
        assert part in str(error)
