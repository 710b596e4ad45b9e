# pyright: basic
"""client-api section 10."""

import json
from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from carom import DecodeError, inbound, webhooks
from carom.webhooks import (
    BounceEvent,
    ClickEvent,
    DeliveryEvent,
    InboundEvent,
    OpenEvent,
    SpamComplaintEvent,
    SubscriptionChangeEvent,
    UnknownEvent,
)

PAYLOADS = Path(__file__).parent / "payloads"


def payload(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((PAYLOADS / f"{name}.json").read_text())
    return found


EVENTS = [
    ("bounce", BounceEvent, "john@example.com", "2026-11-05T16:33:54.907026+00:00"),
    ("spam_complaint", SpamComplaintEvent, "john@example.com", "2026-11-05T16:33:54.907026+00:00"),
    ("delivery", DeliveryEvent, "john@example.com", "2026-11-05T16:33:54.907026+00:00"),
    ("open", OpenEvent, "john@example.com", "2026-11-05T16:30:47+00:00"),
    ("click", ClickEvent, "john@example.com", "2026-11-05T16:30:47+00:00"),
    ("subscription_change", SubscriptionChangeEvent, "john@example.com", "2026-11-05T16:33:54.907026+00:00"),
    ("inbound", InboundEvent, "yourhash+SampleHash@inbound.postmarkapp.com", "2014-08-01T16:45:32-04:00"),
]


@pytest.mark.parametrize(("name", "kind", "recipient", "at"), EVENTS, ids=[event[0] for event in EVENTS])
def test_c100_every_documented_event(name: str, kind: type[Any], recipient: str, at: str) -> None:
    posted = payload(name)
    for body in (posted, json.dumps(posted), json.dumps(posted).encode()):
        event = webhooks.parse(body)
        assert type(event) is kind
        assert (event.recipient, event.at and event.at.isoformat()) == (recipient, at)
        assert (event.message_id, event.raw) == (posted["MessageID"], posted)
        assert event.record_type == posted.get("RecordType")
        assert event.message_stream == posted["MessageStream"]


@pytest.mark.parametrize("name", [event[0] for event in EVENTS])
def test_c100_any_field_may_be_missing_or_null(name: str) -> None:
    posted = payload(name)
    kept = {"RecordType", "FromFull"}
    for field in set(posted) - kept:
        for body in ({k: v for k, v in posted.items() if k != field}, {**posted, field: None}):
            event = webhooks.parse(body)
            assert type(event) is type(webhooks.parse(posted))
            assert (event.recipient, event.at) is not None


def test_c100_what_is_unknown_and_what_is_nothing() -> None:
    event = webhooks.parse({"RecordType": "Novel", "MessageID": "m", "Extra": 1})
    assert (type(event), event.raw["Extra"], event["Extra"]) == (UnknownEvent, 1, 1)
    assert type(webhooks.parse({})) is UnknownEvent
    for body in (b"<xml>", "[1]", b"\xff"):
        with pytest.raises(DecodeError):
            webhooks.parse(body)


def test_c100_a_bounce_event_has_the_fields_of_a_bounce() -> None:
    event = webhooks.parse(payload("bounce"))
    assert isinstance(event, BounceEvent)
    assert (event.id, event.type, event.type_code, event.inactive, event.metadata) == (
        42,
        "HardBounce",
        1,
        True,
        {"k": "v"},
    )
    assert event.bounced_at == datetime(2026, 11, 5, 16, 33, 54, 907026, tzinfo=UTC)


def test_c101_verification() -> None:
    good = "Basic " + b64encode(b"user:p:w").decode()
    assert webhooks.verify_basic_auth(good, "user", "p:w")
    assert webhooks.verify_basic_auth(good.replace("Basic", "basic"), "user", "p:w")
    for bad in (None, "", "Basic", "Basic %%%", "Bearer x", good[:-4], "Basic " + b64encode(b"user:other").decode()):
        assert not webhooks.verify_basic_auth(bad, "user", "p:w")
    assert webhooks.verify_header("s3cret", "s3cret")
    assert not webhooks.verify_header("nope", "s3cret")
    assert not webhooks.verify_header(None, "s3cret")


def test_c102_received_mail() -> None:
    message = inbound.parse(payload("inbound"))
    assert (message.from_full.email, message.from_full.name) == ("support@postmarkapp.com", "Postmarkapp Support")
    assert (message.to_full[0].mailbox_hash, message.mailbox_hash) == ("SampleHash", "SampleHash")
    assert (message.cc_full, message.bcc_full, message.stripped_text_reply) == ([], [], "reply only")
    assert (message.header("x-spam-status"), message.spam_status, message.spam_score) == ("No", "No", None)
    assert message.attachments[0].content == b"Test"
    assert message.to_email_message()["Subject"] == "Test subject"


def test_c102_m12_received_mail_that_lacks_much() -> None:
    bare = inbound.parse({"From": "a@b.test", "FromFull": {"Email": "a@b.test"}, "TextBody": "Hi"})
    assert (bare.to_full, bare.cc_full, bare.bcc_full, bare.headers, bare.attachments) == ([], [], [], [], [])
    assert (bare.html_body, bare.header("X"), bare.headers_all("X"), bare.at) == (None, None, [], None)
    assert bare.to_email_message().get_content() == "Hi\n"
    html = inbound.parse({"FromFull": {}, "HtmlBody": "<p>x</p>"}).to_email_message()
    assert html.get_content_type() == "text/html"
    both = inbound.parse(
        {
            "FromFull": {},
            "HtmlBody": "<p>x</p>",
            "TextBody": "x",
            "Headers": [{"Name": "X-A", "Value": "1\r\n2"}],
            "Attachments": [{"Name": "a.png", "Data": "AAE=", "ContentType": "image/png", "ContentID": "c"}],
        }
    )
    rebuilt = both.to_email_message()
    assert rebuilt["X-A"] == "1 2"
    assert [part.get_content() for part in rebuilt.iter_attachments()] == [b"\x00\x01"]
    raw = inbound.parse({"FromFull": {}, "RawEmail": "Subject: raw\r\n\r\nbody"}).to_email_message()
    assert (raw["Subject"], raw.get_content()) == ("raw", "body")


@pytest.mark.parametrize(
    "name", ["../evil.txt", "..\\..\\evil.txt", "/etc/passwd", "C:\\evil.txt", "..", "", ".hidden", "a\0b", "name"]
)
def test_c102_m13_a_file_stays_in_its_directory(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    posted = {"FromFull": {}, "Attachments": [{"Name": name, "Content": "dGVzdA==", "ContentType": "text/plain"}]}
    [file] = inbound.parse(posted).attachments
    first, second = file.save(folder), file.save(folder)
    assert first != second
    assert {path.parent for path in (first, second)} == {folder}
    assert {path.read_bytes() for path in (first, second)} == {b"test"}
    assert [path.name for path in tmp_path.iterdir()] == ["in"]
