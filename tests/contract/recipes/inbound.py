"""Received messages, and the rules that block them."""

from uuid import UUID

import sqlalchemy as sa

from carom.server.rules.inbound import FAILED
from carom.server.store import schema
from tests.contract.conftest import Server
from tests.contract.recipes.request import PAGE, UNKNOWN_NUMBER, UNKNOWN_UUID, Request, recipe
from tests.contract.test_inbound import Post


@recipe("GET_INBOUND_RULES")
async def _rules(server: Server) -> Request:
    await server.post("/triggers/inboundrules", {"Rule": "someone@example.com"})
    return Request(query=PAGE)


@recipe("CREATE_INBOUND_RULE")
async def _create_rule(server: Server) -> Request:
    return Request(body={"Rule": "someone@example.com"})


@recipe("GET_INBOUND_RULE", "DELETE_INBOUND_RULE")
async def _one_rule(server: Server) -> Request:
    made = await server.post("/triggers/inboundrules", {"Rule": "someone@example.com"})
    return Request(at={"trigger_id": made["ID"]}, unknown={"trigger_id": UNKNOWN_NUMBER})


@recipe("GET_TAG_TRIGGERS")
async def _tags(server: Server) -> Request:
    return Request(query=PAGE)


@recipe("GET_INBOUND_MESSAGES")
async def _received(server: Server) -> Request:
    await _arrival(server)
    return Request(query=PAGE)


async def _arrival(server: Server) -> str:
    """Take a mail in. What others of the store have left to do is dropped: only the mail is to be worked on."""
    await server.store.database.write(lambda connection: connection.execute(sa.delete(schema.job)))
    [message_id] = await Post(server).arrive()
    return message_id


@recipe("GET_INBOUND_MESSAGE", "DUMP_INBOUND_MESSAGE")
async def _one_received(server: Server) -> Request:
    return Request(at={"message_id": await _arrival(server)}, unknown={"message_id": UNKNOWN_UUID})


@recipe("BYPASS_INBOUND_MESSAGE")
async def _blocked(server: Server) -> Request:
    await server.post("/triggers/inboundrules", {"Rule": "example.org"})
    return Request(at={"message_id": await _arrival(server)}, unknown={"message_id": UNKNOWN_UUID})


@recipe("RETRY_INBOUND_MESSAGE")
async def _failed(server: Server) -> Request:
    message_id = await _arrival(server)
    table = schema.inbound_message
    fail = sa.update(table).where(table.c.id == UUID(message_id)).values(status=FAILED)
    await server.store.database.write(lambda connection: connection.execute(fail))
    return Request(at={"message_id": message_id}, unknown={"message_id": UNKNOWN_UUID})
