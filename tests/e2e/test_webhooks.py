"""What hooks are told, by real HTTP, of mail that really went out, came back, was read and was left alone; and what
django-anymail, a receiver that others wrote, makes of it."""

import json
import smtplib
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from carom import ApiClient
from carom.server.keyring import load_keyring
from carom.testing import LocalServer
from carom.webhooks import InboundEvent, parse, verify_signature
from tests.e2e.bouncing import at_test_domain, bounce_of, bring_home
from tests.e2e.test_complaints import ABUSE, report
from tests.e2e.test_tracking import HTML, SAFARI, TEXT, body, delivered, fetch, somebody, url_in
from tests.peers.receiver import Post, Receiver, running_receiver
from tests.waiting import eventually

RECEIVER = Path(__file__).parents[1] / "peers" / "anymail_receiver.py"
KINDS = ("Delivery", "Bounce", "SpamComplaint", "Open", "Click", "SubscriptionChange", "Unsubscribe", "Inbound")
ALL: dict[str, Any] = {
    "Open": {"Enabled": True, "PostFirstOpenOnly": False},
    "Click": {"Enabled": True},
    "Delivery": {"Enabled": True},
    "Bounce": {"Enabled": True, "IncludeContent": True},
    "SpamComplaint": {"Enabled": True, "IncludeContent": False},
    "SubscriptionChange": {"Enabled": True},
}


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    """An endpoint."""
    with running_receiver() as running:
        yield running


@pytest.fixture(scope="module")
def told(receiver: Receiver) -> Iterator[dict[str, Post]]:
    """One post of each kind, from a server whose two streams tell all to one endpoint."""
    with LocalServer() as server, server.client() as client:
        for stream in ("outbound", "broadcast"):
            client.create_webhook(
                url=f"{receiver.url}/{stream}",
                message_stream=stream,
                triggers=ALL,
                http_auth={"Username": "u", "Password": "p"},
                http_headers=[{"Name": "X-Mine", "Value": "yes"}],
            )
        client.update_server_info(inbound_hook_url=f"{receiver.url}/inbound", raw_email_enabled=True)
        _happen(server, client)
        posts = {kind: _wait_for(receiver, kind) for kind in KINDS}
        secrets = load_keyring(server.data)
        webhook = client.get_webhooks(message_stream="outbound")[0]
        posts["secret"] = Post("", {"secret": secrets.hook_secrets(str(webhook.id))[0]}, b"{}")
        yield posts


def _happen(server: LocalServer, client: ApiClient) -> None:
    to = somebody()
    client.deliver(
        from_="shop@example.com", to=to, subject="Hi", html_body=HTML, text_body=TEXT, track_opens=True,
        track_links="HtmlAndText", tag="welcome", metadata={"order": "7"},
    )  # fmt: skip
    mail = delivered(server, to)
    for _ in range(2):
        fetch(url_in(body(mail, "html"), "open"), User_Agent=SAFARI)
    fetch(url_in(body(mail, "plain"), "click"), User_Agent=SAFARI)
    hard = client.deliver(from_="shop@example.com", to=at_test_domain("hardbounce"), subject="Hi", text_body="Hi")
    assert hard.message_id is not None
    bounce_of(client, hard.message_id)
    bring_home(server, ABUSE, report("abuse", to, mail.as_string().replace("\r\n", "\n").replace("\n", "\r\n")))
    leaves = somebody()
    client.deliver(
        from_="shop@example.com", to=leaves, subject="News", html_body=HTML, text_body=TEXT, message_stream="broadcast"
    )
    link = url_in(body(delivered(server, leaves), "plain"), "unsubscribe")
    assert fetch(link, "POST", b"List-Unsubscribe=One-Click").status == 200
    inbound = client.server_info().inbound_address.replace("@", "+tea@")
    with smtplib.SMTP(server.listening.mx.host, server.listening.mx.port, timeout=30) as smtp:
        smtp.sendmail(
            "bob@example.org",
            [inbound],
            f"From: Bob <bob@example.org>\r\nTo: {inbound}\r\nSubject: Tea\r\n\r\nAt five.\r\n",
        )


def _wait_for(receiver: Receiver, kind: str) -> Post:
    found = eventually(lambda: _first(receiver, kind), what=kind)
    assert found is not None
    return found


def _first(receiver: Receiver, kind: str) -> Post | None:
    if kind == "Inbound":
        return next(iter(receiver.of("/inbound")), None)
    path = "/broadcast" if kind == "Unsubscribe" else "/outbound"
    wanted = "SubscriptionChange" if kind == "Unsubscribe" else kind
    return next((post for post in receiver.of(path) if post.json["RecordType"] == wanted), None)


KEYS = {
    "Delivery": "RecordType MessageStream ServerID MessageID Recipient Tag DeliveredAt Details Metadata",
    "Bounce": "RecordType MessageStream ID Type TypeCode Name Tag MessageID Metadata ServerID Description Details Email From "
    "BouncedAt DumpAvailable Inactive CanActivate Subject Content",
    "SpamComplaint": "RecordType MessageStream ID Type TypeCode Name Tag MessageID Metadata ServerID Description Details "
    "Email From BouncedAt DumpAvailable Inactive CanActivate Subject",
    "Open": "RecordType MessageStream FirstOpen Client OS Platform UserAgent Geo MessageID Metadata ReceivedAt Tag Recipient "
    "ReadSeconds",
    "Click": "RecordType MessageStream Client OS Platform UserAgent Geo MessageID Metadata ReceivedAt Tag Recipient "
    "ClickLocation OriginalLink",
    "SubscriptionChange": "RecordType MessageID ServerID MessageStream ChangedAt Recipient Origin SuppressSending "
    "SuppressionReason Tag Metadata",
    "Inbound": "FromName MessageStream From FromFull To ToFull Cc CcFull Bcc BccFull OriginalRecipient Subject MessageID "
    "ReplyTo MailboxHash Date TextBody HtmlBody StrippedTextReply Tag Headers Attachments RawEmail",
}
"""The keys of Postmark's own samples."""


@pytest.mark.parametrize("kind", KEYS)
def test_a_hook_is_told_what_postmark_tells(told: dict[str, Post], kind: str) -> None:
    """The same keys, no other; the client reads it."""
    post = told[kind]
    assert set(post.json) == set(KEYS[kind].split())
    event = parse(post.body)
    assert isinstance(event, InboundEvent) if kind == "Inbound" else event.record_type == kind


def test_what_is_told_is_what_happened(told: dict[str, Post]) -> None:
    delivery, bounce, click = told["Delivery"].json, told["Bounce"].json, told["Click"].json
    assert (delivery["Tag"], delivery["Metadata"]) == ("welcome", {"order": "7"})
    assert delivery["Details"].startswith("smtp;250")
    assert (bounce["Type"], bounce["TypeCode"], bounce["Inactive"]) == ("HardBounce", 1, True)
    assert "550" in bounce["Content"]
    assert (click["OriginalLink"], click["ClickLocation"]) == ("https://shop.test/?a=1&b=2", "Text")
    left = told["Unsubscribe"].json
    assert (left["SuppressSending"], left["SuppressionReason"], left["Origin"]) == (
        True,
        "ManualSuppression",
        "Recipient",
    )
    assert left["MessageID"]
    inbound = told["Inbound"].json
    assert (inbound["MailboxHash"], inbound["TextBody"].strip(), inbound["Headers"][0]["Name"]) == (
        "tea", "At five.", "Return-Path",
    )  # fmt: skip
    assert "\r" not in inbound["RawEmail"]


def test_each_open_is_told_and_the_first_says_so(told: dict[str, Post], receiver: Receiver) -> None:
    del told
    opens = eventually(lambda: found if len(found := receiver.told("/outbound", "Open")) == 2 else [], what="two opens")
    in_order = sorted(opens, key=lambda event: event["ReceivedAt"])  # they are posted side by side
    assert [event["FirstOpen"] for event in in_order] == [True, False]


def test_a_post_carries_what_the_webhook_says_and_a_signature(told: dict[str, Post]) -> None:
    post = told["Delivery"]
    assert post.headers["authorization"] == "Basic dTpw"
    assert post.headers["x-mine"] == "yes"
    assert post.headers["content-type"] == "application/json"
    assert post.headers["x-pm-retries-remaining"].isdigit()
    assert post.headers["x-pm-webhook-trace-id"]
    secret = told["secret"].headers["secret"]
    assert verify_signature(post.headers["x-carom-signature"], post.body, secret)
    assert not verify_signature(post.headers["x-carom-signature"], post.body + b" ", secret)


def test_anymail_normalises_every_event(told: dict[str, Post]) -> None:
    """django-anymail's own views, behind its own check of user and password."""
    expected: dict[str, tuple[str, str | None]] = {
        "Delivery": ("delivered", None),
        "Bounce": ("bounced", "bounced"),
        "SpamComplaint": ("complained", "spam"),
        "Open": ("opened", None),
        "Click": ("clicked", None),
        "Unsubscribe": ("unsubscribed", None),
    }
    found = _by_anymail([told[kind] for kind in (*expected, "Inbound")])
    for (kind, normalised), event in zip(expected.items(), found[:-1], strict=True):
        posted = told[kind].json
        assert (event["status"], event["esp"]) == (200, "Postmark")
        assert (event["type"], event["reason"]) == normalised or (
            kind == "Unsubscribe" and event["type"] == normalised[0]
        )
        assert event["recipient"] == (posted.get("Recipient") or posted.get("Email"))
        assert event["message_id"] == posted["MessageID"]
    assert found[0]["tags"] == ["welcome"]
    assert found[-1] == {
        "status": 200,
        "esp": "Postmark",
        "subject": "Tea",
        "from": "bob@example.org",
        "text": "At five.",
    }


def _by_anymail(posts: list[Post]) -> list[dict[str, Any]]:
    lines = [
        json.dumps({"body": post.body.decode(), "authorization": post.headers.get("authorization", "Basic dTpw")})
        for post in posts
    ]
    done = subprocess.run(
        [sys.executable, RECEIVER], input="\n".join(lines), capture_output=True, text=True, check=True, timeout=60
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_endpoints_that_hold_fail_or_flood_hold_up_no_other(receiver: Receiver) -> None:
    """One that does not answer, one that answers a gigabyte, one that refuses: the good one has all its events while the
    first still has not answered any."""
    number = 40
    receiver.held["/never"] = threading.Event()
    receiver.sizes["/flood"] = 1_000_000_000
    receiver.statuses["/refuses"] = 500
    with LocalServer() as server, server.client() as client:
        for path in ("/never", "/flood", "/refuses", "/good"):
            client.create_webhook(
                url=f"{receiver.url}{path}", message_stream="outbound", triggers={"Delivery": {"Enabled": True}}
            )
        client.deliver_in_batches(
            [{"from_": "a@example.com", "to": f"n{at}@example.org", "text_body": "Hi"} for at in range(number)]
        )
        eventually(lambda: len(receiver.of("/good")) == number, what="all events at the good endpoint")
        assert 0 < len(receiver.of("/never")) < number
        assert not receiver.held["/never"].is_set()
        receiver.held["/never"].set()
    assert len({post.headers["x-carom-event-id"] for post in receiver.of("/good")}) == number
    assert all(json.loads(post.body)["RecordType"] == "Delivery" for post in receiver.of("/good"))
