"""Every row of the error table, caused through HTTP with its code, status and text, or with the reason why no client can
cause it."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, OperationalError

from carom.server.rules import streams as stream_rules
from carom.server.store import senders, servers, webhooks
from carom.server.store.database import Database
from carom.taxonomy import BounceType
from carom.wire.errors import ERRORS
from carom.wire.unanswered import UNANSWERED
from tests.contract.conftest import Answer, Server
from tests.contract.recipes.bounces import bounced_message
from tests.contract.walking import account, anyio_backend, database
from tests.stores import NOW

__all__ = ["anyio_backend", "database"]

pytestmark = pytest.mark.anyio

Cause = Callable[[Server], Awaitable[Answer]]

EMAIL: dict[str, Any] = {"From": "me@example.com", "To": "ann@example.org", "Subject": "Hi", "TextBody": "Hello"}
HOOK = {"Url": "https://example.com/hook"}
STREAM = {"ID": "news", "Name": "News", "MessageStreamType": "Broadcasts"}
TEMPLATE = {"Name": "T", "Alias": "t", "Subject": "S", "TextBody": "T"}
LAYOUT = {"Name": "L", "Alias": "l", "TemplateType": "Layout", "TextBody": "{{{@content}}}"}
BULK = {"From": "me@example.com", "TextBody": "x", "Messages": [{"To": "ann@example.org"}]}


def call(method: str, path: str, body: object = None, **options: Any) -> Cause:
    """A call that is refused on a fresh server."""

    async def cause(server: Server) -> Answer:
        return await server.call(method, path, body, **options)

    return cause


def post(path: str, body: dict[str, Any], **change: Any) -> Cause:
    return call("POST", path, {**body, **change})


def after(*steps: tuple[str, str, object], then: Cause) -> Cause:
    """A call that is refused after others that are not."""

    async def cause(server: Server) -> Answer:
        for method, path, body in steps:
            assert (await server.call(method, path, body)).ok is not None
        return await then(server)

    return cause


async def _broken_store(server: Server, error: Exception) -> Answer:
    def fail(*_: object, **__: object) -> None:
        raise error

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(webhooks, "all_of", fail)
        return await server.call("GET", "/webhooks")


async def _no_store(server: Server) -> Answer:
    return await _broken_store(server, OperationalError("SELECT", {}, Exception("disk I/O error")))


async def _broken_constraint(server: Server) -> Answer:
    return await _broken_store(server, IntegrityError("INSERT", {}, Exception("UNIQUE constraint failed")))


def _strict(then: Cause, *, unconfirmed: bool = False) -> Cause:
    async def cause(server: Server) -> Answer:
        server.change_settings(replace(server.settings, strict=True))
        if unconfirmed:
            await server.store.database.write(_add_unconfirmed, server.store.tenant.account_id)
        return await then(server)

    return cause


def _add_unconfirmed(connection: sa.Connection, account_id: int) -> None:
    senders.allow(connection, account_id, "me@example.com", NOW)
    connection.execute(sa.text("UPDATE sender SET confirmed_at = NULL"))


async def _complaint(server: Server) -> Answer:
    await bounced_message(server, BounceType.SPAM_COMPLAINT)
    [bounce] = (await server.get("/bounces?count=1&offset=0"))["Bounces"]
    return await server.call("PUT", f"/bounces/{bounce['ID']}/activate")


async def _many_templates(server: Server) -> Answer:
    for number in range(100):
        await server.post("/templates", {**TEMPLATE, "Alias": f"t{number}"})
    return await server.call("POST", "/templates", {**TEMPLATE, "Alias": "last"})


async def _many_streams(server: Server) -> Answer:
    for number in range(stream_rules.MAX_STREAMS - 3):
        await server.post("/message-streams", {**STREAM, "ID": f"s{number}"})
    return await server.call("POST", "/message-streams", STREAM)


async def _many_hooks(server: Server) -> Answer:
    for _ in range(10):
        await server.post("/webhooks", HOOK)
    return await server.call("POST", "/webhooks", HOOK)


async def _purged(server: Server) -> Answer:
    await server.post("/message-streams", STREAM)
    await server.post("/message-streams/news/archive")
    server.now += timedelta(days=46)
    return await server.call("POST", "/message-streams/news/unarchive")


def _add_server(connection: sa.Connection, server: Server, account_id: int, name: str, token: str) -> None:
    servers.create(connection, server.store.keyring, account_id, name, token=token, now=NOW)


async def _taken_name(server: Server) -> Answer:
    await server.store.database.write(_add_server, server, server.store.tenant.account_id, "Other", str(uuid4()))
    return await server.call("PUT", "/server", {"Name": "Other"})


async def _taken_domain(server: Server) -> Answer:
    token, tenant = str(uuid4()), server.store.tenant
    await server.store.database.write(_add_server, server, tenant.account_id, "Third", token)
    taken = await server.call("PUT", "/server", {"InboundDomain": "in.example.com"}, token=token)
    assert taken.status == 200
    return await server.call("PUT", "/server", {"InboundDomain": "IN.example.com"})


async def _moved_hook(server: Server) -> Answer:
    made = await server.post("/webhooks", HOOK)
    return await server.call("PUT", f"/webhooks/{made['ID']}", {"MessageStream": "broadcast"})


async def test_an_inactive_recipient_in_a_batch_is_told_in_words_of_its_own(database: Database) -> None:
    """Bare addresses in lower case, and a space at the end; the other messages are sent."""
    server = await account(database)
    for email in ("ann@example.org", "bob@example.org"):
        await server.post(SUPPRESSIONS, {"Suppressions": [{"EmailAddress": email}]})
    both = {**EMAIL, "To": "Ann <ANN@example.org>, bob@example.org"}
    refused, sent = await server.post("/email/batch", [both, {**EMAIL, "To": "carl@example.org"}])
    assert refused["Message"] == (
        "You tried to send to a recipient that has been marked as inactive. Found inactive addresses: ann@example.org, "
        "bob@example.org. Inactive recipients are ones that have generated a hard bounce, a spam complaint, or a manual "
        "suppression. "
    )
    assert (refused["ErrorCode"], sent["ErrorCode"]) == (406, 0)


@pytest.mark.parametrize("name", ["a.EXE", "exe", "a.txt.exe", "a.exe ", "a.exe.", "a.exe. .", "é.scr\t"])
async def test_files_that_run_are_refused_by_their_names(database: Database, name: str) -> None:
    """As Windows would read them."""
    file = {"Name": name, "Content": "YQ==", "ContentType": "text/plain"}
    server = await account(database)
    assert (await server.call("POST", "/email", {**EMAIL, "Attachments": [file]})).code == (422, 411)
    assert await server.send(Attachments=[{**file, "Name": "a.exe.txt"}])


async def _no_model(server: Server) -> Answer:
    await server.post("/templates", TEMPLATE)
    return await server.call("POST", "/email/withTemplate", {"From": "a@b.co", "To": "c@d.co", "TemplateAlias": "t"})


async def _key_used_again(server: Server) -> Answer:
    assert (await server.call("POST", "/email", EMAIL, key="k")).status == 200
    return await server.call("POST", "/email", {**EMAIL, "Subject": "Other"}, key="k")


SUPPRESSIONS = "/message-streams/outbound/suppressions"
SUPPRESSED = ("POST", SUPPRESSIONS, {"Suppressions": [{"EmailAddress": "Ann@example.org"}]})

CAUSES: dict[int, tuple[Cause, str]] = {
    10: (call("GET", "/server", token="x"), "Request does not contain a valid Server token."),
    11: (post("/email/bulk", BULK, From="x", Tag="t" * 1001), "Several fields of the request are invalid."),
    12: (call("GET", "/email/bulk/7"), "The bulk request with the ID 7 was not found."),
    13: (call("GET", "/email/bulk?paginationKey=x"), "The pagination key 'x' is not valid."),
    100: (_no_store, "The API is temporarily unavailable: the store cannot be written or read. Please try again."),
    101: (_broken_constraint, r"An unexpected error occurred; it is logged under the id [0-9a-f-]{36}."),
    300: (
        post("/email", EMAIL, To="x"),
        "Error parsing 'To': Illegal email address 'x'. It must contain the '@' symbol.",
    ),
    400: (
        _strict(post("/email", EMAIL, From="Me <me@example.com>")),
        "The 'From' address you supplied (me@example.com) is not a Sender Signature on your account. Please add and "
        "confirm this address in order to be able to use it in the 'From' field of your messages.",
    ),
    401: (
        _strict(post("/email", EMAIL), unconfirmed=True),
        "The Sender Signature for the 'From' address you supplied (me@example.com) is not confirmed. Please confirm it "
        "in order to be able to send with it.",
    ),
    402: (call("POST", "/email"), r"Invalid JSON: .+"),
    403: (post("/email", EMAIL, Tag=["a"], Metadata=7), "Invalid request field(s): 'Tag', 'Metadata'."),
    404: (call("GET", "/nowhere"), "No such path: /nowhere."),
    405: (call("DELETE", "/email", token=None), "The DELETE method is not allowed on /email."),
    406: (
        after(SUPPRESSED, then=post("/email", EMAIL, To="Ann <ANN@example.org>")),
        "You tried to send to recipient(s) that have been marked as inactive. Found inactive addresses: "
        "ann@example.org. Inactive recipients are ones that have generated a hard bounce, a spam complaint, or a manual "
        "suppression.",
    ),
    409: (
        call("POST", "/email", EMAIL, content_type="application/x-www-form-urlencoded"),
        "Content-Type and Accept headers must be set to application/json, text/json, or text/x-json.",
    ),
    410: (
        call("POST", "/email/batch", [EMAIL] * 501),
        "You may only send up to 500 messages in a single batched request.",
    ),
    411: (
        post("/email", EMAIL, Attachments=[{"Name": "a.EXE", "Content": "YQ==", "ContentType": "x/y"}]),
        "The attachment 'a.EXE' has a file type that is not allowed (exe).",
    ),
    413: (
        post("/webhooks", HOOK, HttpHeaders="x" * 1_000_001),
        "The request is larger than the 1 MB that this endpoint takes.",
    ),
    602: (_taken_domain, "The inbound domain 'IN.example.com' is already used by another server."),
    603: (_taken_name, "A server with the name 'Other' exists already."),
    606: (call("PUT", "/server", {"BounceHookUrl": "x"}), r"'BounceHookUrl' is not valid: 'x' is no URL.+"),
    607: (call("PUT", "/server", {"Color": "pink"}), r"The color 'pink' is none of purple, .+"),
    608: (call("PUT", "/server", {"Name": " "}), "The server's 'Name' is missing."),
    609: (call("PUT", "/server", {}), "No server data was received."),
    611: (call("PUT", "/server", {"InboundSpamThreshold": 31}), "'InboundSpamThreshold' is 31; it must be 0 to 30."),
    612: (call("PUT", "/server", {"TrackLinks": "x"}), r"'TrackLinks' is 'x'; it must be one of None, .+"),
    615: (call("GET", "/triggers/tags/1"), "Tag triggers are retired: track opens for each message or for the server."),
    700: (call("GET", "/messages/outbound?count=-1&offset=0"), "'count' is -1; it must be 0 to 500."),
    701: (call("GET", "/messages/outbound/123/details"), "This message was not found."),
    800: (call("GET", "/triggers/inboundrules"), "The query needs 'count' and 'offset'."),
    809: (post("/triggers/inboundrules", {}), "No trigger data was received: 'Rule' is missing."),
    810: (
        after(
            ("POST", "/triggers/inboundrules", {"Rule": "example.org"}),
            then=post("/triggers/inboundrules", {"Rule": "Example.org"}),
        ),
        "An inbound rule for 'Example.org' exists already.",
    ),
    812: (call("DELETE", "/triggers/inboundrules/7"), "This inbound rule was not found."),
    813: (post("/triggers/inboundrules", {"Rule": "x"}), "The rule 'x' is neither an email address nor a domain."),
    900: (call("GET", "/stats/outbound?fromdate=x"), r"'fromdate' is no date: 'x'\. .+"),
    1000: (call("GET", "/bounces?count=1&offset=0&type=x"), r".*x.*"),
    1001: (call("GET", "/bounces/7"), "The bounce with the ID 7 was not found."),
    1002: (call("GET", "/bounces/x"), "A bounce ID is missing or is not a number."),
    1003: (_complaint, "Due to the type of bounce, this address cannot be reactivated."),
    1100: (call("GET", "/templates?count=1"), "The query needs 'offset'."),
    1101: (
        call("GET", "/templates/7"),
        "The 'TemplateId' associated with this request is not valid or was not found.",
    ),
    1105: (_many_templates, "A server may have up to 100 templates; this would be more."),
    1109: (post("/templates", {}), "The request has no template data."),
    1120: (_no_model, "The required field 'TemplateModel' is missing or empty."),
    1121: (post("/templates", TEMPLATE, Name="n" * 100_000), r"The field 'Name' is longer than \d+ characters."),
    1122: (post("/templates", TEMPLATE, Alias="1"), r".+"),
    1123: (post("/templates", LAYOUT, Subject="S"), r".+Subject.+"),
    1130: (
        after(
            ("POST", "/templates", LAYOUT),
            ("POST", "/templates", {**TEMPLATE, "LayoutTemplate": "l"}),
            then=call("DELETE", "/templates/l"),
        ),
        "The layout cannot be removed: 1 template(s) still use it.",
    ),
    1131: (
        post("/templates", LAYOUT, TextBody="x"),
        "The layout content placeholder must be present exactly once in 'TextBody', and is 0 times.",
    ),
    1221: (
        post("/message-streams", STREAM, MessageStreamType="x"),
        "The 'MessageStreamType' provided ('x') is none of Transactional, Broadcasts and Inbound.",
    ),
    1222: (post("/message-streams", STREAM, ID=None), "An 'ID' is required for the message stream."),
    1223: (post("/message-streams", STREAM, Name=""), "A 'Name' is required for the message stream."),
    1224: (
        post("/message-streams", STREAM, Name="n" * 10_000),
        r"The 'Name' of a message stream must not be longer than \d+ characters.",
    ),
    1225: (_many_streams, "A server may have up to 10 message streams; archive one before you add another."),
    1226: (
        call("GET", "/message-streams/nowhere"),
        "The message stream for the provided 'ID' was not found.",
    ),
    1227: (post("/message-streams", STREAM, ID="1"), r"The 'ID' provided \('1'\) is not valid: .+"),
    1228: (
        post("/message-streams", STREAM, MessageStreamType="Inbound"),
        "A server has one inbound message stream; no other can be created.",
    ),
    1229: (
        call("POST", "/message-streams/outbound/archive"),
        "The default transactional and inbound message streams cannot be archived.",
    ),
    1230: (
        post("/message-streams", STREAM, ID="outbound"),
        "A message stream with the 'ID' 'outbound' exists already on this server.",
    ),
    1231: (
        post("/message-streams", STREAM, Description="d" * 10_000),
        r"The 'Description' of a message stream must not be longer than \d+ characters.",
    ),
    1232: (_purged, "It is too late to unarchive this message stream: it is past its purge date."),
    1233: (post("/message-streams", STREAM, ID="pm-x"), "The 'ID' of a message stream must not begin with 'pm-'."),
    1234: (
        post("/message-streams", STREAM, Description="<b>x</b>"),
        "The 'Description' of a message stream must not contain HTML.",
    ),
    1235: (
        post("/email", EMAIL, MessageStream="unknown-stream"),
        "The stream provided: 'unknown-stream' does not exist on this server.",
    ),
    1236: (
        post("/email", EMAIL, MessageStream="inbound"),
        "The stream provided: 'inbound' is of a type that cannot send.",
    ),
    1237: (post("/message-streams", STREAM, ID="all"), "The 'ID' provided ('all') is reserved; choose another."),
    1238: (
        post("/message-streams", STREAM, SubscriptionManagementConfiguration={"unsubscribehandlingtype": "custom"}),
        "Custom unsubscribe handling is not enabled on this server.",
    ),
    1239: (
        post("/message-streams", STREAM, SubscriptionManagementConfiguration={"UnsubscribeHandlingType": "None"}),
        "The unsubscribe handling 'None' is not supported by streams of the type Broadcasts.",
    ),
    1240: (
        post("/message-streams", STREAM, SubscriptionManagementConfiguration={"UnsubscribeHandlingType": "x"}),
        "The 'UnsubscribeHandlingType' provided ('x') is none of None, Postmark and Custom.",
    ),
    1350: (
        after(
            ("POST", "/message-streams/broadcast/archive", None),
            then=post("/webhooks", HOOK, MessageStream="broadcast"),
        ),
        "The message stream of a webhook must not be archived.",
    ),
    1351: (
        post("/webhooks", HOOK, MessageStream="inbound"),
        "Webhooks are not available for inbound message streams; set the server's 'InboundHookUrl'.",
    ),
    1352: (call("GET", "/webhooks/7"), "The webhook for the provided 'ID' was not found."),
    1354: (post("/webhooks", {"Url": "x"}), r"The webhook's 'Url' is not valid: 'x' is no URL.+"),
    1355: (post("/webhooks", {}), "No webhook data was received."),
    1356: (
        post("/webhooks", HOOK, Id=7),
        "A webhook's 'ID' is given by the server; it must not be sent when one is created.",
    ),
    1357: (_moved_hook, "The 'ID' and the 'MessageStream' of a webhook cannot be changed."),
    1358: (
        post("/webhooks", HOOK, HttpHeaders=[{"Name": "a b", "Value": "c"}]),
        "The webhook's HTTP header 'a b' is not valid.",
    ),
    1359: (_many_hooks, "A message stream may have up to 10 webhooks."),
    1361: (post("/webhooks", HOOK, Triggers={"Open": 7}), "The value of the webhook's 'Triggers.Open' is not valid."),
    1363: (post("/webhooks", HOOK, Status="verified"), "The 'Status' of a webhook cannot be set; verify it."),
    1404: (
        call("GET", f"{SUPPRESSIONS}/dump?SuppressionReason=x"),
        "The 'SuppressionReason' provided ('x') is none of HardBounce, SpamComplaint and ManualSuppression.",
    ),
    1405: (
        call("GET", f"{SUPPRESSIONS}/dump?Origin=x"),
        "The 'Origin' provided ('x') is none of Recipient, Customer and Admin.",
    ),
    1409: (
        post(SUPPRESSIONS, {}),
        "No suppressions were provided: 'Suppressions' needs at least one entry.",
    ),
    1410: (
        post(SUPPRESSIONS, {"Suppressions": [{"EmailAddress": f"a{number}@example.org"} for number in range(51)]}),
        "A request may hold up to 50 suppressions.",
    ),
    1500: (call("GET", "/stats/outbound?fromdate=2020-01-01"), "'fromdate' is more than a year ago."),
    1502: (
        call("GET", "/stats/outbound?fromdate=2026-11-20&todate=2026-11-19"),
        "'fromdate' is after 'todate'.",
    ),
    1700: (_key_used_again, "The Idempotency-Key 'k' was used within 24 hours for another request."),
    1701: (call("POST", "/email", EMAIL, key="k" * 1000), r"The Idempotency-Key is not valid: .+"),
}


NO_CAUSE = {
    429: "no rate is limited",
}
"""Rows that no client can cause, and why."""

OF_ACCOUNTS = frozenset(
    code for code in ERRORS if 500 <= code <= 522 or code in {600, 601, 613, 1124, 1125} or 1300 <= code <= 1302
)
"""Rows of the calls with an account token, which have tests of their own."""


MORE = {11: ("Errors",), 406: ("InactiveRecipients",)}
"""What stands beside the code and the text."""


OF_POSTMARK = {
    *(0, 10, 11, 12, 13, 14, 100, 101, 300, 400, 401, 402, 403, 405, 406, 409, 410, 411, 412, 413, 422),
    *(500, 501, 502, 503, 504, 505, 506, 507, 508, 510, 511, 512, 513, 514, 515, 516, 520, 521, 522, 523),
    *range(600, 616), *range(700, 704), 709, 800, *range(809, 814), 900, *range(1000, 1004),
    *(1100, 1101, 1105, 1109), *range(1120, 1126), 1130, 1131, *range(1220, 1242), *range(1300, 1303),
    *range(1350, 1365), *range(1400, 1412), *range(1450, 1461), 1480, *range(1500, 1503),
}  # fmt: skip
"""Every code of Postmark's tables. https://postmarkapp.com/developer/api/overview#error-codes"""

OF_CAROM = {
    404: "no such path",
    429: "too many requests",
    1700: "an Idempotency-Key of another request",
    1701: "no Idempotency-Key",
}
"""The codes of ERRORS that Postmark has not, or not in its tables."""


def test_every_code_of_postmarks_is_answered_or_said_not_to_be() -> None:
    """Nobody has to guess whether a client can meet one."""
    acknowledged = {0}
    assert set(ERRORS).isdisjoint(UNANSWERED)
    assert set(ERRORS) | set(UNANSWERED) | acknowledged == OF_POSTMARK | set(OF_CAROM)


def test_every_row_has_a_cause_or_a_reason() -> None:
    assert set(ERRORS) == {*CAUSES, *NO_CAUSE, *OF_ACCOUNTS}
    assert set(CAUSES).isdisjoint(NO_CAUSE)


@pytest.mark.parametrize("code", CAUSES)
async def test_the_cause_is_answered_with_the_row(database: Database, code: int) -> None:
    """Code, status and text; the texts of clients' own expressions are in here word by word."""
    cause, text = CAUSES[code]
    refused = await cause(await account(database))
    assert refused.code == (ERRORS[code].status, code), refused.json
    message: str = refused.json["Message"]
    assert message == text or re.fullmatch(text, message), message
    assert list(refused.json) == ["ErrorCode", "Message", *MORE.get(code, ())]
    assert refused.headers["x-pm-apierrorcode"] == str(code)
    assert refused.headers["content-type"] == "application/json; charset=utf-8"
