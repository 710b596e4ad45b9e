# pyright: basic
"""client-api section 10: what the server posts is read by carom.webhooks, and known to be the server's."""

import pytest

from carom import webhooks
from tests.client.served.world import World
from tests.client.wire_server import serving

pytestmark = pytest.mark.anyio

EVENTS = {
    "open": webhooks.OpenEvent,
    "click": webhooks.ClickEvent,
    "delivery": webhooks.DeliveryEvent,
    "bounce": webhooks.BounceEvent,
    "spam_complaint": webhooks.SpamComplaintEvent,
    "subscription_change": webhooks.SubscriptionChangeEvent,
}


async def test_c100_c101_a_verification_posts_one_of_each(world: World) -> None:
    client = world.client
    with serving() as peer:
        made = await client.create_webhook(
            url=peer.url + "/hook",
            http_auth={"username": "u", "password": "p:w"},
            http_headers={"X-Secret": "s3cret"},
            triggers={name: {"enabled": True} for name in EVENTS},
        )
        verified = await client.verify_webhook(made.id)
        assert (verified.success, len(verified.results)) == (True, len(EVENTS))
        events = [webhooks.parse(body) for body in peer.bodies]
        assert {type(event) for event in events} == set(EVENTS.values())
        for event in events:
            assert event.recipient
            assert event.message_id
            assert event.at is not None
        for head in peer.heads:
            lines = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:] if line)
            headers = {name.lower(): value for name, value in lines.items()}
            assert webhooks.verify_basic_auth(headers["authorization"], "u", "p:w")
            assert webhooks.verify_header(headers["x-secret"], "s3cret")
