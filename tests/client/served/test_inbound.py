# pyright: basic
"""client-api sections 6 and 10: mail that came in by SMTP."""

import smtplib
from email.message import EmailMessage

import anyio.to_thread
import pytest

import carom
from carom import inbound
from tests.client.served.world import World, calls, refuses, until

pytestmark = pytest.mark.anyio

NOWHERE = "00000000-0000-4000-8000-000000000000"


async def receive(world: World, sender: str = "ann@example.org", hash_: str = "abc") -> None:
    """Mail something to the server's inbound address."""
    local, _, domain = (await world.client.server_info()).inbound_address.partition("@")
    mail = EmailMessage()
    mail["From"], mail["To"] = f"Ann Doe <{sender}>", f"You <{local}+{hash_}@{domain}>"
    mail["Cc"], mail["Subject"], mail["X-Mine"] = "cc@example.org", "Grüße", "1"
    mail.set_content("Hello\n")
    mail.add_attachment(b"\x00\x01", maintype="image", subtype="png", filename="../evil.png")
    mx = world.served.local.listening.mx

    def hand_in() -> None:
        with smtplib.SMTP(mx.host, mx.port, "client.example.org", 30) as smtp:
            smtp.send_message(mail, sender, [f"{local}+{hash_}@{domain}"])

    await anyio.to_thread.run_sync(hand_in)


@calls("messages", "get_messages", "get_messages_count", "get_message", "dump_message")
async def test_c6_c102_m12_received_mail_is_listed_and_read(world: World) -> None:
    client = world.client
    assert await client.get_messages_count(inbound=True) == 0
    await receive(world)

    async def listed() -> object:
        return list(await client.get_messages(inbound=True, mailboxhash="abc"))

    [message] = await until(listed, "the received mail")
    assert (message.from_, message.from_name, message.from_full.email) == (
        "ann@example.org",
        "Ann Doe",
        "ann@example.org",
    )
    assert (message.subject, message.mailbox_hash, message.status) == ("Grüße", "abc", "Processed")
    assert [box.email for box in message.cc_full] == ["cc@example.org"]
    assert [file.name for file in message.attachments] == ["../evil.png"]
    assert [one.message_id for one in await client.messages(inbound=True, fromemail="ann@example.org")] == [
        message.message_id
    ]
    assert await client.get_messages_count(inbound=True, subject="grüße") == 1
    read = await client.get_message(message.message_id, inbound=True)
    assert (read.message_id, read.text_body.strip()) == (message.message_id, "Hello")
    assert ("X-Mine", "1") in [(header.name, header.value) for header in read.headers]
    parsed = inbound.parse(read.raw)
    assert (parsed.from_full.name, parsed.to_full[0].mailbox_hash or parsed.mailbox_hash) == ("Ann Doe", "abc")
    assert (parsed.header("x-mine"), parsed.html_body or None) == ("1", None)
    assert "X-Mine: 1" in (await client.dump_message(message.message_id, inbound=True)).body


@calls("bypass_inbound_message")
@refuses("bypass_inbound_message", "retry_inbound_message", "get_message")
async def test_c6_blocked_mail_is_let_through(world: World) -> None:
    client = world.client
    for call, word in ((client.bypass_inbound_message, "bypassed"), (client.retry_inbound_message, "retried")):
        with pytest.raises(carom.NotFoundError) as caught:
            await call(NOWHERE)
        assert caught.value.error_code == 701
        assert caught.value.message == f"This message was not found or cannot be {word}."
    with pytest.raises(carom.NotFoundError):
        await client.get_message(NOWHERE, inbound=True)
    await client.create_inbound_rule("blocked.example.org")
    await receive(world, "spam@blocked.example.org")

    async def blocked() -> object:
        return list(await client.get_messages(inbound=True, status="blocked"))

    [message] = await until(blocked, "the blocked mail")
    assert (await client.get_message(message.message_id, inbound=True)).blocked_reason
    done = await client.bypass_inbound_message(message.message_id)
    assert (done.error_code, done.message) == (0, f"Successfully bypassed message: {message.message_id}.")
