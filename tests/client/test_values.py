# pyright: basic
"""client-api section 2, and what other clients fail on."""

import io
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from carom import Address, Attachment, BounceType, DecodeError
from carom.wire.email import SendEmail
from tests.client.conftest import Make
from tests.client.scripts import MESSAGE, Script, answer, items, settle

pytestmark = pytest.mark.anyio

BOUNCE = {
    "RecordType": "Bounce",
    "ID": 692560173,
    "Type": "HardBounce",
    "TypeCode": 1,
    "Name": "Hard bounce",
    "Tag": "Invitation",
    "MessageID": "2c1b63fe-43f2-4db5-91b0-8bdfa44a9316",
    "ServerID": 23,
    "MessageStream": "outbound",
    "Description": "The server was unable to deliver your message (ex: unknown user, mailbox not found).",
    "Details": "smtp;550 5.1.1 no such user",
    "Email": "anything@example.com",
    "From": "sender@example.com",
    "BouncedAt": "2026-01-15T16:09:19.6421112-05:00",
    "DumpAvailable": True,
    "Inactive": True,
    "CanActivate": True,
    "Subject": "SC API5 Test",
    "Content": "Return-Path: <>",
}


async def sent(make: Make, message: Any = None, /, **fields: Any) -> dict[str, Any]:
    script = Script()
    await settle(make(script).deliver(message, **fields))
    body: dict[str, Any] = script.last.json
    return body


async def test_c20_names_in_either_spelling_and_unknown_ones(make: Make) -> None:
    body = await sent(
        make, {"From": "a@b.test", "to": "c@d.test", "HtmlBody": "x"}, text_body="y", new_thing_id=1, Odd=2
    )
    assert body == {"From": "a@b.test", "To": "c@d.test", "HtmlBody": "x", "TextBody": "y", "NewThingID": 1, "Odd": 2}
    assert (await sent(make, {"from": "a@b.test", "to": "c@d.test", "text_body": "x"}))["From"] == "a@b.test"
    struct = SendEmail(from_="a@b.test", to="c@d.test", text_body="x")
    assert await sent(make, struct) == {"From": "a@b.test", "To": "c@d.test", "TextBody": "x"}
    with pytest.raises(TypeError, match="HtmlBody is given twice"):
        await sent(make, {"html_body": "x", "HtmlBody": "y"})
    with pytest.raises(TypeError, match="deliver_message"):
        await sent(make, b"From: a@b.test\r\n\r\n")


async def test_c20_acronyms_keep_their_wire_spelling(make: Make) -> None:
    script = Script(answer({"ID": 1}), answer({"TotalCount": 0, "Templates": []}))
    await settle(make(script, "account").push_templates(source_server_id=1, destination_server_id=2))
    assert script.last.json == {"SourceServerID": 1, "DestinationServerID": 2, "PerformChanges": False}
    script = Script(answer({"ID": 1}))
    await settle(make(script).update_server_info(smtp_api_activated=True, enable_smtp_api_error_hooks=False))
    assert script.last.json == {"SmtpApiActivated": True, "EnableSmtpApiErrorHooks": False}


async def test_c21_m5_nothing_goes_out_that_was_not_said(make: Make) -> None:
    assert await sent(make, MESSAGE, tag=None) == {"From": "me@example.com", "To": "a@example.org", "TextBody": "Hi"}
    body = await sent(make, MESSAGE, track_opens=False, subject="", html_body="")
    assert (body["TrackOpens"], body["Subject"], body["HtmlBody"]) == (False, "", "")


async def test_c22_results_answer_to_either_spelling(make: Make) -> None:
    bounce = await settle(make(Script(answer({**BOUNCE, "Novelty": {"Deep": 1}}))).get_bounce(1))
    assert bounce["BouncedAt"] == bounce["bounced_at"] == bounce.bounced_at
    assert bounce.from_ == bounce["From"] == bounce["from"] == "sender@example.com"
    assert bounce["Novelty"] == {"Deep": 1}
    assert bounce.raw["BouncedAt"] == BOUNCE["BouncedAt"]
    assert bounce.to_dict()["bounced_at"] == bounce.bounced_at
    assert bounce.to_dict(wire=True)["ID"] == 692560173
    with pytest.raises(KeyError):
        bounce["nothing"]
    stats = await settle(
        make(Script(answer({"InactiveMails": 1, "Bounces": [{"Name": "All", "Count": 253, "X": 1}]}))).delivery_stats()
    )
    assert stats.bounces[0]["X"] == 1
    assert stats.bounces[0].raw == {"Name": "All", "Count": 253, "X": 1}
    assert stats.to_dict() == {"inactive_mails": 1, "bounces": [{"name": "All", "count": 253}]}
    page = await settle(make(Script(answer({"TotalCount": 1, "Bounces": [{**BOUNCE, "Y": 2}]}))).get_bounces())
    assert page[0]["Y"] == 2


async def test_c23_decoding_tolerates(make: Make) -> None:
    odd = {**BOUNCE, "ID": "692560173", "TypeCode": "1", "DumpAvailable": None, "Inactive": "true", "Type": "Novel"}
    del odd["Subject"]
    bounce = await settle(make(Script(answer(odd))).get_bounce(1))
    assert (bounce.id, bounce.type_code, bounce.dump_available, bounce.inactive) == (692560173, 1, None, True)
    assert (bounce.type, bounce.subject) == ("Novel", None)


async def test_c23_s4_types_stay_words(make: Make) -> None:
    for name in ("ManualSuppression", "Deferred", "hardbounce", "HardBounce"):
        bounce = await settle(make(Script(answer({**BOUNCE, "Type": name}))).get_bounce(1))
        assert bounce.type == name
    assert bounce.type == BounceType.HARD_BOUNCE


@pytest.mark.parametrize("body", [b"<html>maintenance</html>", b"[1]", b"", b'"x"', b"\xff\xfe{}"])
async def test_c23_s12_what_is_no_answer_is_a_decode_error(make: Make, body: bytes) -> None:
    with pytest.raises(DecodeError) as caught:
        await settle(make(Script(answer(body + b" " * 1000))).get_bounce(1))
    assert (caught.value.status_code, caught.value.body) == (200, (body + b" " * 1000)[:500])


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-15T16:09:19.6421112-05:00", datetime(2026, 1, 15, 21, 9, 19, 642111, tzinfo=UTC)),
        ("2014-01-15T16:09:19Z", datetime(2014, 1, 15, 16, 9, 19, tzinfo=UTC)),
        ("2026-07-15T16:09:19", datetime(2026, 7, 15, 20, 9, 19, tzinfo=UTC)),
        ("2026-01-15T16:09:19.5", datetime(2026, 1, 15, 21, 9, 19, 500000, tzinfo=UTC)),
        ("2026-01-15T16:09:19.123456789+01:00", datetime(2026, 1, 15, 15, 9, 19, 123457, tzinfo=UTC)),
        ("2026-01-15 16:09:19 +0100", datetime(2026, 1, 15, 15, 9, 19, tzinfo=UTC)),
        ("2026-01-15", datetime(2026, 1, 15, 5, tzinfo=UTC)),
        ("yesterday", None),
        ("2026-13-45T00:00:00Z", None),
        (5, None),
        ("", None),
    ],
)
async def test_c24_times(make: Make, text: object, moment: datetime | None) -> None:
    bounce = await settle(make(Script(answer({**BOUNCE, "BouncedAt": text}))).get_bounce(1))
    assert bounce.raw["BouncedAt"] == text
    assert bounce.bounced_at == moment
    assert getattr(bounce.bounced_at, "tzinfo", UTC) is not None


@pytest.mark.parametrize(
    ("given", "wire"),
    [
        (date(2024, 1, 1), "2024-01-01"),
        (datetime(2024, 1, 1, tzinfo=UTC), "2023-12-31T19:00:00"),
        (datetime(2024, 7, 1, 12, tzinfo=timezone(timedelta(hours=2))), "2024-07-01T06:00:00"),
        (datetime(2024, 1, 1, 8), "2024-01-01T08:00:00"),  # noqa: DTZ001  # naive is Eastern
        ("2024-1-1", "2024-1-1"),
    ],
)
async def test_c25_s14_dates_of_filters(make: Make, given: Any, wire: str) -> None:
    script = Script(answer({"TotalCount": 0, "Bounces": []}))
    await settle(make(script).get_bounces(fromdate=given, inactive=False, email_filter="x", message_id="m"))
    assert script.last.query == {
        "fromdate": wire,
        "inactive": "false",
        "emailFilter": "x",
        "messageID": "m",
        "count": "30",
        "offset": "0",
    }


@pytest.mark.parametrize(
    ("given", "wire"),
    [
        ("a@b.test, c@d.test", "a@b.test, c@d.test"),
        (Address("Ann", "a@b.test"), "Ann <a@b.test>"),
        (("Doe, Jane", "a@b.test"), '"Doe, Jane" <a@b.test>'),
        (('Åsa "Q"', "a@b.test"), '"Åsa \\"Q\\"" <a@b.test>'),
        (["a@b.test", ("Åsa", "c@d.test"), Address("", "e@f.test")], "a@b.test, Åsa <c@d.test>, e@f.test"),
    ],
)
async def test_c26_recipients(make: Make, given: Any, wire: str) -> None:
    body = await sent(make, MESSAGE, to=given, cc=given, bcc=given, reply_to=given)
    assert (body["To"], body["Cc"], body["Bcc"], body["ReplyTo"]) == (wire, wire, wire, wire)


async def test_c26_what_is_no_address_is_named(make: Make) -> None:
    with pytest.raises(TypeError, match="Cc"):
        await sent(make, MESSAGE, cc=5)


@pytest.mark.parametrize(
    "given",
    [
        {"X-A": "1", "X-B": ["2", "3"]},
        [{"name": "X-A", "value": "1"}, {"Name": "X-B", "Value": "2"}, ("X-B", "3")],
    ],
)
async def test_c27_headers(make: Make, given: Any) -> None:
    wire = [{"Name": "X-A", "Value": "1"}, {"Name": "X-B", "Value": "2"}, {"Name": "X-B", "Value": "3"}]
    assert (await sent(make, MESSAGE, headers=given))["Headers"] == wire


async def test_c28_attachments(make: Make, tmp_path: Path) -> None:
    path = tmp_path / "report.pdf"
    path.write_bytes(b"\x00" * 60)
    file = io.BytesIO(b"hello")
    file.name = "/some/where/n.txt"
    body = await sent(
        make,
        MESSAGE,
        attachments=[
            Attachment("a.png", b"hello", content_id="logo"),
            {"Name": "b.txt", "Content": "aGVsbG8=", "ContentType": "text/plain"},
            {"name": "c.txt", "content": b"hello", "content_id": "cid:x"},
            path,
            file,
            ("d.html", b"hello"),
            ("e", b"hello", "text/x", "y"),
        ],
    )
    hello = "aGVsbG8="
    assert body["Attachments"] == [
        {"Name": "a.png", "Content": hello, "ContentType": "image/png", "ContentID": "cid:logo"},
        {"Name": "b.txt", "Content": hello, "ContentType": "text/plain"},
        {"Name": "c.txt", "Content": hello, "ContentType": "text/plain", "ContentID": "cid:x"},
        {"Name": "report.pdf", "Content": "A" * 80, "ContentType": "application/pdf"},
        {"Name": "n.txt", "Content": hello, "ContentType": "text/plain"},
        {"Name": "d.html", "Content": hello, "ContentType": "text/html"},
        {"Name": "e", "Content": hello, "ContentType": "text/x", "ContentID": "cid:y"},
    ]
    with pytest.raises(TypeError, match="Attachments"):
        await sent(make, MESSAGE, attachments=[5])
    with pytest.raises(TypeError, match="binary"):
        await sent(make, MESSAGE, attachments=[io.StringIO("x")])


FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"from_": ""}, "From"),
    ({"to": ""}, "To"),
    ({"text_body": ""}, "HtmlBody"),
    ({"to": ", ".join(f"a{n}@b.test" for n in range(51))}, "51 recipients"),
    ({"from_": "x" * 250 + "@b.test"}, "From"),
    ({"subject": "x" * 2001}, "Subject"),
    ({"subject": "😀" * 1001}, "Subject"),
    ({"tag": "x" * 1001}, "Tag"),
    ({"text_body": "x" * 5_000_001}, "TextBody"),
    ({"metadata": {str(n): "v" for n in range(11)}}, "Metadata"),
    ({"metadata": {"k" * 21: "v"}}, "Metadata"),
    ({"metadata": {"k": "v" * 81}}, "Metadata"),
    ({"metadata": {"k": 5}}, "Metadata"),
    ({"metadata": {"K": "v", "k": "v"}}, "Metadata"),
    ({"attachments": [("virus.EXE", b"x")]}, "Attachments"),
    ({"attachments": [("x.txt", b"x" * 8_000_000)]}, "10,000,000"),
]


@pytest.mark.parametrize(("fields", "named"), FAULTS, ids=[named for _, named in FAULTS])
async def test_c29_what_postmark_would_not_take_is_not_sent(make: Make, fields: dict[str, Any], named: str) -> None:
    script = Script()
    with pytest.raises(ValueError, match=named):
        await settle(make(script).deliver({**MESSAGE, **fields}))
    with pytest.raises(ValueError, match=f"message 1: .*{named}|message 1: "):
        await settle(make(script).deliver_in_batches([MESSAGE, {**MESSAGE, **fields}]))
    assert not script.asked


async def test_c29_validate_false_sends_as_given(make: Make) -> None:
    script = Script()
    await settle(make(script, validate=False).deliver(text_body="x"))
    assert script.last.json == {"TextBody": "x"}


async def test_s1_the_row_of_all_types_has_no_type(make: Make) -> None:
    stats = await settle(
        make(Script(answer({"InactiveMails": 1, "Bounces": [{"Name": "All", "Count": 253}]}))).delivery_stats()
    )
    assert (stats.bounces[0].type, stats.bounces[0].count) == (None, 253)


@pytest.mark.parametrize(
    "email", ["user@localhost", "x@foo.test", "user@host.invalid", "a..b@example.org", "undisclosed", ""]
)
async def test_s2_s3_addresses_are_not_checked(make: Make, email: str) -> None:
    bounces = [{**BOUNCE, "ID": n, "Email": email if n == 7 else "a@b.test"} for n in range(30)]
    page = await settle(make(Script(answer({"TotalCount": 30, "Bounces": bounces}))).get_bounces())
    assert (len(page), page[7].email) == (30, email)


async def test_s5_what_old_bounces_lack_is_none(make: Make) -> None:
    old = {
        name: value for name, value in BOUNCE.items() if name not in {"ServerID", "MessageStream", "From", "TypeCode"}
    }
    old |= {"Details": None, "Subject": None, "Description": None, "MessageID": None}
    bounces = await items(make(Script(answer({"TotalCount": 1, "Bounces": [old]}))).bounces())
    assert [
        getattr(bounces[0], name)
        for name in ("server_id", "message_stream", "from_", "type_code", "details", "subject", "message_id")
    ] == [None] * 7


async def test_s7_a_send_answer_without_to(make: Make) -> None:
    result = await settle(make(Script(answer({"ErrorCode": 0, "Message": "OK", "MessageID": "m"}))).deliver(MESSAGE))
    assert (result.to, result.ok, result.recipients) == (None, True, {})


async def test_s17_a_dump_that_is_gone(make: Make) -> None:
    for body in ({"Body": None}, {}):
        assert (await settle(make(Script(answer(body))).dump_bounce(1))).body is None
