"""Sending, one by one, in batches and in bulk."""

from typing import Any

from tests.contract.conftest import Server
from tests.contract.recipes.request import UNKNOWN_NAME, UNKNOWN_NUMBER, UNKNOWN_UUID, Request, recipe
from tests.contract.recipes.streams import STREAM, own_stream
from tests.contract.recipes.templates import template_in_layout

EMAIL: dict[str, Any] = {
    "From": '"Joe" <joe@example.org>',
    "To": "john.doe@example.com",
    "Subject": "Parts Order",
    "Tag": "Invitation",
    "TextBody": "Thank you",
    "HtmlBody": "<p>Thank you</p>",
    "TrackOpens": True,
    "Metadata": {"color": "blue"},
    "Attachments": [{"Name": "myimage.png", "Content": "aGk=", "ContentType": "image/png"}],
}


@recipe("SEND_EMAIL")
async def _send(server: Server) -> Request:
    return Request(body={**EMAIL, "MessageStream": await own_stream(server)}, unknown={"MessageStream": UNKNOWN_NAME})


@recipe("SEND_BATCH")
async def _send_batch(server: Server) -> Request:
    await server.post("/message-streams/outbound/suppressions", {"Suppressions": [{"EmailAddress": "a@example.com"}]})
    return Request(body=[EMAIL, {**EMAIL, "To": "a@example.com"}])


@recipe("SEND_WITH_TEMPLATE")
async def _send_with_template(server: Server) -> Request:
    made = await template_in_layout(server)
    return Request(body=_templated(made), unknown={"TemplateId": UNKNOWN_NUMBER})


def _templated(made: dict[str, Any]) -> dict[str, Any]:
    return {
        "From": EMAIL["From"],
        "To": EMAIL["To"],
        "TemplateId": made["TemplateId"],
        "TemplateModel": {"Name": "Ann"},
    }


@recipe("SEND_BATCH_WITH_TEMPLATES")
async def _send_batch_with_templates(server: Server) -> Request:
    made = _templated(await template_in_layout(server))
    unknown = {**made, "TemplateId": None, "TemplateAlias": UNKNOWN_NAME}
    return Request(
        body={"Messages": [made, unknown]}, unknown={"Messages": [{**made, "TemplateId": UNKNOWN_NUMBER}, unknown]}
    )


BULK = {
    "From": EMAIL["From"],
    "Subject": "Hello {{FirstName}}",
    "TextBody": "Hello",
    "Messages": [{"To": "ann@example.com", "TemplateModel": {"FirstName": "Ann"}}, {"To": "bob@example.com"}],
}


@recipe("SEND_BULK")
async def _send_bulk(server: Server) -> Request:
    news = {**STREAM, "ID": "news", "MessageStreamType": "Broadcasts", "SubscriptionManagementConfiguration": None}
    await server.post("/message-streams", news)
    return Request(body={**BULK, "MessageStream": "news"}, unknown={"MessageStream": UNKNOWN_NAME})


@recipe("GET_BULK")
async def _one_bulk(server: Server) -> Request:
    made = await server.post("/email/bulk", BULK)
    return Request(at={"bulk_request_id": made["ID"]}, unknown={"bulk_request_id": UNKNOWN_UUID})


@recipe("GET_BULKS")
async def _bulks(server: Server) -> Request:
    for _ in range(2):
        await server.post("/email/bulk", BULK)
    return Request(query={"count": 1})
