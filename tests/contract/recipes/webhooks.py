"""Webhooks."""

from tests.contract.conftest import Server
from tests.contract.recipes.request import UNKNOWN_NAME, UNKNOWN_NUMBER, Request, recipe
from tests.contract.recipes.streams import own_stream

HOOK = {
    "Url": "https://www.example.com/hook",
    "HttpAuth": {"Username": "user", "Password": "pass"},
    "HttpHeaders": [{"Name": "name", "Value": "value"}],
    "Triggers": {"Open": {"Enabled": True}},
}


@recipe("GET_WEBHOOKS")
async def _webhooks(server: Server) -> Request:
    stream = await own_stream(server)
    await server.post("/webhooks", {**HOOK, "MessageStream": stream})
    return Request(query={"MessageStream": stream}, unknown={"MessageStream": UNKNOWN_NAME})


@recipe("CREATE_WEBHOOK")
async def _create_webhook(server: Server) -> Request:
    return Request(body={**HOOK, "MessageStream": await own_stream(server)}, unknown={"MessageStream": UNKNOWN_NAME})


@recipe("GET_WEBHOOK", "DELETE_WEBHOOK")
async def _one_webhook(server: Server) -> Request:
    made = await server.post("/webhooks", HOOK)
    return Request(at={"webhook_id": made["ID"]}, unknown={"webhook_id": UNKNOWN_NUMBER})


@recipe("UPDATE_WEBHOOK")
async def _update_webhook(server: Server) -> Request:
    made = await server.post("/webhooks", HOOK)
    return Request(
        at={"webhook_id": made["ID"]},
        body={"Url": "https://example.com/new"},
        unknown={"webhook_id": UNKNOWN_NUMBER},
    )


@recipe("VERIFY_WEBHOOK", "GET_WEBHOOK_STATISTICS")
async def _hook_that_does_not_answer(server: Server) -> Request:
    made = await server.post("/webhooks", {**HOOK, "Url": "http://127.0.0.1:1/"})
    return Request(at={"webhook_id": made["ID"]}, unknown={"webhook_id": UNKNOWN_NUMBER})
