# pyright: basic
"""client-api section 9."""

from base64 import b64decode
from email import message_from_bytes
from email.message import EmailMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from typing import Any

import pytest

import carom
from carom import Message, UnknownMessageType
from carom.mail import AsyncPostmark, Postmark, to_postmark
from tests.client.conftest import Make
from tests.client.scripts import Script, answer, refused, settle

pytestmark = pytest.mark.anyio


def letter(kind: type[Any] = EmailMessage) -> Any:
    message = kind()
    message["From"] = "Åsa Doe <me@example.com>"
    message["To"] = '"Doe, Jane" <a@example.org>, b@example.org'
    message["Subject"] = "Grüße"
    message.set_content("Hello\n")
    return message


async def test_c90_m1_every_kind_of_message(make: Make) -> None:
    script = Script()
    old = MIMEMultipart("alternative")
    old["From"], old["To"] = "me@example.com", "a@example.org"
    old.attach(MIMEText("plain"))
    old.attach(MIMEText("<p>html</p>", "html"))
    for message in (letter(), letter(Message), letter().as_bytes(), old, MIMEText("x")):
        await settle(make(script, validate=False).deliver_message(message))
    assert script.asked[0].json["From"] == "Åsa Doe <me@example.com>"
    assert script.asked[3].json["HtmlBody"] == "<p>html</p>"
    before = len(script.asked)
    for wrong in ("text", 5, None, {"From": "x"}):
        with pytest.raises(UnknownMessageType):
            await settle(make(script).deliver_message(wrong))
    assert len(script.asked) == before


def test_c91_bodies() -> None:
    message = letter()
    assert to_postmark(message)["TextBody"] == "Hello\n"
    assert "HtmlBody" not in to_postmark(message)
    message.add_alternative("<b>Hello</b>", subtype="html")
    assert (to_postmark(message)["TextBody"], to_postmark(message)["HtmlBody"]) == ("Hello\n", "<b>Hello</b>\n")
    html = EmailMessage()
    html.set_content("<i>x</i>", subtype="html")
    assert set(to_postmark(html)) == {"HtmlBody"}


@pytest.mark.parametrize(
    ("charset", "content", "text"),
    [
        ("iso-8859-1", b"caf\xe9", "café"),
        ("utf-8", b"caf\xc3\xa9 \xff", "café �"),
        ("no-such-charset", b"caf\xc3\xa9", "café"),
    ],
)
def test_c91_m3_charsets(charset: str, content: bytes, text: str) -> None:
    head = f"Content-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n".encode()
    assert to_postmark(head + content)["TextBody"] == text


def test_c92_r1_m2_headers() -> None:
    raw = (
        b"Received: from x\r\nReturn-Path: <r@x.test>\r\nDate: Mon, 1 Jan 2026 00:00:00 +0000\r\nSender: s@x.test\r\n"
        b"From: =?utf-8?b?w4VzYQ==?= <me@example.com>\r\nTo: a@example.org\r\nBcc: hidden@example.org\r\n"
        b"Reply-To: r@example.org\r\nSubject: =?iso-8859-1?q?Gr=FC=DFe?=\r\n  und mehr\r\n"
        b"X-One: 1\r\nx-one: 2\r\nX-Long: a\r\n b\r\nX-PM-Rcpt: x\r\nContent-Language: en\r\nMIME-Version: 1.0\r\n"
        b"Path: p\r\nLink: l\r\nOpen: o\r\nStream: s\r\nTemplate: t\r\nX-PM: y\r\nMessage-ID: <i@x.test>\r\n\r\nHi"
    )
    fields = to_postmark(raw)
    assert (fields["From"], fields["Subject"]) == ("Åsa <me@example.com>", "Grüße und mehr")
    assert (fields["Bcc"], fields["ReplyTo"]) == ("hidden@example.org", "r@example.org")
    assert [(header["Name"], header["Value"]) for header in fields["Headers"]] == [
        ("X-One", "1"),
        ("x-one", "2"),
        ("X-Long", "a b"),
        ("Path", "p"),
        ("Link", "l"),
        ("Open", "o"),
        ("Stream", "s"),
        ("Template", "t"),
        ("X-PM", "y"),
        ("Message-ID", "<i@x.test>"),
    ]


def test_c92_addresses_are_decoded_and_refolded() -> None:
    fields = to_postmark(message_from_bytes(letter().as_bytes()))
    assert (fields["From"], fields["To"]) == ("Åsa Doe <me@example.com>", '"Doe, Jane" <a@example.org>, b@example.org')


@pytest.mark.parametrize(
    "names",
    [
        ("TAG", "TRACK-OPENS", "TRACK-LINKS", "MESSAGE-STREAM"),
        ("X-PM-Tag", "X-PM-TrackOpens", "X-PM-TrackLinks", "X-PM-Message-Stream"),
    ],
)
def test_c93_settings_from_headers(names: tuple[str, ...]) -> None:
    message = letter()
    for name, value in zip(names, ("t", "true", "html_and_text", "broadcast"), strict=True):
        message[name] = value
    message["X-PM-Metadata-color"] = "blue"
    fields = to_postmark(message)
    assert (fields["Tag"], fields["TrackOpens"], fields["TrackLinks"], fields["MessageStream"]) == (
        "t",
        True,
        "HtmlAndText",
        "broadcast",
    )
    assert fields["Metadata"] == {"color": "blue"}
    assert "Headers" not in fields
    message["POSTMARK-TEMPLATE-ALIAS"] = "welcome"
    assert to_postmark(message)["TemplateAlias"] == "welcome"


def test_c94_m4_attachments() -> None:
    message = letter()
    message.add_attachment("BEGIN:VCALENDAR", subtype="calendar", params={"method": "REQUEST"})
    message.add_attachment("seven bits", filename="note.txt", cte="7bit")
    message.add_attachment(b"\x00\x01", maintype="image", subtype="png", filename="naïve ☃.png")
    message.add_attachment(letter())
    found = to_postmark(message)["Attachments"]
    assert [one["Name"] for one in found] == ["attachment.ics", "note.txt", "naïve ☃.png", "message.eml"]
    assert found[0]["ContentType"].startswith("text/calendar; ")
    assert "method=REQUEST" in found[0]["ContentType"]
    assert b64decode(found[1]["Content"]).strip() == b"seven bits"
    assert b64decode(found[2]["Content"]) == b"\x00\x01"
    assert found[3]["ContentType"] == "message/rfc822"
    assert message_from_bytes(b64decode(found[3]["Content"]))["To"]
    again = to_postmark(message.as_bytes())["Attachments"]
    assert [one["Name"] for one in again] == [one["Name"] for one in found]


def test_c94_inline_parts_have_a_content_id() -> None:
    message = letter()
    message.add_alternative('<img src="cid:logo">', subtype="html")
    message.get_payload()[1].add_related(b"png", maintype="image", subtype="png", cid="<logo>", filename="l.png")
    fields = to_postmark(message)
    assert fields["HtmlBody"] == '<img src="cid:logo">\n'
    assert fields["Attachments"][0]["ContentID"] == "cid:logo"


def test_c95_templated_messages_have_no_bodies() -> None:
    message = letter(Message)
    message.tag, message.metadata = "t", {"k": "v"}
    plain = to_postmark(message)
    assert (plain["Tag"], plain["Metadata"], plain["Subject"]) == ("t", {"k": "v"}, "Grüße")
    assert not {"TemplateAlias", "TemplateModel", "Cc", "Attachments"} & set(plain)
    message.template_alias, message.template_model = "w", {"user_name": "A"}
    fields = to_postmark(message)
    assert (fields["TemplateAlias"], fields["TemplateModel"]) == ("w", {"user_name": "A"})
    assert not {"Subject", "TextBody", "HtmlBody"} & set(fields)


async def test_c96_a_sender_shaped_like_smtplib(flavour: str) -> None:
    script = Script()
    postmark: Any = (Postmark if flavour == "sync" else AsyncPostmark)("t", transport=script)
    templated = letter(Message)
    templated.template_id = 5
    assert (await settle(postmark.deliver(templated))).ok
    assert script.last.path == "/email/withTemplate"
    await settle(postmark.send_message(letter(), to_addrs=["A@example.org", "other@example.org"]))
    assert (script.last.json["To"], script.last.json["Bcc"]) == ('"Doe, Jane" <a@example.org>', "other@example.org")
    await settle(postmark.sendmail("me@example.com", "a@example.org", b"Subject: x\r\n\r\nHi"))
    assert (script.last.json["From"], script.last.json["Bcc"]) == ("me@example.com", "a@example.org")
    silent: Any = (Postmark if flavour == "sync" else AsyncPostmark)("t", transport=script, return_response=False)
    assert await settle(silent.deliver(letter())) == {}


async def test_c97_prerender(make: Make, flavour: str) -> None:
    template = {
        "Name": "n",
        "TemplateId": 1,
        "Alias": "w",
        "Subject": "Hi {{name}}",
        "HtmlBody": "<b>{{name}}</b>",
        "TextBody": "{{name}}",
        "AssociatedServerId": 1,
        "Active": True,
        "TemplateType": "Standard",
        "LayoutTemplate": None,
    }

    def part(text: str) -> dict[str, Any]:
        return {"ContentIsValid": True, "ValidationErrors": [], "RenderedContent": text}

    valid = {
        "AllContentIsValid": True,
        "Subject": part("Hi A"),
        "HtmlBody": part("<b>A</b>"),
        "TextBody": part("A"),
        "SuggestedTemplateModel": {},
    }
    script = Script(answer(template), answer(valid))
    message = letter(Message)
    message.template_alias, message.template_model = "w", {"name": "A"}
    render = message.prerender if flavour == "sync" else message.prerender_async
    await settle(render(make(script)))
    assert script.last.json["TestRenderModel"] == {"name": "A"}
    assert message["Subject"] == "Hi A"
    assert message.get_body(("plain",)).get_content() == "A\n"
    assert message.get_body(("html",)).get_content() == "<b>A</b>\n"
    broken = Script(answer(template), answer({**valid, "AllContentIsValid": False}))
    with pytest.raises(carom.InvalidTemplateError) as caught:
        await settle(render(make(broken)))
    assert caught.value.postmark_response is not None
    plain = letter(Message)
    with pytest.raises(carom.Error, match="no template"):
        await settle((plain.prerender if flavour == "sync" else plain.prerender_async)(make(script)))


async def test_c98_a_message_learns_what_became_of_it(make: Make) -> None:
    message, other = letter(Message), letter()
    result = await settle(make(Script()).deliver_message(message))
    assert (message.delivered, message.postmark_response, message.postmark_message_id) == (True, result, "m-1")
    assert message["X-PM-Message-Id"] == "m-1"
    with pytest.raises(carom.ApiInputError) as caught:
        await settle(make(Script(refused(300))).deliver_message(message))
    assert (message.delivered, message.postmark_response) == (False, caught.value)
    await settle(make(Script()).deliver_message(other))
    assert other["X-PM-Message-Id"] is None
    await settle(make(Script()).deliver_message(other, annotate=True))
    assert other["X-PM-Message-Id"] == "m-1"
    batch = Script(answer([{"ErrorCode": 0, "MessageID": "m-2"}, {"ErrorCode": 406, "Message": "x"}]))
    messages = [letter(Message), letter(Message)]
    await settle(make(batch).deliver_messages(messages))
    assert [one.delivered for one in messages] == [True, False]


async def test_c98_the_wrong_kind_for_the_method_sends_nothing(make: Make) -> None:
    script = Script()
    templated = letter(Message)
    templated.template_id = 1
    client = make(script)
    for call, argument in (
        (client.deliver_message, templated),
        (client.deliver_message_with_template, letter()),
        (client.deliver_messages, [letter(), templated]),
        (client.deliver_messages_with_templates, [templated, letter()]),
    ):
        with pytest.raises(ValueError, match="templated"):
            await settle(call(argument))
    assert not script.asked
    script.answers = [answer(), answer([{"ErrorCode": 0}])]
    await settle(client.deliver_message_with_template(templated))
    await settle(client.deliver_messages_with_templates([templated]))
    assert [asked.path for asked in script.asked] == ["/email/withTemplate", "/email/batchWithTemplates"]
