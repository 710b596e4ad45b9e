"""DKIM signatures, checked by somebody else's verifier (dkimpy)."""

from base64 import b64encode
from datetime import timedelta

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from carom.server.rules import signature
from tests.stores import NOW

KEY: RSAPrivateKey = generate_private_key(public_exponent=65537, key_size=1024)
PUBLIC = b64encode(KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
HEAD = (
    b"From: =?utf-8?b?w5xuYQ==?= <a@example.com>\r\nTo: b@example.org,\r\n \tc@example.org\r\nSubject:   two  blanks \r\n"
    b" and a fold\t\r\nDate: Mon, 23 Nov 2026 12:00:00 +0000\r\nMessage-Id: <1@example.com>\r\nX-PM-Tag: t\r\n"
    b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed;\r\n boundary="=_x"\r\n'
)


def signed(mail: bytes, lasts: timedelta | None = None) -> bytes:
    lacking = signature.sign(signature.read(mail), "example.com", "s1", NOW, lasts)
    return lacking.header(KEY.sign(lacking.signed, PKCS1v15(), SHA256())) + mail


def holds(mail: bytes) -> bool:
    def look_up(name: bytes, timeout: int = 5) -> bytes:
        assert name == b"s1._domainkey.example.com."
        return b"v=DKIM1; k=rsa; p=" + PUBLIC

    return bool(dkim.verify(mail, dnsfunc=look_up))  # pyright: ignore[reportUnknownMemberType]  it has no types


BODIES = [
    b"",
    b"\r\n",
    b"\r\n\r\n\r\n",
    b"Hello\r\n",
    b"Hello",
    b"Hello \t\r\n\r\n\r\n",
    b" \r\n \t \r\n",
    b"a  b\tc \t d\r\n\tindented\r\n",
    b"." * 998 + b"\r\n.\r\n",
    b"From here\r\n" * 100,
    b"gr\xc3\xbc\xc3\x9fe\x00\xff\r\n",
    b"DKIM-Signature: v=1\r\n\r\nFrom: x@example.org\r\n",
]


@pytest.mark.parametrize("body", BODIES)
def test_a_signature_holds_whatever_the_body(body: bytes) -> None:
    assert holds(signed(HEAD + b"\r\n" + body))


@given(
    st.lists(st.sampled_from([b" ", b"\t", b"\r\n", b"x", b"  ", b"\xe9", b".", b"=20"]), max_size=60).map(b"".join),
    st.lists(st.sampled_from([b"x", b" ", b"\t", b"\r\n ", b"\r\n\t", b":", b";"]), max_size=30).map(b"".join),
)
@settings(max_examples=200, deadline=None)
def test_white_space_is_read_as_the_rfc_has_it(body: bytes, subject: bytes) -> None:
    """Whatever runs of blanks, folds and empty lines a mail has, two readers of RFC 6376 hash the same."""
    head = b"From: a@example.com\r\nSubject: a" + subject + b"b\r\n"
    assert holds(signed(head + b"\r\n" + body + b"\r\n"))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"Subject:   two", b"Subject:   Two"),
        (b"MIME-Version: 1.0\r\n", b"MIME-Version: 1.0\r\nFrom: other@example.org\r\n"),
        (b"MIME-Version: 1.0\r\n", b"MIME-Version: 1.0\r\nSubject: other\r\n"),
        (b"MIME-Version: 1.0\r\n", b"MIME-Version: 1.0\r\nReply-To: other@example.org\r\n"),
        (b"Hello", b"Hallo"),
        (b"Hello\r\n", b"Hello\r\nmore\r\n"),
    ],
)
def test_what_somebody_changes_or_adds_breaks_it(old: bytes, new: bytes) -> None:
    mail = signed(HEAD + b"\r\nHello\r\n")
    assert holds(mail)
    assert not holds(mail.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"Subject:   two  blanks \r\n and", b"subject: two blanks and"),
        (b"Hello\r\n", b"Hello  \r\n\r\n\r\n"),
        (b"DKIM-Signature", b"Received: from a by b; now\r\nDKIM-Signature"),
        (b"X-PM-Tag: t\r\n", b""),
    ],
)
def test_what_relays_do_does_not_break_it(old: bytes, new: bytes) -> None:
    """Folding, blanks and blank lines at the end, trace fields, and fields that are not covered."""
    mail = signed(HEAD + b"\r\nHello\r\n")
    assert old in mail
    assert holds(mail.replace(old, new))


def test_of_two_fields_of_a_name_both_are_covered_last_one_first() -> None:
    mail = signed(b"References: <1@a>\r\nFrom: a@example.com\r\nReferences: <2@a>\r\n\r\nHello\r\n")
    assert holds(mail)
    assert not holds(mail.replace(b"<1@a>", b"<3@a>"))
    assert not holds(mail.replace(b"<2@a>", b"<3@a>"))


def test_a_signature_says_how_long_it_lasts() -> None:
    header = signed(HEAD + b"\r\n", timedelta(days=7)).partition(b" d=")[0]
    assert header == b"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; t=1795435200; x=1796040000;\r\n"


def test_no_line_is_longer_than_mail_allows() -> None:
    header = signed(HEAD + b"\r\n").partition(b"\r\nFrom:")[0]
    assert max(map(len, header.split(b"\r\n"))) <= 78
