"""Streams and their suppressions."""

from tests.contract.conftest import Server
from tests.contract.recipes.request import UNKNOWN_NAME, Request, recipe


async def own_stream(server: Server) -> str:
    made = await server.post("/message-streams", STREAM)
    number: str = made["ID"]
    return number


STREAM = {
    "ID": "transactional-dev",
    "Name": "My Stream",
    "Description": "Mine",
    "MessageStreamType": "Transactional",
    "SubscriptionManagementConfiguration": {"UnsubscribeHandlingType": "None"},
}


@recipe("GET_MESSAGE_STREAMS")
async def _streams(server: Server) -> Request:
    await own_stream(server)
    return Request()


@recipe("CREATE_MESSAGE_STREAM")
async def _create_stream(server: Server) -> Request:
    return Request(body=STREAM)


@recipe("GET_MESSAGE_STREAM", "ARCHIVE_MESSAGE_STREAM")
async def _one_stream(server: Server) -> Request:
    return Request(at={"stream_id": await own_stream(server)}, unknown={"stream_id": UNKNOWN_NAME})


@recipe("UPDATE_MESSAGE_STREAM")
async def _update_stream(server: Server) -> Request:
    return Request(
        at={"stream_id": await own_stream(server)}, body={"Name": "Updated"}, unknown={"stream_id": UNKNOWN_NAME}
    )


@recipe("UNARCHIVE_MESSAGE_STREAM")
async def _unarchive(server: Server) -> Request:
    stream = await own_stream(server)
    await server.post(f"/message-streams/{stream}/archive")
    return Request(at={"stream_id": stream}, unknown={"stream_id": UNKNOWN_NAME})


@recipe("DUMP_SUPPRESSIONS")
async def _dump_suppressions(server: Server) -> Request:
    stream = await own_stream(server)
    await server.post(f"/message-streams/{stream}/suppressions", {"Suppressions": [{"EmailAddress": "a@example.com"}]})
    return Request(at={"stream_id": stream}, unknown={"stream_id": UNKNOWN_NAME})


@recipe("CREATE_SUPPRESSIONS", "DELETE_SUPPRESSIONS")
async def _suppress(server: Server) -> Request:
    body = {"Suppressions": [{"EmailAddress": "good.address@example.com"}, {"EmailAddress": "invalid-email-address"}]}
    return Request(at={"stream_id": await own_stream(server)}, body=body, unknown={"stream_id": UNKNOWN_NAME})
