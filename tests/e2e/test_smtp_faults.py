"""Mail that SMTP allows is taken with 250; what is wrong with it comes back as a bounce of the type SMTPApiError."""

import smtplib
from email.message import EmailMessage

import pytest

from carom import ApiClient, ApiInputError, Bounce
from carom.testing import LocalServer
from tests.waiting import eventually

RAW = "From: shop@example.com\r\nTo: ann@example.org\r\nSubject: Your order\r\n{headers}\r\n{body}\r\n"


def submit(server: LocalServer, raw: str, *recipients: str) -> str:
    """Submit a mail as it stands, and return the MessageID of the 250."""
    at, token = server.listening.smtp, server.server_token
    with smtplib.SMTP(at.host, at.port, timeout=30) as smtp:
        smtp.login(token, token)
        smtp.mail("shop@example.com")
        for recipient in recipients:
            assert smtp.rcpt(recipient)[0] == 250
        code, text = smtp.data(raw)
        assert code == 250
    return text.decode().rpartition(" ")[2]


def told(client: ApiClient, message_id: str, number: int = 1) -> list[Bounce]:
    """Return the SMTP API errors of a message."""

    def found() -> list[Bounce]:
        bounces = list(client.get_bounces(count=100, offset=0, message_id=message_id, type="SMTPApiError"))
        return bounces if len(bounces) == number else []

    return eventually(found, what="the bounce")


FORBIDDEN = EmailMessage()
FORBIDDEN["From"], FORBIDDEN["To"], FORBIDDEN["Subject"] = "shop@example.com", "ann@example.org", "Your order"
FORBIDDEN.set_content("Hello")
FORBIDDEN.add_attachment(b"MZ", maintype="application", subtype="octet-stream", filename="order.exe")


@pytest.mark.parametrize(
    ("raw", "code", "says"),
    [
        (RAW.format(headers="X-PM-Message-Stream: nowhere\r\n", body="Hello"), 1235, "'nowhere'"),
        (RAW.format(headers="X-PM-Message-Stream: inbound\r\n", body="Hello"), 1236, ""),
        (RAW.format(headers="Content-Type: application/pdf\r\n", body="%PDF"), 300, "TextBody or HtmlBody"),
        (RAW.format(headers=f"X-PM-Tag: {'x' * 1001}\r\n", body="Hello"), 300, "'Tag'"),
        (RAW.format(headers="X-PM-TrackLinks: Some\r\n", body="Hello"), 300, "'TrackLinks'"),
        (RAW.format(headers=f"X-PM-Metadata-{'k' * 21}: v\r\n", body="Hello"), 300, "metadata"),
        ("To: ann@example.org\r\nSubject: Your order\r\n\r\nHello\r\n", 300, "'From'"),
        (FORBIDDEN.as_string(), 411, "order.exe"),
    ],
)
def test_a_fault_of_a_message_is_told_afterwards(
    carom_server: LocalServer, carom_client: ApiClient, raw: str, code: int, says: str
) -> None:
    """Short in Details; at length, with the code and the mail as it came, in the dump."""
    message_id = submit(carom_server, raw, "ann@example.org")
    [bounce] = told(carom_client, message_id)
    assert (bounce.type_code, bounce.email, bounce.subject) == (100007, "ann@example.org", "Your order")
    assert bounce.description == "An error occurred while accepting an email through the SMTP API."
    assert says in (bounce.details or "")
    dump = carom_client.dump_bounce(bounce.id).body or ""
    assert dump.startswith(f"SMTP API error {code}: {bounce.details}")
    assert "Subject: Your order" in dump
    assert (bounce.inactive, bounce.can_activate) == (False, True)
    with pytest.raises(ApiInputError):
        carom_client.get_message(message_id)


def test_an_inactive_recipient_is_told_of_and_the_others_get_their_mail(fresh_server: LocalServer) -> None:
    with fresh_server.client() as client:
        client.create_suppressions("outbound", ["gone@example.org"])
        raw = RAW.format(headers="X-PM-Tag: partly\r\n", body="Hello")
        message_id = submit(fresh_server, raw, "ann@example.org", "gone@example.org")
        [bounce] = told(client, message_id)
        assert (bounce.email, bounce.tag, bounce.message_stream) == ("gone@example.org", "partly", "outbound")
        assert "Found inactive addresses: gone@example.org." in (bounce.details or "")
        sent = eventually(lambda: list(client.get_messages(count=10, offset=0, recipient="ann@example.org")))
        assert [one.message_id for one in sent] == [message_id]
        message_id = submit(fresh_server, raw, "gone@example.org")
        [bounce] = told(client, message_id)
        assert bounce.email == "gone@example.org"
        assert client.delivery_stats().bounces[0].count == 2


def test_a_sender_that_nobody_confirmed_is_told_of() -> None:
    """Nobody sends in another's name: taken, and not sent (security row 4)."""
    with LocalServer(strict=True) as server, server.client() as client:
        message_id = submit(server, RAW.format(headers="", body="Hello"), "ann@example.org", "bob@example.org")
        found = told(client, message_id, 2)
        assert {bounce.email for bounce in found} == {"ann@example.org", "bob@example.org"}
        assert "not a Sender Signature" in (found[0].details or "")
        server.allow("example.com")
        message_id = submit(server, RAW.format(headers="", body="Hello"), "ann@example.org")
        assert eventually(lambda: list(client.get_messages(count=10, offset=0)))[0].message_id == message_id


def test_one_recipient_named_twice_is_told_of_once(carom_server: LocalServer, carom_client: ApiClient) -> None:
    raw = RAW.format(headers="X-PM-Message-Stream: nowhere\r\n", body="Hello")
    message_id = submit(carom_server, raw, "ann@example.org", "ANN@example.org")
    assert len(told(carom_client, message_id)) == 1
