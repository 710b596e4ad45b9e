"""Sent messages, on both databases."""

from collections import Counter
from datetime import timedelta
from email.parser import HeaderParser
from typing import Any
from uuid import UUID

import pytest

from carom.server.pipeline.jobs import Bounced, Settle
from carom.server.pipeline.stages.settle import settle
from carom.server.rules.compose import RESERVED_HEADERS
from carom.server.rules.lifecycle import Event
from carom.taxonomy import BounceType
from tests.contract.conftest import OTHER_TOKEN, Server
from tests.store.sending import recipient_ids
from tests.stores import NOW, TOKENS

pytestmark = pytest.mark.anyio

FULL: dict[str, Any] = {
    "From": '"Doe, Jane" <Jane@example.com>',
    "To": 'Ann <ann@example.org>, "B, ob" <Bob@example.org>',
    "Cc": "carl@example.org",
    "Bcc": "CARL@example.org, dora@example.org",
    "Subject": "Grüße 100%",
    "Tag": "welcome",
    "TextBody": "Hello",
    "HtmlBody": "<p>Hello</p>",
    "Metadata": {"color": "blue", "say": 'a "quoted" text'},
    "TrackLinks": "HtmlOnly",
    "Attachments": [{"Name": "a.txt", "Content": "aGk=", "ContentType": "text/plain"}],
}


async def _search(server: Server, query: str = "", token: str = TOKENS.server) -> list[str]:
    page = await server.get(f"/messages/outbound?count=50&offset=0{query}", token=token)
    assert page["TotalCount"] == len(page["Messages"])
    return [one["MessageID"] for one in page["Messages"]]


async def _settle(server: Server, message_id: str, event: Event, details: dict[str, str], **more: Any) -> None:
    [first, *_] = await recipient_ids(server.store, UUID(message_id))
    await server.store.database.write(settle, Settle(first, event, NOW, details, **more))


async def test_what_was_accepted_is_listed_at_once(server: Server) -> None:
    """Every field that clients read, in its form."""
    message_id = await server.send(**FULL)
    assert (await server.get("/messages/outbound?count=1&offset=0")) == {
        "TotalCount": 1,
        "Messages": [
            {
                "Tag": "welcome",
                "MessageID": message_id,
                "MessageStream": "outbound",
                "To": [{"Email": "ann@example.org", "Name": "Ann"}, {"Email": "Bob@example.org", "Name": "B, ob"}],
                "Cc": [{"Email": "carl@example.org", "Name": ""}],
                "Bcc": [{"Email": "CARL@example.org", "Name": ""}, {"Email": "dora@example.org", "Name": ""}],
                "Recipients": ["ann@example.org", "Bob@example.org", "carl@example.org", "dora@example.org"],
                "ReceivedAt": "2026-11-23T12:00:00.1234560Z",
                "From": '"Doe, Jane" <Jane@example.com>',
                "Subject": "Grüße 100%",
                "Attachments": ["a.txt"],
                "Status": "Queued",
                "TrackOpens": False,
                "TrackLinks": "HtmlOnly",
                "Metadata": {"color": "blue", "say": 'a "quoted" text'},
                "Sandboxed": False,
            }
        ],
    }


async def test_a_bare_message_has_empty_lists_and_the_servers_tracking(server: Server) -> None:
    """Tag is left out where there is none."""
    await server.call("PUT", "/server", {"TrackOpens": True, "TrackLinks": "TextOnly"})
    await server.send(TrackOpens=False)
    [listed] = (await server.get("/messages/outbound?count=1&offset=0"))["Messages"]
    assert "Tag" not in listed
    assert (listed["Cc"], listed["Bcc"], listed["Attachments"], listed["Metadata"]) == ([], [], [], {})
    assert (listed["TrackOpens"], listed["TrackLinks"]) == (True, "TextOnly")


async def test_details_have_bodies_source_and_events(server: Server) -> None:
    """Details that Postmark's clients read, all of them texts."""
    message_id = await server.send(**FULL)
    said = {
        "DeliveryMessage": "smtp;250 OK",
        "DestinationServer": "mx.example.org (192.0.2.1)",
        "DestinationIP": "192.0.2.1",
    }
    await _settle(server, message_id, Event.DEFERRED, {**said, "DeliveryMessage": "smtp;451 later"})
    await _settle(server, message_id, Event.ACCEPTED, said)
    hard = Bounced(BounceType.HARD_BOUNCE, "smtp;550 5.1.1 gone", b"dump", "rule", "gone", "5.1.1")
    await _settle(server, message_id, Event.RETURNED, {"Summary": hard.details}, bounced=hard)
    shown = await server.get(f"/messages/outbound/{message_id.upper()}/details")
    assert (shown["MessageID"], shown["TextBody"], shown["HtmlBody"]) == (message_id, "Hello", "<p>Hello</p>")
    assert shown["MessageEvents"][0] == {
        "Recipient": "ann@example.org",
        "Type": "Transient",
        "ReceivedAt": "2026-11-23T12:00:00.1234560Z",
        "Details": {**said, "DeliveryMessage": "smtp;451 later"},
    }
    assert [event["Type"] for event in shown["MessageEvents"]] == [
        "Transient",
        "Delivered",
        "Bounced",
        "SubscriptionChanged",
    ]
    [bounce] = (await server.get("/bounces?count=1&offset=0"))["Bounces"]
    assert shown["MessageEvents"][2]["Details"] == {"Summary": hard.details, "BounceID": str(bounce["ID"])}
    assert shown["MessageEvents"][3]["Details"] == {"Origin": "Recipient", "SuppressSending": "True"}
    assert shown["MessageEvents"][3]["Recipient"] == "ann@example.org"
    assert f"X-PM-Message-Id: {message_id}" in shown["Body"]
    assert "\r\nSubject: " in shown["Body"]
    assert await server.get(f"/messages/outbound/{message_id}/dump") == {"Body": shown["Body"]}
    [listed] = (await server.get("/messages/outbound?count=1&offset=0"))["Messages"]
    assert listed == {key: shown[key] for key in listed}


async def test_a_part_that_was_not_sent_is_left_out(server: Server) -> None:
    """A text mail has no HtmlBody."""
    shown = await server.get(f"/messages/outbound/{await server.send()}/details")
    assert "HtmlBody" not in shown
    assert shown["MessageEvents"] == []


async def test_a_long_body_is_shown_by_its_first_megabyte(server: Server) -> None:
    """Its source is whole."""
    message_id = await server.send(TextBody="é" * 700_000, HtmlBody="x" * 1_000_000)
    shown = await server.get(f"/messages/outbound/{message_id}/details")
    assert shown["TextBody"] == "é" * 500_000
    assert shown["HtmlBody"] == "x" * 1_000_000


async def test_every_filter_narrows(server: Server) -> None:
    """Addresses without regard to case, a subject by any part of it, tag and metadata exactly."""
    first = await server.send(**FULL)
    server.now += timedelta(days=1)
    second = await server.send(Subject="Other", Tag="Welcome", Metadata={"color": "Blue", "x": '"color":"blue"'})
    server.now += timedelta(days=1)
    third = await server.send("dora@example.org", MessageStream="broadcast", Tag="welcome")
    for query, expected in (
        ("", [second, first]),
        ("&recipient=DORA@example.org", [first]),
        ("&recipient=ann@example.org", [second, first]),
        ("&recipient=ann@example.or", []),
        ("&fromemail=jane@EXAMPLE.com", [first]),
        ("&fromemail=ane@example.com", []),
        ("&tag=welcome", [first]),
        ("&subject=GRÜSSE", []),
        ("&subject=100%25", [first]),
        ("&subject=%25", [first]),
        ("&subject=oTHe", [second]),
        ("&metadata_color=blue", [first]),
        ("&metadata_say=a+%22quoted%22+text", [first]),
        ("&metadata_x=%22color%22:%22blue%22", [second]),
        ("&metadata_y=blue", []),
        ("&fromdate=2026-11-24", [second]),
        ("&todate=2026-11-23", [first]),
        ("&fromdate=2026-11-23T07:00:00&todate=2026-11-23T07:00:00", [first]),
        ("&fromdate=2026-11-23T12:00:00Z&todate=2026-11-24T12:00:00Z", [second, first]),
        ("&status=queued", [second, first]),
        ("&status=Sent", []),
        ("&messagestream=broadcast", [third]),
        ("&messagestream=none", []),
        ("&recipient=ann@example.org&tag=Welcome&fromemail=me@example.com", [second]),
    ):
        assert await _search(server, query) == expected, query
    await _settle(server, first, Event.ACCEPTED, {})
    for recipient_id in (await recipient_ids(server.store, UUID(first)))[1:]:
        await server.store.database.write(settle, Settle(recipient_id, Event.ACCEPTED, NOW))
    assert await _search(server, "&status=sent") == await _search(server, "&status=processed") == [first]
    assert await _search(server, "&status=queued") == [second]


async def test_pages_are_full_and_newest_first(server: Server) -> None:
    """As many as were asked for while there are so many."""
    sent: list[str] = []
    for _ in range(12):
        server.now += timedelta(seconds=1)
        sent.append(await server.send())
    pages = [await server.get(f"/messages/outbound?count=5&offset={offset}") for offset in (0, 5, 10, 15)]
    assert [page["TotalCount"] for page in pages] == [12] * 4
    assert [len(page["Messages"]) for page in pages] == [5, 5, 2, 0]
    assert [one["MessageID"] for page in pages for one in page["Messages"]] == sent[::-1]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?count=1",
        "?offset=0",
        "?count=-1&offset=0",
        "?count=501&offset=0",
        "?count=x&offset=0",
        "?count=500&offset=9501",
        "?count=1&offset=-1",
        "?count=1&offset=0&status=lost",
        "?count=1&offset=0&fromdate=soon",
        "?count=1&offset=0&metadata_a=1&metadata_b=2",
    ],
)
async def test_a_bad_search_is_700(server: Server, query: str) -> None:
    """Never cut, never guessed."""
    assert (await server.call("GET", f"/messages/outbound{query}")).code == (422, 700)


@pytest.mark.parametrize("what", ["details", "dump"])
async def test_messages_of_others_are_not_found(server: Server, what: str) -> None:
    """Neither are those that never were, or what is no id; a wrong token is refused before."""
    message_id = await server.send()
    path = f"/messages/outbound/{message_id}/{what}"
    for refused in (
        await server.call("GET", path, token=OTHER_TOKEN),
        await server.call("GET", f"/messages/outbound/00000000-0000-0000-0000-000000000000/{what}"),
        await server.call("GET", f"/messages/outbound/123/{what}"),
    ):
        assert refused.code == (422, 701)
        assert refused.json["Message"] == "This message was not found."
    for wrong in (path, "/messages/outbound?count=1&offset=0"):
        assert (await server.call("GET", wrong, token="x")).code == (401, 10)
    assert await _search(server, token=OTHER_TOKEN) == []


@pytest.mark.parametrize(
    ("kind", "proven", "shown"),
    [
        (BounceType.SOFT_BOUNCE, True, ["Bounced"]),
        (BounceType.SPAM_COMPLAINT, True, ["Bounced", "SubscriptionChanged"]),
        (BounceType.HARD_BOUNCE, False, ["Bounced"]),
    ],
)
async def test_only_what_suppresses_changes_the_subscription(
    server: Server, kind: BounceType, proven: bool, shown: list[str]
) -> None:
    """A bounce that may be forged does not."""
    message_id = await server.send()
    bounced = Bounced(kind, "said", b"dump", "rule", "gone", None, proven=proven)
    await _settle(server, message_id, Event.RETURNED, {"Summary": "said"}, bounced=bounced)
    events = (await server.get(f"/messages/outbound/{message_id}/details"))["MessageEvents"]
    assert [event["Type"] for event in events] == shown


async def test_reserved_headers_of_a_request_stay_out_of_the_mail(server: Server) -> None:
    """Whoever sends them means well or not: each stands once, as the server writes it, or not at all. Others stay."""
    names = [*sorted(RESERVED_HEADERS), "Content-Type", "Resent-Bcc", "X-Mine", "List-Id"]
    headers = [
        {"Name": spelled, "Value": "eve@evil.example"}
        for name in names
        for spelled in (name, name.upper(), name.title())
    ]
    message_id = await server.send("Ann <ann@example.org>", Bcc="bob@example.org", Headers=headers)
    raw = (await server.get(f"/messages/outbound/{message_id}/dump"))["Body"]
    head = HeaderParser().parsestr(raw)
    mine = [name for name, value in head.items() if "evil" in value]
    assert {name.lower() for name in mine} == {"x-mine", "list-id"}
    counts = Counter(name.lower() for name in head)
    assert {name for name in counts if name not in {"x-mine", "list-id"} and counts[name] > 1} == set()
    assert "bcc" not in counts
    assert "bob@example.org" not in raw
