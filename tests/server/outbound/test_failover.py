"""Several hosts in order: what goes to the next one and what does not."""

import pytest

from carom.server.outbound.failover import REST_SECONDS, Failover
from carom.server.outbound.session import Connections, Route
from tests.server.outbound.test_session import MAIL, QUICK, Sink, serving

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("verb", "reply"),
    [
        ("GREETING", b"421 busy"),
        ("GREETING", b"554 5.7.1 not you"),
        ("GREETING", b"HTTP/1.1 400 Bad Request"),
        ("EHLO", b"550 no"),
    ],
)
async def test_the_next_host_takes_what_the_first_cannot_be_given(verb: str, reply: bytes) -> None:
    """And the transcript tells of both."""
    first, second = Sink(**{verb: reply}), Sink(GREETING=b"220 second.example.com")
    async with serving(first) as one, serving(second) as two, Connections(hostname="h", timeouts=QUICK) as connections:
        attempt = await Failover(connections).deliver((one, two), "", "ann@example.com", MAIL)
    assert (attempt.outcome, attempt.remote_name) == ("accepted", "second.example.com")
    assert reply.decode().split(" ")[-1] in attempt.transcript
    assert "second.example.com" in attempt.transcript


@pytest.mark.parametrize("reply", [b"451 4.7.1 later", b"550 5.7.1 never"])
@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "MESSAGE"])
async def test_what_is_said_of_the_mail_is_not_asked_twice(verb: str, reply: bytes) -> None:
    first, second = Sink(**{verb: reply}), Sink()
    async with serving(first) as one, serving(second) as two, Connections(hostname="h", timeouts=QUICK) as connections:
        attempt = await Failover(connections).deliver((one, two), "", "ann@example.com", MAIL)
    assert attempt.outcome == ("deferred" if reply.startswith(b"4") else "refused")
    assert second.connections == 0


async def test_a_dead_host_is_left_alone_for_a_while() -> None:
    """Nobody waits for it while there is another; then it is asked again."""
    clock, first, second = Clock(), Sink(GREETING=b"421 busy"), Sink()
    async with serving(first) as one, serving(second) as two, Connections(hostname="h", timeouts=QUICK) as connections:
        failover = Failover(connections, clock)
        for _ in range(3):
            assert (await failover.deliver((one, two), "", "ann@example.com", MAIL)).outcome == "accepted"
        assert first.connections == 1
        clock.now += REST_SECONDS[0]
        await failover.deliver((one, two), "", "ann@example.com", MAIL)
        assert first.connections == 2
        clock.now += REST_SECONDS[1]
        first.replies["GREETING"] = b"220 back.example.com\r\n"
        attempt = await failover.deliver((one, two), "", "ann@example.com", MAIL)
        assert attempt.remote_name == "back.example.com"


async def test_the_last_host_is_tried_even_when_all_rest() -> None:
    clock, only = Clock(), Sink(GREETING=b"421 busy")
    async with serving(only) as one, Connections(hostname="h", timeouts=QUICK) as connections:
        failover = Failover(connections, clock)
        for _ in range(2):
            attempt = await failover.deliver((one,), "", "ann@example.com", MAIL)
            assert (attempt.outcome, attempt.phase) == ("deferred", "greeting")
    assert only.connections == 2


def test_nobody_waits_longer_than_a_lease() -> None:
    """Else another worker would send the same mail."""
    from carom.server.outbound.failover import PATIENCE_SECONDS
    from carom.server.outbound.route import Timeouts
    from carom.server.pipeline.worker import LEASE

    longest = sum(getattr(Timeouts(), name) for name in Timeouts.__struct_fields__)
    assert PATIENCE_SECONDS + 2 * longest < LEASE.total_seconds()


async def test_routes_are_told_apart_by_who_logs_in() -> None:
    assert Route("h", 25) != Route("h", 25, "required")
