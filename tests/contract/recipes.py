"""For each endpoint, a call that succeeds: what it needs is made first, then its place, query and body are told."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from msgspec import Struct

from carom.server.pipeline.jobs import Bounced, Settle
from carom.server.pipeline.stages.settle import settle
from carom.server.rules.inbound import FAILED
from carom.server.rules.lifecycle import Event
from carom.server.store import schema, senders
from carom.taxonomy import BounceType
from carom.wire._kinds import is_object
from carom.wire.endpoints import ENDPOINTS
from tests.contract.conftest import Server
from tests.contract.test_inbound import Post
from tests.contract.test_visits import _click as click_it
from tests.contract.test_visits import _open as open_it
from tests.server.rules.test_agents import CHROME
from tests.store.sending import recipient_ids
from tests.stores import NOW

UNKNOWN_NUMBER = 2**53 - 1
UNKNOWN_UUID = "00000000-0000-4000-8000-000000000000"
UNKNOWN_NAME = "nowhere"


class Request(Struct, frozen=True):
    """A call. ``unknown`` tells, for each thing of the caller's own that the call names, what names nothing: in the
    path by the place's name, in the query or body by the field's."""

    at: dict[str, Any] = {}
    query: dict[str, Any] = {}
    body: Any = None
    unknown: dict[str, Any] = {}

    def of_nothing(self) -> "Request":
        """Return the same call, of things that are not there."""
        return Request(
            self._put_into(self.at), self._put_into(self.query), self._put_into(self.body), unknown=self.unknown
        )

    def _put_into(self, values: Any) -> Any:
        if not is_object(values):
            return values
        return {name: self.unknown.get(name, value) for name, value in values.items()}

    def named(self, field: str) -> Any:
        """Return what the call names in a place or field."""
        body: dict[str, Any] = self.body if is_object(self.body) else {}
        return {**self.at, **self.query, **body}[field]


Recipe = Callable[[Server], Awaitable[Request]]

RECIPES: dict[str, Recipe] = {}


def recipe(*names: str) -> Callable[[Recipe], Recipe]:
    """Register the recipe of endpoints."""

    def register(made: Recipe) -> Recipe:
        RECIPES.update(dict.fromkeys(names, made))
        return made

    return register


PAGE = {"count": 50, "offset": 0}
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


async def _message(server: Server, kind: BounceType = BounceType.HARD_BOUNCE, **fields: str) -> str:
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
    await _message(server)
    number: int = (await server.get("/bounces?count=1&offset=0"))["Bounces"][0]["ID"]
    return number


async def _templates(server: Server) -> dict[str, Any]:
    """Make a layout and a template in it, and return what the latter's creation answered."""
    layout = {"Name": "Layout", "Alias": "my-layout", "TemplateType": "Layout", "HtmlBody": "<p>{{{@content}}}</p>"}
    await server.post("/templates", layout)
    made: dict[str, Any] = await server.post("/templates", TEMPLATE)
    return made


TEMPLATE = {
    "Name": "Onboarding Email",
    "Alias": "welcome-v1",
    "Subject": "Hi, {{Name}}",
    "HtmlBody": "Hello {{Name}}",
    "LayoutTemplate": "my-layout",
}


async def _stream(server: Server) -> str:
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


@recipe("SEND_EMAIL")
async def _send(server: Server) -> Request:
    return Request(body={**EMAIL, "MessageStream": await _stream(server)}, unknown={"MessageStream": UNKNOWN_NAME})


@recipe("SEND_BATCH")
async def _send_batch(server: Server) -> Request:
    await server.post("/message-streams/outbound/suppressions", {"Suppressions": [{"EmailAddress": "a@example.com"}]})
    return Request(body=[EMAIL, {**EMAIL, "To": "a@example.com"}])


@recipe("SEND_WITH_TEMPLATE")
async def _send_with_template(server: Server) -> Request:
    made = await _templates(server)
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
    made = _templated(await _templates(server))
    unknown = {**made, "TemplateId": None, "TemplateAlias": UNKNOWN_NAME}
    return Request(
        body={"Messages": [made, unknown]}, unknown={"Messages": [{**made, "TemplateId": UNKNOWN_NUMBER}, unknown]}
    )


BULK = {
    "From": "joe@example.org",
    "Subject": "Hi {{name}}",
    "TextBody": "Dear {{name}}",
    "MessageStream": "broadcast",
    "Messages": [{"To": "ann@example.com", "TemplateModel": {"name": "Ann"}}, {"To": "bob@example.com"}],
}


@recipe("SEND_BULK")
async def _send_bulk(server: Server) -> Request:
    stream = {"ID": "newsletter", "Name": "News", "MessageStreamType": "Broadcasts"}
    await server.post("/message-streams", stream)
    return Request(body={**BULK, "MessageStream": "newsletter"}, unknown={"MessageStream": UNKNOWN_NAME})


@recipe("GET_BULK")
async def _one_bulk(server: Server) -> Request:
    made = await server.post("/email/bulk", BULK)
    return Request(at={"bulk_request_id": made["Id"]}, unknown={"bulk_request_id": UNKNOWN_UUID})


@recipe("GET_BULKS")
async def _bulks(server: Server) -> Request:
    await server.post("/email/bulk", BULK)
    await server.post("/email/bulk", BULK)
    return Request(query={"count": 1})


@recipe("GET_DELIVERY_STATS")
async def _after_a_bounce(server: Server) -> Request:
    await _message(server)
    return Request()


@recipe("GET_BOUNCES")
async def _bounces(server: Server) -> Request:
    return Request(query={**PAGE, "messageID": await _message(server)}, unknown={"messageID": UNKNOWN_UUID})


@recipe("GET_BOUNCE_TAGS", "GET_SERVER")
async def _nothing(server: Server) -> Request:
    return Request()


@recipe("GET_BOUNCE", "DUMP_BOUNCE", "ACTIVATE_BOUNCE")
async def _one_bounce(server: Server) -> Request:
    return Request(at={"bounce_id": await _bounce(server)}, unknown={"bounce_id": UNKNOWN_NUMBER})


@recipe("GET_TEMPLATES")
async def _templates_in_layout(server: Server) -> Request:
    await _templates(server)
    return Request(query={**PAGE, "LayoutTemplate": "my-layout"}, unknown={"LayoutTemplate": UNKNOWN_NAME})


@recipe("CREATE_TEMPLATE")
async def _create_template(server: Server) -> Request:
    await _templates(server)
    return Request(body={**TEMPLATE, "Alias": "another"}, unknown={"LayoutTemplate": UNKNOWN_NAME})


@recipe("VALIDATE_TEMPLATE")
async def _validate(server: Server) -> Request:
    await _templates(server)
    body = {"Subject": "{{subjectHeadline}}", "HtmlBody": "{{address}} {{name}}", "LayoutTemplate": "my-layout"}
    return Request(body=body, unknown={"LayoutTemplate": UNKNOWN_NAME})


@recipe("GET_TEMPLATE", "DELETE_TEMPLATE")
async def _one_template(server: Server) -> Request:
    made = await _templates(server)
    return Request(at={"id_or_alias": made["TemplateId"]}, unknown={"id_or_alias": UNKNOWN_NUMBER})


@recipe("UPDATE_TEMPLATE")
async def _update_template(server: Server) -> Request:
    made = await _templates(server)
    return Request(
        at={"id_or_alias": made["TemplateId"]}, body={"Name": "New"}, unknown={"id_or_alias": UNKNOWN_NUMBER}
    )


@recipe("GET_MESSAGE_STREAMS")
async def _streams(server: Server) -> Request:
    await _stream(server)
    return Request()


@recipe("CREATE_MESSAGE_STREAM")
async def _create_stream(server: Server) -> Request:
    return Request(body=STREAM)


@recipe("GET_MESSAGE_STREAM", "ARCHIVE_MESSAGE_STREAM")
async def _one_stream(server: Server) -> Request:
    return Request(at={"stream_id": await _stream(server)}, unknown={"stream_id": UNKNOWN_NAME})


@recipe("UPDATE_MESSAGE_STREAM")
async def _update_stream(server: Server) -> Request:
    return Request(
        at={"stream_id": await _stream(server)}, body={"Name": "Updated"}, unknown={"stream_id": UNKNOWN_NAME}
    )


@recipe("UNARCHIVE_MESSAGE_STREAM")
async def _unarchive(server: Server) -> Request:
    stream = await _stream(server)
    await server.post(f"/message-streams/{stream}/archive")
    return Request(at={"stream_id": stream}, unknown={"stream_id": UNKNOWN_NAME})


@recipe("DUMP_SUPPRESSIONS")
async def _dump_suppressions(server: Server) -> Request:
    stream = await _stream(server)
    await server.post(f"/message-streams/{stream}/suppressions", {"Suppressions": [{"EmailAddress": "a@example.com"}]})
    return Request(at={"stream_id": stream}, unknown={"stream_id": UNKNOWN_NAME})


@recipe("CREATE_SUPPRESSIONS", "DELETE_SUPPRESSIONS")
async def _suppress(server: Server) -> Request:
    body = {"Suppressions": [{"EmailAddress": "good.address@example.com"}, {"EmailAddress": "invalid-email-address"}]}
    return Request(at={"stream_id": await _stream(server)}, body=body, unknown={"stream_id": UNKNOWN_NAME})


@recipe("GET_OUTBOUND_MESSAGES")
async def _messages(server: Server) -> Request:
    stream = await _stream(server)
    await server.send(**EMAIL, MessageStream=stream)
    return Request(query={**PAGE, "messagestream": stream}, unknown={"messagestream": UNKNOWN_NAME})


@recipe("GET_OUTBOUND_MESSAGE", "DUMP_OUTBOUND_MESSAGE")
async def _one_message(server: Server) -> Request:
    return Request(at={"message_id": await _message(server)}, unknown={"message_id": UNKNOWN_UUID})


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


COUNTED = (
    BounceType.HARD_BOUNCE,
    BounceType.SOFT_BOUNCE,
    BounceType.TRANSIENT,
    BounceType.SMTP_API_ERROR,
    BounceType.SPAM_COMPLAINT,
)


@recipe(*(name for name, one in ENDPOINTS.items() if one.path.startswith("/stats/")))
async def _stats(server: Server) -> Request:
    stream = await _stream(server)
    for kind in COUNTED:
        await _message(server, kind, To=f"{kind.value}@example.com", MessageStream=stream)
    await _visited(server, MessageStream=stream)
    return Request(query={"messagestream": stream}, unknown={"messagestream": UNKNOWN_NAME})


@recipe("UPDATE_SERVER")
async def _update_server(server: Server) -> Request:
    return Request(body={"TrackOpens": True})


HOOK = {
    "Url": "https://www.example.com/hook",
    "HttpAuth": {"Username": "user", "Password": "pass"},
    "HttpHeaders": [{"Name": "name", "Value": "value"}],
    "Triggers": {"Open": {"Enabled": True}},
}


@recipe("GET_WEBHOOKS")
async def _webhooks(server: Server) -> Request:
    stream = await _stream(server)
    await server.post("/webhooks", {**HOOK, "MessageStream": stream})
    return Request(query={"MessageStream": stream}, unknown={"MessageStream": UNKNOWN_NAME})


@recipe("CREATE_WEBHOOK")
async def _create_webhook(server: Server) -> Request:
    return Request(body={**HOOK, "MessageStream": await _stream(server)}, unknown={"MessageStream": UNKNOWN_NAME})


@recipe("GET_WEBHOOK", "DELETE_WEBHOOK")
async def _one_webhook(server: Server) -> Request:
    made = await server.post("/webhooks", HOOK)
    return Request(at={"webhook_id": made["ID"]}, unknown={"webhook_id": UNKNOWN_NUMBER})


@recipe("GET_WEBHOOK_STATISTICS")
async def _webhook_statistics(server: Server) -> Request:
    return await _one_webhook(server)


@recipe("VERIFY_WEBHOOK")
async def _verify_webhook(server: Server) -> Request:
    made = await server.post("/webhooks", {**HOOK, "Url": "http://127.0.0.1:9/nobody-listens"})
    return Request(at={"webhook_id": made["ID"]}, unknown={"webhook_id": UNKNOWN_NUMBER})


@recipe("UPDATE_WEBHOOK")
async def _update_webhook(server: Server) -> Request:
    made = await server.post("/webhooks", HOOK)
    return Request(
        at={"webhook_id": made["ID"]},
        body={"Url": "https://example.com/new"},
        unknown={"webhook_id": UNKNOWN_NUMBER},
    )


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


@recipe("GET_OPENS", "GET_CLICKS")
async def _visits(server: Server) -> Request:
    stream = await _stream(server)
    await _visited(server, MessageStream=stream)
    return Request(query={**PAGE, "messagestream": stream}, unknown={"messagestream": UNKNOWN_NAME})


async def _visited(server: Server, **fields: Any) -> str:
    """Send a message that is opened and whose link is followed."""
    message_id = await server.send(**{**EMAIL, "HtmlBody": f'<a href="{LINK}">Order</a>', **fields})
    await open_it(server, message_id, agent=CHROME, read_seconds=5)
    await click_it(server, message_id, LINK)
    return message_id


LINK = "https://example.com/order"


@recipe("GET_OPENS_OF_MESSAGE", "GET_CLICKS_OF_MESSAGE")
async def _visits_of_message(server: Server) -> Request:
    return Request(at={"message_id": await _visited(server)}, query=PAGE, unknown={"message_id": UNKNOWN_UUID})


async def _account(server: Server, method: str, path: str, body: Any = None) -> Any:
    return (await server.account(method, path, body)).ok


async def _domain(server: Server) -> int:
    """Add a domain. Its name is the server's own, as a domain belongs to one account."""
    number: int = (await _account(server, "POST", "/domains", _new_domain(server)))["ID"]
    return number


def _new_domain(server: Server) -> dict[str, str]:
    name = f"d{server.store.tenant.server_id}.example.com"
    return {"Name": name, "ReturnPathDomain": f"pm.{name}"}


@recipe("GET_DOMAINS")
async def _domains(server: Server) -> Request:
    await _domain(server)
    return Request(query=PAGE)


@recipe("CREATE_DOMAIN")
async def _create_domain(server: Server) -> Request:
    return Request(body=_new_domain(server))


@recipe(
    "GET_DOMAIN",
    "DELETE_DOMAIN",
    "VERIFY_DOMAIN_DKIM",
    "VERIFY_DOMAIN_RETURN_PATH",
    "VERIFY_DOMAIN_SPF",
    "VERIFY_DOMAIN_CUSTOM_TRACKING",
)
async def _one_domain(server: Server) -> Request:
    return Request(at={"domain_id": await _domain(server)}, unknown={"domain_id": UNKNOWN_NUMBER})


@recipe("UPDATE_DOMAIN")
async def _update_domain(server: Server) -> Request:
    body = {"ReturnPathDomain": ""}
    return Request(at={"domain_id": await _domain(server)}, body=body, unknown={"domain_id": UNKNOWN_NUMBER})


@recipe("ROTATE_DOMAIN_DKIM")
async def _rotate(server: Server) -> Request:
    """A domain that was allowed by hand has no key that waits to be seen."""
    tenant = server.store.tenant
    await server.store.database.write(senders.allow, tenant.account_id, _new_domain(server)["Name"], NOW)
    page = await _account(server, "GET", "/domains?count=1&offset=0")
    return Request(at={"domain_id": page["Domains"][0]["ID"]}, unknown={"domain_id": UNKNOWN_NUMBER})


async def _sender(server: Server) -> int:
    number: int = (await _account(server, "POST", "/senders", NEW_SENDER))["ID"]
    return number


NEW_SENDER = {"FromEmail": "joe@example.org", "Name": "Joe", "ConfirmationPersonalNote": "It is me."}


@recipe("GET_SENDERS")
async def _senders(server: Server) -> Request:
    await _sender(server)
    return Request(query=PAGE)


@recipe("CREATE_SENDER")
async def _create_sender(server: Server) -> Request:
    return Request(body=NEW_SENDER)


@recipe("GET_SENDER", "DELETE_SENDER", "RESEND_SENDER_CONFIRMATION", "VERIFY_SENDER_SPF")
async def _one_sender(server: Server) -> Request:
    return Request(at={"sender_id": await _sender(server)}, unknown={"sender_id": UNKNOWN_NUMBER})


@recipe("UPDATE_SENDER")
async def _update_sender(server: Server) -> Request:
    body = {"Name": "Joseph"}
    return Request(at={"sender_id": await _sender(server)}, body=body, unknown={"sender_id": UNKNOWN_NUMBER})


@recipe("REQUEST_NEW_SENDER_DKIM")
async def _renew(server: Server) -> Request:
    """The domain of a sender that was allowed by hand has no key that waits to be seen."""
    await server.store.database.write(senders.allow, server.store.tenant.account_id, NEW_SENDER["FromEmail"], NOW)
    page = await _account(server, "GET", "/senders?count=1&offset=0")
    return Request(at={"sender_id": page["SenderSignatures"][0]["ID"]}, unknown={"sender_id": UNKNOWN_NUMBER})


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


@recipe("VERIFY_WEBHOOK", "GET_WEBHOOK_STATISTICS")
async def _hook_that_does_not_answer(server: Server) -> Request:
    made = await server.post("/webhooks", {**HOOK, "Url": "http://127.0.0.1:1/"})
    return Request(at={"webhook_id": made["ID"]}, unknown={"webhook_id": UNKNOWN_NUMBER})


@recipe("GET_SERVERS")
async def _servers(server: Server) -> Request:
    return Request(query=PAGE)


@recipe("CREATE_SERVER")
async def _create_server(server: Server) -> Request:
    return Request(body={"Name": "Staging Testing", "Color": "red"})


@recipe("GET_SERVER_BY_ID", "DELETE_SERVER")
async def _one_server(server: Server) -> Request:
    return Request(at={"server_id": await _server_id(server)}, unknown={"server_id": UNKNOWN_NUMBER})


async def _server_id(server: Server) -> int:
    number: int = (await server.get("/server"))["ID"]
    return number


@recipe("UPDATE_SERVER_BY_ID")
async def _update_one_server(server: Server) -> Request:
    body = {"Color": "blue"}
    return Request(at={"server_id": await _server_id(server)}, body=body, unknown={"server_id": UNKNOWN_NUMBER})


NO_SUCCESS = dict.fromkeys(
    ("CREATE_TAG_TRIGGER", "GET_TAG_TRIGGER", "UPDATE_TAG_TRIGGER", "DELETE_TAG_TRIGGER"),
    "tag triggers are retired: none can be made, so none can be shown, changed or removed",
)
"""Why an endpoint has no recipe."""
