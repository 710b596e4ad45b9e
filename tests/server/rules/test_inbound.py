"""A received mail as the API shows it; what blocks it."""

import time
from email.message import EmailMessage
from email.policy import SMTP
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carom.server.rules.inbound import Screen, read_inbound, screened
from carom.server.rules.replies import stripped_reply
from carom.wire.email import Header
from carom.wire.messages import InboundAttachment, InboundDetails, Mailbox

ID = UUID("01940000-0000-7000-8000-000000000001")
TO = "0123abcd+Order17@inbound.carom.test"
NOTHING = Screen(frozenset(), 0, hook=False)


def mail(*headers: tuple[str, str], text: str = "Hello\n") -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    for name, value in (
        ("From", '"Bob, the first" <Bob@example.org>'),
        ("To", f"Orders <{TO}>, ann+x@example.com"),
        ("Cc", "carl@example.com"),
        ("Subject", "Grüße"),
        ("Date", "Fri, 01 Aug 2014 16:45:32 -0400"),
        ("Message-ID", "<1@example.org>"),
        *headers,
    ):
        del message[name]
        if value:
            message[name] = value
    message.set_content(text)
    return message


def read(raw: bytes, to: str = TO) -> InboundDetails:
    return read_inbound(raw, "bounce@example.org", to, ID).details


def test_each_field_of_a_plain_mail() -> None:
    found = read(mail(("Reply-To", "reply@example.org"), ("X-PM-Tag", "shop")).as_bytes())
    assert (found.from_, found.from_name) == ("Bob@example.org", "Bob, the first")
    assert found.from_full == Mailbox(email="Bob@example.org", name="Bob, the first", mailbox_hash="")
    assert found.to == f"Orders <{TO}>, ann+x@example.com"
    assert found.to_full == [
        Mailbox(email=TO, name="Orders", mailbox_hash="Order17"),
        Mailbox(email="ann+x@example.com", name="", mailbox_hash="x"),
    ]
    assert found.cc_full == [Mailbox(email="carl@example.com", name="", mailbox_hash="")]
    assert (found.bcc, found.bcc_full) == ("", [])
    assert (found.original_recipient, found.mailbox_hash) == (TO, "Order17")
    assert (found.subject, found.date) == ("Grüße", "Fri, 01 Aug 2014 16:45:32 -0400")
    assert (found.reply_to, found.tag, found.message_stream) == ("reply@example.org", "shop", "inbound")
    assert (found.text_body, found.html_body, found.attachments) == ("Hello\n", "", [])
    assert found.headers == [
        Header(name="Return-Path", value="<bounce@example.org>"),
        Header(name="Message-ID", value="<1@example.org>"),
        Header(name="X-PM-Tag", value="shop"),
        Header(name="MIME-Version", value="1.0"),
    ]


@pytest.mark.parametrize(
    ("to", "shown"),
    [("ANN+x@example.com", ""), ("hidden@example.com", "hidden@example.com")],
    ids=["named in To", "in no header"],
)
def test_bcc_shows_the_address_that_only_the_envelope_names(to: str, shown: str) -> None:
    found = read(mail().as_bytes(), to)
    assert found.bcc == shown
    assert [one.email for one in found.bcc_full or ()] == [shown] * bool(shown)


def test_files_are_listed_without_their_content() -> None:
    message = mail()
    message.add_alternative("<p>Hello</p>", subtype="html")
    message.add_attachment(b"\0\1\2", "application", "pdf", filename="Rechnung März.pdf")
    message.add_attachment(b"png", "image", "png", filename="logo.png", cid="<logo@x>", disposition="inline")
    found = read(message.as_bytes())
    assert found.html_body.strip() == "<p>Hello</p>"
    assert found.attachments == [
        InboundAttachment(name="Rechnung März.pdf", content_type="application/pdf", content_length=3, content_id=""),
        InboundAttachment(name="logo.png", content_type="image/png", content_length=3, content_id="logo@x"),
    ]


QUOTED = (
    "Yes, please.\r\n\r\nAnn\r\n\r\nOn Mon, Nov 23, 2026 at 4:00 PM Bob <bob@example.org> wrote:\r\n> Tea?\r\n> Bob\r\n"
)


@pytest.mark.parametrize(
    ("headers", "text", "reply"),
    [
        ([("In-Reply-To", "<2@example.org>")], QUOTED, "Yes, please.\n\nAnn"),
        ([("References", "<2@example.org>")], QUOTED, "Yes, please.\n\nAnn"),
        ([], QUOTED, ""),
        ([("References", "<2@example.org>")], "Just this\r\n", "Just this"),
        ([("References", "<2@example.org>")], "> all\r\n> quoted\r\n", ""),
        (
            [("References", "<2@example.org>")],
            "Fine.\n\n-----Original Message-----\nFrom: Bob\nSent: Monday\nTo: Ann\nSubject: Tea\n\nTea?\n",
            "Fine.",
        ),
    ],
)
def test_the_reply_is_what_stands_above_the_quotation(headers: list[tuple[str, str]], text: str, reply: str) -> None:
    assert read(mail(*headers, text=text).as_bytes()).stripped_text_reply == reply


def test_long_lines_of_a_reply_are_kept_whole() -> None:
    paragraph = "On and on " * 200
    assert stripped_reply(f"{paragraph}\n\nOn Mon, Bob <b@example.org> wrote:\n> Tea?\n") == paragraph.strip()


@pytest.mark.parametrize(
    ("screen", "headers", "status", "reason"),
    [
        (NOTHING, [], "Processed", ""),
        (Screen(frozenset(), 0, hook=True), [], "Queued", ""),
        (
            Screen(frozenset({"bob@example.org"}), 0, hook=True),
            [],
            "Blocked",
            "Inbound request blocked by address rule: Bob@example.org",
        ),
        (
            Screen(frozenset({"example.org"}), 0, hook=False),
            [],
            "Blocked",
            "Inbound request blocked by domain rule: Bob@example.org",
        ),
        (Screen(frozenset({"org", "example.com", "ob@example.org"}), 0, hook=False), [], "Processed", ""),
        (
            Screen(frozenset(), 5, hook=False),
            [("X-Spam-Score", "5.1")],
            "Blocked",
            "Inbound request blocked by spam threshold: 5.1 is above 5",
        ),
        (Screen(frozenset(), 5, hook=False), [("X-Spam-Score", "5.0")], "Processed", ""),
        (Screen(frozenset(), 5, hook=False), [("X-Spam-Score", "much")], "Processed", ""),
        (NOTHING, [("X-Spam-Score", "99")], "Processed", ""),
    ],
)
def test_rules_and_spam_scores_block(screen: Screen, headers: list[tuple[str, str]], status: str, reason: str) -> None:
    found = screened(read(mail(*headers).as_bytes()), screen)
    assert (found.status, found.blocked_reason) == (status, reason)


PIECES = [
    b"From: ", b"To: ", b"a@b.example", b"\r\n", b"\n", b"\r\n\r\n", b"Content-Type: ", b"multipart/mixed; boundary=x",
    b"--x\n", b"--x--", b"=?utf-7?q?+2AA=?=", b"=?utf-8?b?gA==?=", b"\0", b"\xff", b"text/plain; charset=", b"undefined",
    b"utf-16", b"base64", b"Content-Transfer-Encoding: ", b"uuencode", b"message/rfc822", b"filename*=utf-7''",
    b"Content-Disposition: attachment; ", b"Subject: ", b"References: 1\n", b"On Mon, a wrote:\n", b">", b"(", b")",
    b'"', b"<", b", ", b"message/delivery-status", b"Content-ID:", b"message/partial", b"begin 644 x\n", b"\xed\xa0\x80",
]  # fmt: skip


@settings(deadline=None, max_examples=400)
@given(st.lists(st.sampled_from(PIECES) | st.binary(max_size=4), max_size=40).map(b"".join))
def test_any_bytes_become_a_message_that_json_can_hold(raw: bytes) -> None:
    assert b"\\u0000" not in msgspec.json.encode(read(raw))


def nested(depth: int, after: bytes) -> bytes:
    levels = (b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (level, level) for level in range(depth))
    return b"Subject: bomb\n" + b"".join(levels) + after


@pytest.mark.parametrize(
    "raw",
    [
        nested(10_000, b"x"),
        nested(45, b"x\n" * 900_000),
        b"Subject: bomb\n\n" + b"\n" * 30_000_000,
        b'Subject: bomb\nContent-Type: multipart/mixed; boundary="x"\n\n' + b"--x\n\na\n" * 100_000,
        b"Subject: bomb\nTo: " + b"(" * 200_000 + b"\n\nx",
        b"Subject: bomb\nReferences: 1\n\n" + b"On " * 3_000_000,
        b"Subject: bomb\nReferences: 1\n\n" + (b"On " * 130 + b"\n") * 20_000,
    ],
    ids=["deep", "lines in containers", "lines", "parts", "comments", "one line", "On"],
)
def test_bombs_are_read_as_far_as_is_cheap(raw: bytes) -> None:
    before = time.process_time()
    assert read(raw).subject == "bomb"
    assert time.process_time() - before < 8, "some 0.5 s here, minutes without the limits"
