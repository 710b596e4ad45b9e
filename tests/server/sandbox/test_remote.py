"""The built-in remote, spoken to by the last hop over a real socket."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from structlog.testing import capture_logs

from carom import bounce
from carom.server.outbound.attempt import Attempt
from carom.server.outbound.session import Connections, Route
from carom.server.rules.scenarios import TEST_DOMAIN, scenario
from carom.server.sandbox.answer import write_answer
from carom.server.sandbox.remote import Captured, Remote, remote_listener
from carom.server.store.received import Incoming
from carom.taxonomy import BounceType
from tests.stores import NOW

pytestmark = pytest.mark.anyio

RETURN_PATH = "b+1abc@bounces.carom.test"
MAIL = b"From: bob@example.org\r\nX-PM-Message-Id: 17\r\n\r\nHello\r\n"
AT = datetime(2026, 11, 23, 20, 0, 5, tzinfo=UTC)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@asynccontextmanager
async def remote(captured: list[Captured]) -> AsyncGenerator[Route, None]:
    async def store(taken: list[Captured]) -> None:
        await asyncio.sleep(0)
        captured.extend(taken)

    listener = remote_listener("mx.carom.test", Remote(store))
    try:
        yield Route(*await listener.start())
    finally:
        await listener.stop(5)


def incoming(one: Captured) -> Incoming:
    """A captured mail as the store gives it back."""
    return Incoming(NOW, one.mail_from, one.recipient, b"", one.content)


async def deliver(recipient: str, content: bytes = MAIL) -> tuple[Attempt, list[Captured]]:
    captured: list[Captured] = []
    async with remote(captured) as route, Connections(hostname="mail.carom.test") as connections:
        return await connections.deliver(route, RETURN_PATH, recipient, content), captured


async def test_other_addresses_are_accepted_and_kept_before_the_reply() -> None:
    attempt, captured = await deliver("ann@example.com")
    assert str(attempt.reply) == "250 2.0.0 OK"
    assert captured == [Captured(RETURN_PATH, "ann@example.com", MAIL, scenario("ann@example.com"))]


@pytest.mark.parametrize(
    ("local", "outcome", "phase", "reply"),
    [
        ("HardBounce", "refused", "rcpt", "550 5.1.1"),
        ("Soft_Bounce", "refused", "rcpt", "552 5.2.2"),
        ("blocked", "refused", "message", "554 5.7.1"),
        ("spamnotification", "refused", "message", "554 5.7.1"),
        ("nobody", "refused", "message", "550 5.1.1"),
        ("reply+550-5.7.1", "refused", "rcpt", "550 5.7.1"),
        ("reply+450-4.2.0", "deferred", "rcpt", "450 4.2.0"),
        ("reply+421-4.3.2", "deferred", "rcpt", "421 4.3.2"),
        ("reply+552-5.3.4+data", "refused", "message", "552 5.3.4"),
    ],
)
async def test_a_refusal_is_said_where_the_scenario_says(local: str, outcome: str, phase: str, reply: str) -> None:
    attempt, captured = await deliver(f"{local}@{TEST_DOMAIN}")
    assert (attempt.outcome, attempt.phase) == (outcome, phase)
    assert str(attempt.reply).startswith(reply)
    assert not captured


async def test_later_is_accepted_and_answered_to_the_return_path() -> None:
    attempt, (captured,) = await deliver(f"hardbounce+later@{TEST_DOMAIN}")
    assert attempt.outcome == "accepted"
    assert captured.scenario.at == "later"
    report = write_answer(incoming(captured), AT)
    (event,) = bounce.parse(report).events
    assert isinstance(event, bounce.Failed)
    assert (event.recipient, event.status) == (f"hardbounce+later@{TEST_DOMAIN}", "5.1.1")
    assert f"To: {RETURN_PATH}\r\n".encode() in report
    assert b"X-PM-Message-Id: 17" in report
    assert b"Hello" not in report


async def test_transient_is_answered_with_a_delay() -> None:
    _, (captured,) = await deliver(f"transient@{TEST_DOMAIN}")
    (event,) = bounce.parse(write_answer(incoming(captured), AT)).events
    assert isinstance(event, bounce.Delayed)
    assert event.type is BounceType.TRANSIENT


async def test_the_header_decides_for_an_address_that_names_nothing() -> None:
    attempt, _ = await deliver(f"anybody@{TEST_DOMAIN}", b"x-pm-bounce-type: SoftBounce\r\n" + MAIL)
    assert (attempt.outcome, attempt.phase) == ("refused", "message")
    assert str(attempt.reply).startswith("552 5.2.2")
    attempt, _ = await deliver(f"anybody@{TEST_DOMAIN}", MAIL + b"X-PM-Bounce-Type: SoftBounce\r\n")
    assert str(attempt.reply).startswith("550 5.1.1"), "what stands in the body is no header"


async def test_the_null_sender_is_never_answered() -> None:
    captured: list[Captured] = []
    async with remote(captured) as route, Connections(hostname="h") as connections:
        assert (await connections.deliver(route, "", f"hardbounce+later@{TEST_DOMAIN}", MAIL)).outcome == "accepted"
    assert captured[0].scenario.at is None


async def test_a_hundred_refusals_share_a_connection() -> None:
    captured: list[Captured] = []
    async with remote(captured) as route, Connections(hostname="h") as connections:
        for _ in range(100):
            attempt = await connections.deliver(route, RETURN_PATH, f"hardbounce@{TEST_DOMAIN}", MAIL)
            assert (attempt.outcome, str(attempt.reply)[:9]) == ("refused", "550 5.1.1")


async def test_the_same_mail_has_the_same_answer() -> None:
    _, (captured,) = await deliver(f"dnserror@{TEST_DOMAIN}")
    first = write_answer(incoming(captured), AT)
    assert first == write_answer(incoming(captured), AT)


async def test_a_store_that_fails_defers_the_mail() -> None:
    async def full(_: list[Captured]) -> None:
        raise OSError("disk full")

    listener = remote_listener("mx.carom.test", Remote(full))
    route = Route(*await listener.start())
    with capture_logs() as logs:
        async with Connections(hostname="h") as connections:
            attempt = await connections.deliver(route, RETURN_PATH, "ann@example.com", MAIL)
        await listener.stop(5)
    assert (attempt.outcome, attempt.phase, str(attempt.reply)[:9]) == ("deferred", "message", "452 4.3.1")
    assert [entry["log_level"] for entry in logs] == ["error"]
