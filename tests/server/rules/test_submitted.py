"""A submitted mail as the request it stands for."""

import time
from base64 import b64decode
from contextlib import suppress
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET

from carom.server.rules.refusals import Refusal
from carom.server.rules.submitted import read_submission
from carom.wire.email import Header

RECIPIENTS = ["ann@example.com"]
TOP = b"From: bob@example.org\r\nTo: ann@example.com\r\n"


def mail(*headers: tuple[str, str], text: str = "Hello") -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    for name, value in (("From", "bob@example.org"), ("To", "ann@example.com"), ("Subject", "Hi"), *headers):
        del message[name]
        message[name] = value
    message.set_content(text)
    return message


def test_a_plain_mail() -> None:
    email = read_submission(mail(("Cc", "Carl <carl@example.com>")).as_bytes(), [*RECIPIENTS, "carl@example.com"])
    assert (email.from_, email.to, email.cc, email.bcc) == (
        "bob@example.org",
        "ann@example.com",
        "Carl <carl@example.com>",
        UNSET,
    )
    assert (email.subject, str(email.text_body).strip(), email.html_body) == ("Hi", "Hello", UNSET)


def test_who_is_only_on_the_envelope_is_a_blind_copy() -> None:
    email = read_submission(mail().as_bytes(), ["Ann@Example.com", "secret@example.net", "other@example.net"])
    assert (email.to, email.bcc) == ("ann@example.com", "secret@example.net, other@example.net")


def test_who_is_not_on_the_envelope_gets_nothing() -> None:
    """A mail program that sends one transaction a recipient must not send to all of them each time."""
    email = read_submission(mail(("Cc", "carl@example.com")).as_bytes(), RECIPIENTS)
    assert (email.to, email.cc, email.bcc) == ("ann@example.com", "", UNSET)


def test_bodies_and_files() -> None:
    message = mail(text="Grüße\n")
    message.add_alternative("<p>Grüße</p>\n", subtype="html")
    message.add_attachment(b"\x00\x01", maintype="application", subtype="pdf", filename="Übersicht.pdf")
    message.add_attachment(b"GIF", maintype="image", subtype="gif", filename="a.gif", cid="<logo@x>")
    email = read_submission(message.as_bytes(), RECIPIENTS)
    assert (email.text_body, email.html_body) == ("Grüße\r\n", "<p>Grüße</p>\r\n")
    assert email.attachments is not UNSET
    pdf, gif = email.attachments
    assert (pdf.name, pdf.content_type, b64decode(pdf.content), pdf.content_id) == (
        "Übersicht.pdf",
        "application/pdf",
        b"\x00\x01",
        None,
    )
    assert gif.content_id == "cid:logo@x"


def test_control_headers_are_taken_out() -> None:
    email = read_submission(
        mail(
            ("x-pm-tag", "welcome"),
            ("X-PM-Message-Stream", "broadcast"),
            ("X-PM-TrackOpens", "True"),
            ("X-PM-TrackLinks", "HtmlOnly"),
            ("X-PM-Metadata-Order", "17"),
            ("X-PM-KeepID", "true"),
            ("Message-ID", "<own@example.org>"),
            ("X-Mailer", "test"),
        ).as_bytes(),
        RECIPIENTS,
    )
    assert (email.tag, email.message_stream, email.track_opens, email.track_links) == (
        "welcome",
        "broadcast",
        True,
        "HtmlOnly",
    )
    assert email.metadata == {"Order": "17"}
    assert email.headers == [
        Header(name="X-PM-KeepID", value="true"),
        Header(name="Message-ID", value="<own@example.org>"),
        Header(name="X-Mailer", value="test"),
    ]


def test_a_metadata_key_given_twice_is_numbered() -> None:
    raw = TOP + b"X-PM-Metadata-a: 1\r\nX-PM-Metadata-A: 2\r\n\r\nx"
    assert read_submission(raw, RECIPIENTS).metadata == {"a": "1", "A2": "2"}


def test_a_comma_in_an_encoded_name_is_no_second_sender() -> None:
    raw = b"From: =?utf-8?q?Doe=2C_John?= <bob@example.org>\r\nTo: ann@example.com\r\n\r\nx"
    assert read_submission(raw, RECIPIENTS).from_ == '"Doe, John" <bob@example.org>'


@pytest.mark.parametrize("octets", ["Grüße".encode(), "Grüße".encode("latin-1"), b"=?iso-8859-1?q?Gr=FC=DFe?="])
def test_a_subject_in_any_encoding_is_read(octets: bytes) -> None:
    assert read_submission(TOP + b"Subject: " + octets + b"\r\n\r\nx", RECIPIENTS).subject == "Grüße"


def test_an_attached_mail_stays_whole() -> None:
    message = mail()
    message.add_attachment(mail(text="inner"))
    email = read_submission(message.as_bytes(), RECIPIENTS)
    assert email.attachments is not UNSET
    assert email.attachments[0].content_type == "message/rfc822"
    assert b"inner" in b64decode(email.attachments[0].content)


def nested(depth: int) -> bytes:
    return TOP + b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(depth)
    )


BOMBS = {
    "depth": nested(10_000),
    "parts": TOP + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 100_000,
    "mails in mails": TOP + b"Content-Type: message/rfc822\r\n\r\n" * 10_000,
    "split boundary": TOP + b"Content-Type: multipart/mixed; boundary*0=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 100_000,
    "long header": TOP + b"Subject: " + b"=?utf-8?q?a?= " * 200_000 + b"\r\n\r\nx",
    "folded header": TOP + b"Subject: x" + b"\r\n a" * 500_000 + b"\r\n\r\nx",
    "comments": b"From: bob@example.org\r\nTo: " + b"(" * 20_000 + b"ann@example.com\r\n\r\nx",
    "recipients": b"From: bob@example.org\r\nTo: " + b"ann@example.com, " * 10_000 + b"\r\n\r\nx",
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_mail_built_to_take_long_is_refused_at_once(name: str) -> None:
    start = time.perf_counter()
    with pytest.raises(Refusal):
        read_submission(BOMBS[name], RECIPIENTS)
    assert time.perf_counter() - start < 2


def test_a_mail_near_the_limits_is_read_in_time() -> None:
    raw = TOP + (b"X-A: " + b"=?utf-8?q?a?= " * 2000 + b"\r\n") * 8 + b"\r\n" + b"x" * 9_000_000
    start = time.perf_counter()
    read_submission(raw, RECIPIENTS)
    assert time.perf_counter() - start < 5


@settings(deadline=None, max_examples=200)
@given(
    raw=st.binary(max_size=2000),
    top=st.sampled_from([b"", TOP, TOP + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"]),
)
def test_any_bytes_are_read_or_refused(raw: bytes, top: bytes) -> None:
    """A client's mail is its own affair, but reading it raises nothing else."""
    with suppress(Refusal):
        read_submission(top + raw, RECIPIENTS)
