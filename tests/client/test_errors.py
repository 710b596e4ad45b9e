# pyright: basic
"""client-api section 8."""

import builtins
import pickle

import pytest

import carom
from carom.client import errors
from carom.client.errors import InactiveRecipientError
from carom.wire.errors import ERRORS
from tests.client.conftest import Make
from tests.client.scripts import MESSAGE, Script, Stage, answer, fault, refused, settle

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (401, 10, carom.InvalidApiKeyError),
        (422, 10, carom.InvalidApiKeyError),
        (401, None, carom.InvalidApiKeyError),
        (422, 300, carom.InvalidEmailRequestError),
        (422, 406, carom.InactiveRecipientError),
        (422, 701, carom.NotFoundError),
        (422, 1001, carom.NotFoundError),
        (422, 1101, carom.NotFoundError),
        (422, 1226, carom.NotFoundError),
        (422, 1352, carom.NotFoundError),
        (404, 12, carom.NotFoundError),
        (422, 401, carom.ApiInputError),
        (422, 500, carom.ApiInputError),
        (422, 429, carom.ApiInputError),
        (422, 99999, carom.ApiInputError),
        (429, None, carom.RateLimitExceededError),
        (500, 101, carom.InternalServerError),
        (503, 100, carom.ServiceUnavailableError),
        (404, None, carom.UnexpectedHttpResponseError),
        (302, None, carom.UnexpectedHttpResponseError),
        (201, None, carom.UnexpectedHttpResponseError),
        (500, 300, carom.InternalServerError),
    ],
)
async def test_c80_which_refusal_is_which_error(
    make: Make, status: int, code: int | None, kind: type[Exception]
) -> None:
    body = {"Message": "No."} if code is None else {"ErrorCode": code, "Message": "No."}
    with pytest.raises(carom.HttpServerError) as caught:
        await settle(make(Script(answer(body, status))).delivery_stats())
    assert type(caught.value) is kind
    assert caught.value.error_code == code


def test_c80_the_tree() -> None:
    assert issubclass(carom.TimeoutError, builtins.TimeoutError)
    assert issubclass(carom.ConnectionError, builtins.ConnectionError)
    assert issubclass(carom.NotFoundError, carom.ApiInputError)
    assert issubclass(carom.UnknownMessageType, carom.Error)
    for row in ERRORS.values():
        assert issubclass(getattr(errors, row.exception), carom.HttpServerError)


async def test_c81_what_an_error_knows(make: Make) -> None:
    reply = refused(300, "Bad\n address.", x_request_id="r-1")
    with pytest.raises(carom.InvalidEmailRequestError) as caught:
        await settle(make(Script(reply)).deliver(MESSAGE))
    error = caught.value
    assert (error.status_code, error.error_code, error.message, error.body) == (422, 300, "Bad\n address.", reply.body)
    assert error.parsed_body == error.full_response == {"ErrorCode": 300, "Message": "Bad\n address."}
    assert (error.headers["x-request-id"], error.request_id) == ("r-1", "r-1")
    assert (error.method, error.path, error.retryable, error.ambiguous) == ("POST", "/email", False, False)


@pytest.mark.parametrize(
    "body", [b"<html>down</html>", b"[]", b'{"Message": 5}', b'{"Message": null, "ErrorCode": "x"}']
)
async def test_c81_m6_bodies_that_are_no_errors(make: Make, body: bytes) -> None:
    with pytest.raises(carom.ServiceUnavailableError, match=r"The API responded with HTTP status 503\."):
        await settle(make(Script(answer(body, 503))).delivery_stats())
    with pytest.raises(carom.ApiInputError) as caught:
        await settle(make(Script(answer({"Message": "Only words."}, 422))).delivery_stats())
    assert (caught.value.error_code, caught.value.message) == (None, "Only words.")


async def test_c82_nothing_else_leaves_a_call(make: Make) -> None:
    for stage in Stage:
        for timeout, kind in ((True, carom.TimeoutError), (False, carom.ConnectionError)):
            with pytest.raises(kind) as caught:
                await settle(make(Script(fault(stage, timeout=timeout))).delivery_stats())
            assert isinstance(caught.value.__cause__, OSError)


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        (
            "Found inactive addresses: a@x.test, b.c@y.example.com. Inactive recipients are ones that",
            ["a@x.test", "b.c@y.example.com"],
        ),
        ("inactive.\nFound inactive addresses: a@x.test.\nInactive recipients are ones", ["a@x.test"]),
        ("Found inactive addresses: a@x.test.Inactive recipients are ones", ["a@x.test"]),
        ("Found inactive addresses: a@x.test,\n b@x.test.\n Inactive recipients are ones", ["a@x.test", "b@x.test"]),
        ("will not deliver to these inactive addresses: a@x.test, b@x.test.", ["a@x.test", "b@x.test"]),
        ("will not deliver to these inactive addresses: a@x.test, b@x.test", ["a@x.test", "b@x.test"]),
        (
            "these inactive addresses: a@x.test. Inactive recipients are ones that have generated a hard bounce.",
            ["a@x.test"],
        ),
        ("All recipients are inactive.", []),
        ("", []),
    ],
)
def test_c83_s18_r7_addresses_are_read_from_the_text(text: str, addresses: list[str]) -> None:
    assert InactiveRecipientError.parse_recipients(text) == addresses


async def test_c84_errors_pickle_and_are_one_line(make: Make) -> None:
    with pytest.raises(carom.InactiveRecipientError) as caught:
        await settle(
            make(Script(refused(406, "Found inactive addresses: a@x.test.\nInactive", x_request_id="r"))).deliver(
                MESSAGE
            )
        )
    error = pickle.loads(pickle.dumps(caught.value))
    assert type(error) is carom.InactiveRecipientError
    assert (error.error_code, error.status_code, error.recipients) == (406, 422, ["a@x.test"])
    shown = str(error)
    assert "\n" not in shown
    for part in ("406", "422", "r", "POST /email", "Found inactive"):
        assert part in shown


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("DeliveryError", carom.Error),
        ("InvalidMessageError", carom.ApiInputError),
        ("UnknownError", carom.UnexpectedHttpResponseError),
        ("InvalidEmailAddressError", carom.InvalidEmailRequestError),
    ],
)
def test_c85_old_names_resolve_with_a_warning(old: str, new: type[Exception]) -> None:
    with pytest.warns(DeprecationWarning, match=new.__name__):
        assert getattr(carom, old) is new
    with pytest.raises(AttributeError):
        carom.Nothing  # noqa: B018
