"""Mail submitted by SMTP takes the road of mail sent by HTTP."""

import smtplib
from email.message import EmailMessage

import pytest

from carom import ApiClient
from carom.testing import LocalServer
from tests.e2e.bouncing import at_test_domain
from tests.waiting import eventually


def mail(to: str, **headers: str) -> EmailMessage:
    """Write a mail."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Shop <shop@example.com>", to, "Grüße"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content("Hello")
    message.add_alternative("<p>Hello</p>", subtype="html")
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="order.pdf")
    return message


def connect(server: LocalServer) -> smtplib.SMTP:
    """Connect to the submission listener."""
    at = server.listening.smtp
    return smtplib.SMTP(at.host, at.port, timeout=30)


def test_a_submitted_mail_is_delivered_and_bounces(carom_server: LocalServer, carom_client: ApiClient) -> None:
    """With stream, tag and metadata from its headers, and a Bcc from the envelope."""
    to, hidden = at_test_domain("softbounce+smtp"), at_test_domain("hardbounce+smtp")
    with connect(carom_server) as smtp:
        smtp.login(carom_server.server_token, carom_server.server_token)
        message = mail(to, X_PM_Tag="submitted", X_PM_Message_Stream="broadcast", X_PM_Metadata_order="17")
        assert smtp.send_message(message, to_addrs=[to, hidden]) == {}
    found = eventually(lambda: b if len(b := list(carom_client.get_bounces(tag="submitted", count=10))) == 2 else None)
    assert found is not None
    assert {(bounce.email, bounce.type) for bounce in found} == {(to, "SoftBounce"), (hidden, "HardBounce")}
    assert {(bounce.message_stream, bounce.subject, bounce.from_) for bounce in found} == {
        ("broadcast", "Grüße", "Shop <shop@example.com>")
    }
    assert len({bounce.message_id for bounce in found}) == 1
    for bounce in found:
        carom_client.activate_bounce(bounce.id)


def test_without_a_login_nothing_is_taken(carom_server: LocalServer) -> None:
    """530 before, 535 for a wrong token and for the test token."""
    with connect(carom_server) as smtp:
        smtp.ehlo()
        assert smtp.mail("a@example.com")[0] == 530
    for wrong in ("nonsense", "POSTMARK_API_TEST", carom_server.account_token):
        with connect(carom_server) as smtp:
            with pytest.raises(smtplib.SMTPAuthenticationError) as caught:
                smtp.login(wrong, wrong)
            assert caught.value.smtp_code == 535


def test_a_server_without_smtp_takes_none(fresh_server: LocalServer) -> None:
    """SmtpApiActivated is a switch, and off means off at once."""
    token = fresh_server.server_token
    with fresh_server.client() as client:
        client.update_server_info(smtp_api_activated=False)
        with connect(fresh_server) as smtp, pytest.raises(smtplib.SMTPAuthenticationError):
            smtp.login(token, token)
        client.update_server_info(smtp_api_activated=True)
        with connect(fresh_server) as smtp:
            assert smtp.login(token, token)[0] == 235
