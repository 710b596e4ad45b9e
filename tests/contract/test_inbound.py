"""Received messages on both databases: from the MX to the API."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from carom.server.config import Settings
from carom.server.smtp.handler import Envelope
from carom.server.smtp.mx import Homecoming
from carom.server.store import schema
from carom.wire.times import Timestamp
from tests.contract.conftest import OTHER_TOKEN, Server

pytestmark = pytest.mark.anyio

SEARCH = "/messages/inbound?count=50&offset=0"
UNKNOWN = "01940000-0000-7000-8000-000000000001"
RAW = b"""From: Bob <bob@example.org>\r
To: %s\r
Subject: Tea\r
Date: Fri, 1 Aug 2014 16:45:32 -0400\r
X-PM-Tag: shop\r
Content-Type: multipart/mixed; boundary=x\r
\r
--x\r
\r
At five?\r
--x\r
Content-Type: text/plain; name=a.txt\r
Content-Disposition: attachment; filename=a.txt\r
\r
abc\r
--x--\r
"""


class Post:
    """The MX of a server, and what its worker does with mail."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.database = server.store.database
        self.mx = Homecoming(self.database, Settings(), lambda: server.now)

    async def address(self, *, plus: str = "", token: str | None = None) -> str:
        shown = (await self.server.call("GET", "/server", token=token or "")).ok
        local, _, domain = shown["InboundAddress"].partition("@")
        return f"{local}{plus}@{domain}"

    async def arrive(self, *recipients: str, raw: bytes | None = None, token: str | None = None) -> list[str]:
        """Take a mail and return the ids of the messages that it became, in no order."""
        before = await self.ids()
        to = recipients or (await self.address(token=token),)
        for one in to:
            assert await self.mx.recipient(None, "bounce@example.org", one) is None, one
        content = RAW % ", ".join(to).encode() if raw is None else raw
        reply = await self.mx.message(Envelope("bounce@example.org", tuple(to), content, None))
        assert reply.code == 250
        await self.server.work()
        return [one for one in await self.ids() if one not in before]

    async def ids(self) -> list[str]:
        table = schema.inbound_message
        return [str(one) for one in await self.database.read(lambda c: list(c.scalars(sa.select(table.c.id))))]


@pytest.fixture
def post(server: Server) -> Post:
    return Post(server)


async def test_a_mail_becomes_a_message_that_is_listed_shown_and_dumped(server: Server, post: Post) -> None:
    """Lists have all but bodies and headers; files come without their content."""
    to = await post.address(plus="+Order17")
    [message_id] = await post.arrive(to)
    page = await server.get(SEARCH)
    full = {"Email": to, "Name": "", "MailboxHash": "Order17"}
    listed = {
        "From": "bob@example.org",
        "FromName": "Bob",
        "FromFull": {"Email": "bob@example.org", "Name": "Bob", "MailboxHash": ""},
        "To": to,
        "ToFull": [full],
        "Cc": "",
        "CcFull": [],
        "Bcc": "",
        "BccFull": [],
        "ReplyTo": "",
        "OriginalRecipient": to,
        "Subject": "Tea",
        "Date": "Fri, 1 Aug 2014 16:45:32 -0400",
        "MailboxHash": "Order17",
        "Tag": "shop",
        "Attachments": [{"Name": "a.txt", "ContentType": "text/plain", "ContentLength": 3, "ContentID": ""}],
        "MessageID": message_id,
        "MessageStream": "inbound",
        "Status": "Processed",
    }
    assert page == {"TotalCount": 1, "InboundMessages": [listed]}
    shown = await server.get(f"/messages/inbound/{message_id}/details")
    assert shown == {
        **listed,
        "TextBody": "At five?",
        "HtmlBody": "",
        "StrippedTextReply": "",
        "Headers": [
            {"Name": "Return-Path", "Value": "<bounce@example.org>"},
            {"Name": "X-PM-Tag", "Value": "shop"},
        ],
        "BlockedReason": "",
    }
    assert (await server.get(f"/messages/inbound/{message_id}/dump"))["Body"] == (RAW % to.encode()).decode()


async def test_each_recipient_has_a_message_and_sees_the_others_in_it(server: Server, post: Post) -> None:
    """Two servers in one mail; the one that no header names sees itself in Bcc."""
    mine, theirs = await post.address(), await post.address(token=OTHER_TOKEN)
    raw = RAW % mine.encode()
    assert len(await post.arrive(mine, theirs, raw=raw)) == 2
    [own] = (await server.get(SEARCH))["InboundMessages"]
    [other] = (await server.get(SEARCH, token=OTHER_TOKEN))["InboundMessages"]
    assert (own["OriginalRecipient"], own["Bcc"]) == (mine, "")
    assert (other["OriginalRecipient"], other["Bcc"]) == (theirs, theirs)


async def test_anything_at_the_inbound_domain_of_a_server_arrives(server: Server, post: Post) -> None:
    """In any case; no other domain does, nor an unknown hash."""
    await server.call("PUT", "/server", {"InboundDomain": "Mail.Example.com"})
    [message_id] = await post.arrive("Sales+De@mail.example.COM")
    shown = await server.get(f"/messages/inbound/{message_id}/details")
    assert (shown["OriginalRecipient"], shown["MailboxHash"]) == ("Sales+De@mail.example.COM", "De")
    hashed = (await post.address()).upper()
    assert await post.mx.recipient(None, "", hashed) is None
    for address, code in (
        ("a@sub.mail.example.com", 550),
        ("a@example.com", 550),
        ("a@", 550),
        ("postmaster", 550),
        ("x" + hashed, 550),
        (f"+{hashed}", 550),
        ("%@inbound.carom.test", 550),
    ):
        refused = await post.mx.recipient(None, "", address)
        assert refused is not None, address
        assert refused.code == code


async def test_filters_combine(server: Server, post: Post) -> None:
    """Addresses and the subject match without regard to case, hash and tag exactly."""
    await post.arrive(await post.address(plus="+A"))
    server.now += timedelta(days=2)
    [later] = await post.arrive(await post.address(plus="+B"))
    to = (await post.address(plus="+b")).upper()
    day = f"{server.now:%Y-%-m-%-d}"
    for query, found in (
        ("", 2),
        (f"&recipient={to.replace('+', '%2B')}", 1),
        ("&recipient=nobody@example.com", 0),
        ("&fromemail=BOB@example.org", 2),
        ("&FromEmail=ob@example.org", 0),
        ("&subject=tE", 2),
        ("&subject=%25", 0),
        ("&mailboxhash=B", 1),
        ("&MailboxHash=b", 0),
        ("&tag=shop", 2),
        ("&tag=Shop", 0),
        ("&status=processed", 2),
        ("&status=PROCESSED&tag=shop&mailboxhash=B", 1),
        ("&status=blocked", 0),
        ("&status=queued", 0),
        ("&status=failed", 0),
        ("&status=scheduled", 0),
        ("&status=&tag=", 2),
        (f"&fromdate={day}", 1),
        (f"&todate={day}", 2),
        (f"&fromdate={day}&todate={day}", 1),
    ):
        assert (await server.get(f"{SEARCH}{query}"))["TotalCount"] == found, query
    newest = await server.get("/messages/inbound?count=1&offset=0")
    assert (newest["TotalCount"], newest["InboundMessages"][0]["MessageID"]) == (2, later)
    assert (await server.get("/messages/inbound?count=5&offset=2"))["InboundMessages"] == []


async def test_faults_of_a_search(server: Server) -> None:
    """All are 700."""
    for query in (
        "",
        "?count=1",
        "?offset=1",
        "?count=501&offset=0",
        "?count=-1&offset=0",
        "?count=1&offset=-1",
        "?count=500&offset=9501",
        "?count=a&offset=0",
        "?count=1&offset=0&status=sent",
        "?count=1&offset=0&fromdate=x",
        "?count=1&offset=0&todate=2026-13-01",
    ):
        assert (await server.call("GET", f"/messages/inbound{query}")).code == (422, 700), query


async def test_what_a_rule_blocks_can_be_let_through_once(server: Server, post: Post) -> None:
    """It is not in the list before, and afterwards as if it had never been blocked."""
    await server.post("/triggers/inboundrules", {"Rule": "Example.org"})
    [message_id] = await post.arrive()
    assert (await server.get(SEARCH))["TotalCount"] == 0
    [blocked] = (await server.get(f"{SEARCH}&status=Blocked"))["InboundMessages"]
    assert blocked["Status"] == "Blocked"
    path = f"/messages/inbound/{message_id}"
    assert (await server.get(f"{path}/details"))["BlockedReason"] == (
        "Inbound request blocked by domain rule: bob@example.org"
    )
    assert (await server.call("PUT", f"{path}/bypass", token=OTHER_TOKEN)).code == (422, 701)
    assert (await server.call("PUT", f"{path}/bypass")).ok == {
        "ErrorCode": 0,
        "Message": f"Successfully bypassed message: {message_id}.",
    }
    shown = await server.get(f"{path}/details")
    assert (shown["Status"], shown["BlockedReason"]) == ("Processed", "")
    again = await server.call("PUT", f"{path}/bypass")
    assert again.code == (422, 701)
    assert again.json["Message"] == "This message was not found or cannot be bypassed."


async def test_only_what_has_failed_is_tried_again(server: Server, post: Post) -> None:
    """A message that waits for a hook is in no list of processed ones."""
    await server.call("PUT", "/server", {"InboundHookUrl": "https://example.com/hook"})
    [message_id] = await post.arrive()
    assert (await server.get(SEARCH))["TotalCount"] == 0
    assert (await server.get(f"{SEARCH}&status=queued"))["TotalCount"] == 1
    path = f"/messages/inbound/{message_id}/retry"
    refused = await server.call("PUT", path)
    assert refused.code == (422, 701)
    assert refused.json["Message"] == "This message was not found or cannot be retried."
    table = schema.inbound_message
    await server.store.database.write(lambda c: c.execute(sa.update(table).values(status="Failed")))
    assert (await server.call("PUT", path)).ok == {
        "ErrorCode": 0,
        "Message": f"Successfully rescheduled failed message: {message_id}.",
    }
    assert (await server.get(f"{SEARCH}&status=queued"))["TotalCount"] == 1


async def test_mail_for_a_server_that_is_gone_becomes_nothing(server: Server, post: Post) -> None:
    """It was taken while the server was there; its raw form stays, with a word for what became of it."""
    await server.call("PUT", "/server", {"InboundDomain": "mail.example.com"})
    to = "a@mail.example.com"
    await post.mx.message(Envelope("", (to,), RAW % to.encode(), None))
    await server.call("PUT", "/server", {"InboundDomain": ""})
    await server.work()
    assert await post.ids() == []
    outcome = await server.store.database.read(lambda c: c.scalar(sa.select(schema.received.c.outcome)))
    assert outcome == "no server"


@pytest.mark.parametrize(
    ("method", "action", "text"),
    [
        ("GET", "details", "This message was not found."),
        ("GET", "dump", "This message was not found."),
        ("PUT", "bypass", "This message was not found or cannot be bypassed."),
        ("PUT", "retry", "This message was not found or cannot be retried."),
    ],
)
async def test_messages_of_others_are_not_there(
    server: Server, post: Post, method: str, action: str, text: str
) -> None:
    """Nor unknown ones, nor what is no id; a wrong token is refused before."""
    [message_id] = await post.arrive()
    for wanted, token in ((message_id, OTHER_TOKEN), (UNKNOWN, None), ("123", None)):
        refused = await server.call(method, f"/messages/inbound/{wanted}/{action}", token=token or "")
        assert refused.code == (422, 701)
        assert refused.json["Message"] == text
    for token in ("x", None):
        assert (await server.call(method, f"/messages/inbound/{message_id}/{action}", token=token)).code == (401, 10)
        assert (await server.call("GET", SEARCH, token=token)).code == (401, 10)
    assert (await server.get(SEARCH, token=OTHER_TOKEN))["TotalCount"] == 0


async def test_the_time_of_arrival_is_in_the_id(server: Server, post: Post) -> None:
    """A UUID of version 7: lists by id and by time have one order."""
    [message_id] = await post.arrive()
    milliseconds = int(message_id.replace("-", "")[:12], 16)
    assert milliseconds == int(Timestamp.of(server.now).timestamp() * 1000)
