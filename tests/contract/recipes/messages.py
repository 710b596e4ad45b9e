"""Sent messages, their opens and clicks."""

from typing import Any

from tests.contract.conftest import Server
from tests.contract.recipes.bounces import bounced_message
from tests.contract.recipes.request import PAGE, UNKNOWN_NAME, UNKNOWN_UUID, Request, recipe
from tests.contract.recipes.sending import EMAIL
from tests.contract.recipes.streams import own_stream
from tests.contract.test_visits import _click as click_it
from tests.contract.test_visits import _open as open_it
from tests.server.rules.test_agents import CHROME


@recipe("GET_OUTBOUND_MESSAGES")
async def _messages(server: Server) -> Request:
    stream = await own_stream(server)
    await server.send(**EMAIL, MessageStream=stream)
    return Request(query={**PAGE, "messagestream": stream}, unknown={"messagestream": UNKNOWN_NAME})


@recipe("GET_OUTBOUND_MESSAGE", "DUMP_OUTBOUND_MESSAGE")
async def _one_message(server: Server) -> Request:
    return Request(at={"message_id": await bounced_message(server)}, unknown={"message_id": UNKNOWN_UUID})


@recipe("GET_OPENS", "GET_CLICKS")
async def _visits(server: Server) -> Request:
    stream = await own_stream(server)
    await visited_message(server, MessageStream=stream)
    return Request(query={**PAGE, "messagestream": stream}, unknown={"messagestream": UNKNOWN_NAME})


async def visited_message(server: Server, **fields: Any) -> str:
    """Send a message that is opened and whose link is followed."""
    message_id = await server.send(**{**EMAIL, "HtmlBody": f'<a href="{LINK}">Order</a>', **fields})
    await open_it(server, message_id, agent=CHROME, read_seconds=5)
    await click_it(server, message_id, LINK)
    return message_id


LINK = "https://example.com/order"


@recipe("GET_OPENS_OF_MESSAGE", "GET_CLICKS_OF_MESSAGE")
async def _visits_of_message(server: Server) -> Request:
    return Request(at={"message_id": await visited_message(server)}, query=PAGE, unknown={"message_id": UNKNOWN_UUID})
