# pyright: basic
"""client-api section 9: what the server has of a mail is what was handed over."""

from collections.abc import AsyncIterator
from email import message_from_string
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from typing import Any

import pytest

import carom
from carom import Message
from carom.mail import AsyncPostmark, Postmark
from tests.client.scripts import settle
from tests.client.served.world import World, calls, refuses
from tests.client.test_mail import letter

pytestmark = pytest.mark.anyio


@pytest.fixture
async def postmark(world: World) -> AsyncIterator[Any]:
    """The sender that is shaped like smtplib's."""
    sender: Any = (Postmark if world.flavour == "sync" else AsyncPostmark)(world.token, base_url=world.served.url)
    yield sender
    await settle(sender.client.close())


def templated() -> Message:
    """A message that names a template."""
    message: Message = letter(Message)
    message.template_alias, message.template_model = "welcome", {"name": "Ann"}
    return message


async def welcome(world: World) -> None:
    """Make the template."""
    await world.client.create_template(
        name="W", alias="welcome", subject="Hi {{name}}", html_body="<b>{{name}}</b>", text_body="{{name}}"
    )


@calls("deliver_message")
async def test_c90_c91_m1_m3_every_kind_of_message(world: World) -> None:
    old = MIMEMultipart("alternative")
    old["From"], old["To"] = "me@example.com", "a@example.org"
    old.attach(MIMEText("plain"))
    old.attach(MIMEText("<p>html</p>", "html"))
    latin = (
        b"From: me@example.com\r\nTo: a@example.org\r\nContent-Type: text/plain; charset=iso-8859-1\r\n"
        b"Content-Transfer-Encoding: 8bit\r\n\r\ncaf\xe9"
    )
    for message, text, html in (
        (letter(), "Hello\n", None),
        (letter(Message), "Hello\n", None),
        (letter().as_bytes(), "Hello\n", None),
        (old, "plain", "<p>html</p>"),
        (latin, "café", None),
    ):
        result = await world.client.deliver_message(message)
        read = await world.client.get_message(result.message_id)
        assert (read.text_body, read.html_body or None) == (text, html)


async def test_c92_c93_r1_m2_headers_settings_and_addresses(world: World) -> None:
    message = letter()
    message["Bcc"] = "hidden@example.org"
    message["TAG"], message["TRACK-OPENS"], message["X-PM-Metadata-color"] = "t", "true", "blue"
    message["X-PM-Message-Stream"] = "broadcast"
    for name in ("Path", "Link", "Open", "Stream", "Template", "X-PM", "X-One"):
        message[name] = name.lower()
    result = await world.client.deliver_message(message)
    read = await world.client.get_message(result.message_id)
    assert (read.tag, read.track_opens, read.metadata, read.message_stream) == (
        "t",
        True,
        {"color": "blue"},
        "broadcast",
    )
    assert (read.subject, [box.email for box in read.bcc]) == ("Grüße", ["hidden@example.org"])
    assert [(box.email, box.name or "") for box in read.to] == [("a@example.org", "Doe, Jane"), ("b@example.org", "")]
    source = message_from_string(read.body)
    for name in ("Path", "Link", "Open", "Stream", "Template", "X-PM", "X-One"):
        assert source[name] == name.lower()
    assert not {"TAG", "TRACK-OPENS", "X-PM-Metadata-color", "Bcc"} & set(source.keys())


async def test_c94_m4_attachments(world: World) -> None:
    message = letter()
    message.add_attachment("BEGIN:VCALENDAR", subtype="calendar", params={"method": "REQUEST"})
    message.add_attachment("seven bits", filename="note.txt", cte="7bit")
    message.add_attachment(b"\x00\x01", maintype="image", subtype="png", filename="naïve ☃.png")
    message.add_attachment(letter())
    result = await world.client.deliver_message(message)
    source = message_from_string((await world.client.dump_message(result.message_id)).body)
    files: dict[Any, Any] = {part.get_filename(): part for part in source.walk() if part.get_filename()}
    assert set(files) == {"attachment.ics", "note.txt", "naïve ☃.png", "message.eml"}
    assert files["attachment.ics"].get_param("method") == "REQUEST"
    assert files["note.txt"].get_payload(decode=True).strip() == b"seven bits"
    assert files["naïve ☃.png"].get_payload(decode=True) == b"\x00\x01"


@calls("deliver_message_with_template", "deliver_messages", "deliver_messages_with_templates", "deliver_letter")
async def test_c95_c98_templated_messages(world: World) -> None:
    await welcome(world)
    client = world.client
    one, two, three = templated(), templated(), letter(Message)
    result = await client.deliver_message_with_template(one)
    assert (await client.get_message(result.message_id)).subject == "Hi Ann"
    [again] = await client.deliver_messages_with_templates([two])
    assert (await client.get_message(again.message_id)).text_body == "Ann"
    [plain] = await client.deliver_messages([three])
    assert (await client.get_message(plain.message_id)).subject == "Grüße"
    assert [m.postmark_message_id for m in (one, two, three)] == [
        result.message_id,
        again.message_id,
        plain.message_id,
    ]
    for either in (templated(), letter(Message)):
        assert (await client.deliver_letter(either)).ok


@refuses(
    "deliver_message",
    "deliver_message_with_template",
    "deliver_messages",
    "deliver_messages_with_templates",
    "deliver_letter",
)
async def test_c98_a_message_learns_that_it_was_refused(world: World) -> None:
    client = world.client
    await client.create_suppressions("outbound", ["a@example.org", "b@example.org"])
    message = letter(Message)
    for call in (client.deliver_message, client.deliver_letter):
        with pytest.raises(carom.InactiveRecipientError) as caught:
            await call(message)
        assert (message.delivered, message.postmark_response) == (False, caught.value)
    with pytest.raises(carom.NotFoundError):
        await client.deliver_message_with_template(templated())
    messages = [letter(Message), letter(Message)]
    messages[1].replace_header("To", "ann@example.org")
    batch = await client.deliver_messages(messages)
    assert [result.ok for result in batch] == [one.delivered for one in messages] == [False, True]
    [refused] = await client.deliver_messages_with_templates([templated()])
    assert refused.error_code == 1101


async def test_c96_a_sender_shaped_like_smtplib(world: World, postmark: Any) -> None:
    await welcome(world)
    ids = [
        (await settle(postmark.deliver(templated()))).message_id,
        (await settle(postmark.send_message(letter(), to_addrs=["a@example.org", "other@example.org"]))).message_id,
        (await settle(postmark.sendmail("me@example.com", "a@example.org", b"Subject: x\r\n\r\nHi"))).message_id,
    ]
    first, second, third = [await world.client.get_message(message_id) for message_id in ids]
    assert first.subject == "Hi Ann"
    assert (second.recipients, [box.email for box in second.bcc]) == (
        ["a@example.org", "other@example.org"],
        ["other@example.org"],
    )
    assert (third.from_, third.recipients, third.text_body) == ("me@example.com", ["a@example.org"], "Hi")


async def test_c97_prerender(world: World) -> None:
    await welcome(world)
    message: Any = templated()

    async def prerender(message: Any) -> None:
        render = message.prerender if world.flavour == "sync" else message.prerender_async
        await settle(render(world.client.client))

    await prerender(message)
    assert message["Subject"] == "Hi Ann"
    assert message.get_body(("plain",)).get_content() == "Ann\n"
    assert message.get_body(("html",)).get_content() == "<b>Ann</b>\n"
    missing = templated()
    missing.template_alias = "none"
    with pytest.raises(carom.NotFoundError):
        await prerender(missing)
