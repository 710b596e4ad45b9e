"""The mail for one recipient, read back by the standard library's parser, which knows nothing of how it was written."""

import re
import unicodedata
from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta, timezone
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage, Message
from email.policy import default
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from carom.server.rules.compose import RESERVED_HEADERS, Facts, compose
from carom.server.rules.scenarios import TEST_DOMAIN
from carom.wire.addresses import Address, BadAddress
from carom.wire.email import Attachment, Header, SendEmail

FACTS = Facts(
    message_id=UUID("0193589e-7a2b-7c4d-8e5f-001122334455"),
    server_id=1001,
    account_id=1000,
    recipient="ann@example.com",
    submitted_at=datetime(2026, 11, 23, 20, 0, 5, 123456, tzinfo=timezone(timedelta(hours=-5))),
    hostname="mail.carom.test",
    proof="1.abcdef.ghijkl",
    complaints_to="abuse@bounces.carom.test",
)
PLAIN = SendEmail(from_="bob@example.org", to="ann@example.com", subject="Hello", text_body="Hello, Ann.")
FILE = Attachment(name="notes.txt", content=b64encode(b"\x00\r\n.\r\n" * 40).decode(), content_type="text/plain")
ENDINGS = "\r\n", "\n", "\r", "\0", "\x85", "\u2028", "\u2029", "\x0b", "\x0c", "\x1c", "\r\n\r\n"


def read(email: SendEmail, facts: Facts = FACTS) -> EmailMessage:
    raw = compose(email, facts)
    check_wire(raw)
    message = message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    return message


def check_wire(raw: bytes) -> None:
    assert raw.endswith(b"\r\n")
    assert b"\0" not in raw
    assert raw.isascii()
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", raw)
    assert max(map(len, raw.split(b"\r\n"))) <= 998


def decoded(message: Message, name: str) -> str:
    return str(make_header(decode_header(re.sub(r"\r\n(?=[ \t])", "", message[name]))))


def calm(text: str) -> str:
    """Control characters and the line ends of Unicode as one space a run."""
    marked = "".join("\n" if unicodedata.category(one) in {"Cc", "Zl", "Zp"} else one for one in text)
    return re.sub("\n+", " ", marked).strip(" ")


def body(message: Message) -> str:
    payload = message.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode().replace("\r\n", "\n")


def test_the_service_writes_its_headers() -> None:
    message = read(replace(PLAIN, tag="welcome"))
    assert message["Message-Id"] == "<0193589e-7a2b-7c4d-8e5f-001122334455@mail.carom.test>"
    assert message["X-PM-Message-Id"] == "0193589e-7a2b-7c4d-8e5f-001122334455"
    assert message["Date"] == "Tue, 24 Nov 2026 01:00:05 +0000"
    assert message["MIME-Version"] == "1.0"
    assert message["X-PM-Tag"] == "welcome"
    assert message["X-PM-Message-Options"] == "v1;1.abcdef.ghijkl"
    assert message["Feedback-ID"] == "s1001-d2VsY29tZQ==:s1001:a1000:postmark"
    assert b64decode(message["X-PM-RCPT"].strip("|")) == b"m0|1000|1001|ann@example.com"


def test_a_mail_without_tag_says_so() -> None:
    message = read(PLAIN)
    assert message["X-PM-Tag"] is None
    assert message["Feedback-ID"] == "s1001-_:s1001:a1000:postmark"


def test_bcc_is_nowhere_in_the_mail() -> None:
    email = replace(PLAIN, cc="carl@example.com", bcc="secret@example.net", headers=[Header(name="bcc", value="x@y.z")])
    raw = compose(email, FACTS)
    assert b"secret" not in raw
    assert b"x@y.z" not in raw
    assert b"Cc: carl@example.com" in raw


def test_one_body_is_one_part() -> None:
    assert read(PLAIN).get_content_type() == "text/plain"
    html = read(replace(PLAIN, text_body="", html_body="<p>Grüße</p>"))
    assert (html.get_content_type(), body(html)) == ("text/html", "<p>Grüße</p>\n")


def test_bodies_and_files_nest_as_mail_readers_expect() -> None:
    logo = replace(FILE, name="logo.png", content_id="cid:logo@x", content_type="image/png")
    message = read(replace(PLAIN, html_body='<img src="cid:logo@x">', attachments=[FILE, logo]))
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
        "text/plain",
    ]
    image, file = (part for part in message.walk() if part.get_filename())
    assert (image["Content-ID"], image.get_content_disposition()) == ("<logo@x>", "inline")
    assert (file.get_filename(), file.get_content_disposition()) == ("notes.txt", "attachment")
    assert file.get_payload(decode=True) == b"\x00\r\n.\r\n" * 40


def test_an_inline_file_without_html_is_attached() -> None:
    message = read(replace(PLAIN, attachments=[replace(FILE, content_id="cid:x")]))
    assert [part.get_content_type() for part in message.walk()] == ["multipart/mixed", "text/plain", "text/plain"]


def test_message_id_is_kept_when_asked() -> None:
    own = Header(name="Message-ID", value="<own@example.org>")
    keep = Header(name="X-PM-KeepID", value="True")
    assert read(replace(PLAIN, headers=[own, keep])).get_all("Message-ID") == ["<own@example.org>"]
    assert read(replace(PLAIN, headers=[own]))["Message-ID"] == f"<{FACTS.message_id}@mail.carom.test>"
    assert read(replace(PLAIN, headers=[keep]))["Message-ID"] == f"<{FACTS.message_id}@mail.carom.test>"
    bad = Header(name="Message-ID", value="<a@b>\r\nBcc: x@y.z")
    assert read(replace(PLAIN, headers=[bad, keep]))["Message-ID"] == f"<{FACTS.message_id}@mail.carom.test>"


@pytest.mark.parametrize("name", [*sorted(RESERVED_HEADERS), "Content-Type", "CONTENT-TRANSFER-ENCODING", "Resent-To"])
def test_a_reserved_header_is_ignored(name: str) -> None:
    assert b"forged" not in compose(replace(PLAIN, headers=[Header(name=name, value="forged")]), FACTS)


@pytest.mark.parametrize("name", ["", "X Y", "X:Y", "X\r\nBcc", "Grüße", "X" * 77, "X\0"])
def test_a_name_that_is_no_header_name_is_ignored(name: str) -> None:
    assert read(replace(PLAIN, headers=[Header(name=name, value="v")])).keys() == read(PLAIN).keys()


def test_custom_headers_are_kept_in_order() -> None:
    headers = [
        Header(name="X-One", value="1"),
        Header(name="x-one", value="2"),
        Header(name="References", value="<a@b>"),
    ]
    message = read(replace(PLAIN, headers=[*headers, Header(name="references", value="<c@d>")]))
    assert message.get_all("X-One") == ["1", "2"]
    assert message.get_all("References") == ["<a@b>"]


def test_the_bounce_type_header_reaches_only_the_test_domain() -> None:
    email = replace(PLAIN, headers=[Header(name="X-PM-Bounce-Type", value="SoftBounce")])
    assert read(email)["X-PM-Bounce-Type"] is None
    assert read(email, replace(FACTS, recipient=f"any@{TEST_DOMAIN}"))["X-PM-Bounce-Type"] == "SoftBounce"


@pytest.mark.parametrize("ending", ENDINGS)
def test_no_line_end_in_a_value_makes_a_header(ending: str) -> None:
    attack = f"a{ending}Bcc: victim@example.net{ending} b =?utf-8?q?=0D=0ABcc:_x?="
    hostile = replace(
        PLAIN,
        subject=attack,
        tag=attack,
        headers=[Header(name="X-Custom", value=attack)],
        attachments=[Attachment(name=attack, content="QUJD", content_type=attack, content_id=attack)],
    )
    harmless = replace(
        PLAIN,
        subject="a",
        tag="a",
        headers=[Header(name="X-Custom", value="a")],
        attachments=[Attachment(name="a", content="QUJD", content_type="a", content_id="a")],
    )
    parts = list(zip(read(hostile).walk(), read(harmless).walk(), strict=True))
    assert [a.keys() for a, _ in parts] == [b.keys() for _, b in parts]


def test_a_domain_in_another_alphabet_is_written_in_ascii() -> None:
    assert (
        read(replace(PLAIN, to="Jürgen <j@bücher.example>"))["To"].addresses[0].addr_spec == "j@xn--bcher-kva.example"
    )


@pytest.mark.parametrize(
    "value", ["no address", "a@b.example\r\nBcc: c@d.example", "<a@b.example", "a@" + "b" * 70 + ".example"]
)
def test_an_address_that_cannot_be_read_is_refused(value: str) -> None:
    with pytest.raises(BadAddress):
        compose(replace(PLAIN, to=value), FACTS)


@pytest.mark.parametrize(
    ("given_type", "written"),
    [
        ("image/png", "image/png"),
        ("text/csv; charset=utf-8", "text/csv"),
        ("multipart/mixed; boundary=x", "application/octet-stream"),
        ("message/rfc822", "application/octet-stream"),
        ("nonsense", "application/octet-stream"),
        (None, "application/octet-stream"),
    ],
)
def test_a_file_has_a_type_that_can_be_written(given_type: str | None, written: str) -> None:
    message = read(replace(PLAIN, attachments=[replace(FILE, content_type=given_type)]))
    assert list(message.walk())[-1].get_content_type() == written


def test_a_long_list_of_recipients_is_folded() -> None:
    many = ", ".join(f'"Person, {n}" <person{n}@example.com>' for n in range(50))
    message = read(replace(PLAIN, to=many))
    assert len(message["To"].addresses) == 50
    assert message["To"].addresses[49].display_name == "Person, 49"


def test_bodies_of_only_dots_and_long_lines_survive() -> None:
    text = "\n.\n..\nFrom here\n" + "x" * 5000 + "\ntrailing \t\n" + "ü" * 3000 + "\n--=_mixed-0193\n"
    assert body(read(replace(PLAIN, text_body=text))) == text


anything = st.text(max_size=300)
names = st.text(alphabet=st.characters(exclude_characters='"\\\r\n'), min_size=1, max_size=120)


@settings(deadline=None, max_examples=150)
@given(subject=anything, tag=anything, value=anything, text=anything, html=anything, file=anything, cid=anything)
def test_any_text_stays_in_its_field(
    subject: str, tag: str, value: str, text: str, html: str, file: str, cid: str
) -> None:
    """Whatever the fields hold: the headers are those of a calm mail, and what was written is read back."""
    email = replace(
        PLAIN,
        subject=subject,
        tag=tag,
        headers=[Header(name="X-Any", value=value)],
        text_body=text or "x",
        html_body=html or "x",
        attachments=[Attachment(name=file, content="QUJD", content_type=value, content_id=cid)],
    )
    raw = compose(email, FACTS)
    check_wire(raw)
    message = message_from_bytes(raw)
    assert [key for key in message if key != "X-PM-Tag"] == [
        *("From", "To", "Subject", "Date", "Message-Id", "Feedback-ID", "X-PM-Message-Id", "X-PM-RCPT"),
        *("X-PM-Message-Options", "X-Complaints-To", "X-Any", "MIME-Version", "Content-Type"),
    ]
    assert decoded(message, "Subject") == calm(subject)
    assert decoded(message, "X-Any") == calm(value)
    parts = {part.get_content_type(): part for part in message.walk() if not part.is_multipart()}
    assert {key.lower() for part in parts.values() for key in part} <= {
        "content-type", "content-transfer-encoding", "content-disposition", "content-id"
    }  # fmt: skip
    assert body(parts["text/html"]) == (html or "x").replace("\r\n", "\n").replace("\r", "\n")


@settings(deadline=None, max_examples=100)
@given(name=names)
def test_any_display_name_is_read_back_or_refused(name: str) -> None:
    try:
        raw = compose(replace(PLAIN, from_=str(Address(name, "bob@example.org"))), FACTS)
    except BadAddress:
        return
    check_wire(raw)
    message = message_from_bytes(raw, policy=default)
    assert [mailbox.addr_spec for mailbox in message["From"].addresses] == ["bob@example.org"]


def test_the_time_is_written_in_utc() -> None:
    assert read(PLAIN, replace(FACTS, submitted_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)))["Date"].endswith("+0000")
