"""Bounces."""

from uuid import UUID

from carom.server.pipeline.jobs import Bounced, Settle
from carom.server.pipeline.stages.settle import settle
from carom.server.rules.lifecycle import Event
from carom.taxonomy import BounceType
from tests.contract.conftest import Server
from tests.contract.recipes.request import PAGE, UNKNOWN_NUMBER, UNKNOWN_UUID, Request, recipe
from tests.contract.recipes.sending import EMAIL
from tests.store.sending import recipient_ids
from tests.stores import NOW


async def bounced_message(server: Server, kind: BounceType = BounceType.HARD_BOUNCE, **fields: str) -> str:
    """Send a message, have it delivered, and then bounce."""
    message_id = await server.send(**{**EMAIL, **fields})
    [recipient] = await recipient_ids(server.store, UUID(message_id))
    said = {"DeliveryMessage": "smtp;250 OK", "DestinationServer": "mx.example.com", "DestinationIP": "192.0.2.1"}
    bounced = Bounced(kind, "smtp;550 5.1.1 gone", b"Return-Path: <>\r\n\r\n", "rule", "gone", "5.1.1")
    for fact in (
        Settle(recipient, Event.ACCEPTED, NOW, said),
        Settle(recipient, Event.RETURNED, NOW, {"Summary": bounced.details}, bounced=bounced),
    ):
        await server.store.database.write(settle, fact)
    return message_id


async def _bounce(server: Server) -> int:
    await bounced_message(server)
    number: int = (await server.get("/bounces?count=1&offset=0"))["Bounces"][0]["ID"]
    return number


@recipe("GET_DELIVERY_STATS")
async def _after_a_bounce(server: Server) -> Request:
    await bounced_message(server)
    return Request()


@recipe("GET_BOUNCES")
async def _bounces(server: Server) -> Request:
    return Request(query={**PAGE, "messageID": await bounced_message(server)}, unknown={"messageID": UNKNOWN_UUID})


@recipe("GET_BOUNCE_TAGS", "GET_SERVER")
async def _nothing(server: Server) -> Request:
    return Request()


@recipe("GET_BOUNCE", "DUMP_BOUNCE", "ACTIVATE_BOUNCE")
async def _one_bounce(server: Server) -> Request:
    return Request(at={"bounce_id": await _bounce(server)}, unknown={"bounce_id": UNKNOWN_NUMBER})
