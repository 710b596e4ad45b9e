# pyright: basic
"""client-api section 4, with a network that breaks between the client and the server."""

import anyio.to_thread
import pytest

import carom
from carom import RetryPolicy
from tests.client.served.relay import relayed
from tests.client.served.world import LETTER, World

pytestmark = pytest.mark.anyio

QUICK = RetryPolicy(max_retries=3, backoff=0.01, jitter=False)


async def test_c40_c41_s11_a_read_is_repeated_as_often_as_asked_for(world: World) -> None:
    with relayed(world.served.url, "before", "after", "before") as relay:
        for policy in (RetryPolicy(), RetryPolicy(max_retries=1, backoff=0.01)):
            with pytest.raises(carom.ConnectionError):
                await world.make(base_url=relay.url, retry=policy).update_message_stream("outbound", name="N")
        assert relay.connections == 3
    with relayed(world.served.url, "before", "after", "before") as relay:
        assert (await world.make(base_url=relay.url, retry=QUICK).server_info()).id
        assert relay.connections == 4


async def test_c41_a_put_and_a_delete_are_repeated(world: World) -> None:
    rule = await world.client.create_inbound_rule("example.org")
    with relayed(world.served.url, "after") as relay:
        assert (await world.make(base_url=relay.url, retry=QUICK).update_server_info(color="red")).color == "red"
    with relayed(world.served.url, "before") as relay:
        assert (await world.make(base_url=relay.url, retry=QUICK).delete_inbound_rule(rule.id)).error_code == 0


async def test_c42_s11_a_send_that_met_no_server_is_repeated(world: World) -> None:
    """Nobody listens where the first connections go: the relay is there only later."""
    with relayed(world.served.url) as gone:
        nowhere = gone.url
    with pytest.raises(carom.ConnectionError) as caught:
        await world.make(base_url=nowhere, retry=QUICK).deliver(LETTER)
    assert (caught.value.retryable, caught.value.ambiguous) == (True, False)
    assert len(world.log.requests) == 4
    assert await world.client.get_messages_count() == 0


@pytest.mark.parametrize("fault", ["before", "after"])
async def test_c43_s8_a_send_whose_answer_was_lost_is_not_repeated(world: World, fault: str) -> None:
    """The client cannot know whether the server has the message; here the server says."""
    with relayed(world.served.url, fault) as relay:  # type: ignore[arg-type]
        with pytest.raises(carom.ConnectionError) as caught:
            await world.make(base_url=relay.url, retry=QUICK).deliver(LETTER)
        assert (caught.value.ambiguous, caught.value.retryable, relay.connections) == (True, False, 1)
    assert await world.client.get_messages_count() == (1 if fault == "after" else 0)


async def test_c47_a_connection_that_ended_while_idle_is_not_used(world: World) -> None:
    with relayed(world.served.url, "end", "end") as relay:
        client = world.make(base_url=relay.url)
        for _ in range(3):
            assert (await client.deliver(LETTER)).ok
            if relay.connections < 3:
                assert await anyio.to_thread.run_sync(relay.ended.acquire, True, 10.0)
        assert relay.connections == 3
    assert await world.client.get_messages_count() == 3
