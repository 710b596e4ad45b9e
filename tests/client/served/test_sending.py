# pyright: basic
"""client-api section 6: sending one message. What went out is read back from the server."""

from datetime import UTC, datetime, timedelta
from email import message_from_string
from uuid import UUID

import pytest

import carom
from carom import Address, Attachment
from tests.client.served.world import FROM, LETTER, World, calls, refuses

pytestmark = pytest.mark.anyio

INACTIVE = "gone.for-good@example.org"
PART = {"subject": "Hi {{name}}", "text_body": "Dear {{name}}", "html_body": "<p>Dear {{name}}</p>"}


async def template(world: World, alias: str = "welcome", **fields: object) -> None:
    """Make a template."""
    await world.client.create_template(**{"name": "Welcome", "alias": alias, **PART, **fields})


@calls("deliver", "get_message")
async def test_c6_a_message_is_taken_and_can_be_read_at_once(world: World) -> None:
    result = await world.client.deliver(LETTER, to="Ann <ann@example.org>, bob@example.org")
    assert (result.ok, result.error_code, result.message, result.error) == (True, 0, "OK", None)
    assert result.to == "Ann <ann@example.org>, bob@example.org"
    assert str(UUID(result.message_id)) == result.message_id
    assert abs(datetime.now(UTC) - result.submitted_at) < timedelta(minutes=5)
    assert result.recipients == {"ann@example.org": "sent", "bob@example.org": "sent"}
    assert (result.queued, result.rejected) == (False, [])
    read = await world.client.get_message(result.message_id)
    assert (read.message_id, read.subject, read.text_body, read.from_) == (result.message_id, "Hi", "Hello", FROM)
    assert read.recipients == ["ann@example.org", "bob@example.org"]


async def test_c6_everything_that_a_message_can_have(world: World) -> None:
    message_id = await world.send(
        "a@example.org",
        cc="c@example.org",
        bcc="b@example.org",
        reply_to=(await world.client.server_info()).inbound_address,
        html_body="<b>Hello</b>",
        tag="t",
        headers={"X-A": "1"},
        metadata={"order": "17"},
        track_opens=True,
        track_links="HtmlOnly",
        message_stream="broadcast",
        attachments=[("a.txt", b"x")],
    )
    read = await world.client.get_message(message_id)
    assert (read.tag, read.metadata, read.track_opens, read.track_links) == ("t", {"order": "17"}, True, "HtmlOnly")
    assert (read.html_body, read.attachments, read.message_stream) == ("<b>Hello</b>", ["a.txt"], "broadcast")
    assert [box.email for box in (*read.to, *read.cc, *read.bcc)] == ["a@example.org", "c@example.org", "b@example.org"]


@refuses("deliver")
@pytest.mark.parametrize(
    ("fields", "kind", "code", "text"),
    [
        ({"text_body": None}, carom.InvalidEmailRequestError, 300, ""),
        ({"to": None}, carom.InvalidEmailRequestError, 300, ""),
        ({"to": "nobody"}, carom.InvalidEmailRequestError, 300, "Error parsing 'To'"),
        ({"to": "x@postmarkapp.com"}, carom.InvalidEmailRequestError, 300, "Invalid 'To' address"),
        ({"message_stream": "none"}, carom.ApiInputError, 1235, "'none' does not exist on this server"),
        ({"message_stream": "inbound"}, carom.ApiInputError, 1236, "'inbound'"),
        ({"attachments": [("a.exe", b"x")]}, carom.ApiInputError, 411, "a.exe"),
    ],
)
async def test_c6_c80_refusals_of_a_send(
    world: World, fields: dict[str, object], kind: type[carom.ApiInputError], code: int, text: str
) -> None:
    client = world.make(validate=False)
    with pytest.raises(carom.ApiInputError) as caught:
        await client.deliver({**LETTER, **fields})
    assert type(caught.value) is kind
    assert (caught.value.status_code, caught.value.error_code) == (422, code)
    assert text in caught.value.message
    assert await client.get_messages_count() == 0


@refuses("deliver")
async def test_c6_c83_s18_inactive_recipients_are_named(world: World) -> None:
    await world.client.create_suppressions("outbound", [INACTIVE, "two@example.org"])
    with pytest.raises(carom.InactiveRecipientError) as caught:
        await world.client.deliver(LETTER, to=f"Gone <{INACTIVE.upper()}>, two@example.org")
    assert (caught.value.error_code, caught.value.recipients) == (406, [INACTIVE, "two@example.org"])
    partly = await world.client.deliver(LETTER, to=f"ann@example.org, {INACTIVE}")
    assert (partly.ok, partly.rejected) == (True, [INACTIVE])
    assert partly.recipients == {"ann@example.org": "sent", INACTIVE: "rejected"}


@calls("deliver_with_template")
@refuses("deliver_with_template")
async def test_c6_a_templated_message_is_rendered(world: World) -> None:
    await template(world)
    client = world.client
    who = {"from_": FROM, "to": "ann@example.org"}
    result = await client.deliver_with_template(who, template_alias="welcome", template_model={"name": "Ann"})
    assert (result.ok, result.message) == (True, "OK")
    read = await client.get_message(result.message_id)
    assert (read.subject, read.text_body, read.html_body) == ("Hi Ann", "Dear Ann", "<p>Dear Ann</p>")
    number = (await client.get_template("welcome")).template_id
    assert (await client.deliver_with_template(who, template_id=number, template_model={}, inline_css=False)).ok
    for named, what in (({"template_alias": "none"}, "Alias"), ({"template_id": 1}, "TemplateId")):
        with pytest.raises(carom.NotFoundError, match=what) as caught:
            await client.deliver_with_template(who, **named, template_model={})
        assert caught.value.error_code == 1101


async def test_c20_c21_m5_names_in_either_spelling_and_nothing_that_was_not_said(world: World) -> None:
    client = world.client
    await client.update_server_info(TrackOpens=True, track_links="TextOnly")
    result = await client.deliver({"From": FROM, "to": "a@example.org", "HtmlBody": "x"}, text_body="y", Novelty=1)
    read = await client.get_message(result.message_id)
    assert (read.html_body, read.text_body) == ("x", "y")
    assert (read.track_opens, read.track_links) == (True, "TextOnly")
    silent = await world.send(track_links="None", tag=None, subject="")
    read = await client.get_message(silent)
    assert (read.track_links, read.tag, read.subject) == ("None", None, "")


async def test_c26_recipients_in_every_form(world: World) -> None:
    message_id = await world.send(
        to=["a@example.org", ("Doe, Jane", "jane@example.org"), Address('Åsa "Q"', "asa@example.org")],
        cc=("", "c@example.org"),
        from_=("Müller, Max", "me@example.com"),
        reply_to=["r@example.org", ("Ä", "s@example.org")],
    )
    read = await world.client.get_message(message_id)
    assert [(box.email, box.name or "") for box in read.to] == [
        ("a@example.org", ""),
        ("jane@example.org", "Doe, Jane"),
        ("asa@example.org", 'Åsa "Q"'),
    ]
    assert [box.email for box in read.cc] == ["c@example.org"]
    assert read.from_ == '"Müller, Max" <me@example.com>'


async def test_c27_c28_headers_and_attachments_arrive(world: World) -> None:
    message_id = await world.send(
        html_body='<img src="cid:logo">',
        headers={"X-A": "1", "X-B": ["2", "3"]},
        attachments=[
            Attachment("logo.png", b"\x89PNG\x00", content_id="logo"),
            ("naïve ☃.txt", "Grüße".encode()),
            {"Name": "b.pdf", "Content": "JVBERg==", "ContentType": "application/pdf"},
        ],
    )
    mail = message_from_string((await world.client.dump_message(message_id)).body)
    assert (mail.get_all("X-A"), mail.get_all("X-B")) == (["1"], ["2", "3"])
    files = {part.get_filename(): part for part in mail.walk() if part.get_filename()}
    assert {name: part.get_payload(decode=True) for name, part in files.items()} == {
        "logo.png": b"\x89PNG\x00",
        "naïve ☃.txt": "Grüße".encode(),
        "b.pdf": b"%PDF",
    }
    assert files["logo.png"]["Content-ID"] == "<logo>"
    assert files["b.pdf"].get_content_type() == "application/pdf"


async def test_s7_a_message_without_to_is_answered_without_to(world: World) -> None:
    result = await world.client.deliver({**LETTER, "to": None}, cc="ann@example.org")
    assert (result.ok, result.to, result.recipients) == (True, None, {})
    assert (await world.client.get_message(result.message_id)).recipients == ["ann@example.org"]
