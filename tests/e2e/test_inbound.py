"""Mail that comes in by SMTP is a message of the server that it was sent to."""

import smtplib
from email.message import EmailMessage

from carom import ApiClient
from carom.testing import LocalServer
from tests.waiting import eventually


def test_a_mail_to_the_inbound_address_can_be_read(carom_server: LocalServer, carom_client: ApiClient) -> None:
    to = carom_client.server_info().inbound_address.replace("@", "+tea@")
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Bob <bob@example.org>", to, "Tea?"
    mail["References"] = "<1@example.com>"
    mail.set_content("At five.\n\nOn Mon, Nov 23, 2026 at 4:00 PM Ann <ann@example.com> wrote:\n> When?\n")
    mail.add_attachment(b"\0" * 5_000_000, "application", "octet-stream", filename="cake.raw")
    at = carom_server.listening.mx
    with smtplib.SMTP(at.host, at.port, timeout=10) as smtp:
        assert smtp.send_message(mail, "bob@example.org", [to]) == {}
    [listed] = eventually(lambda: list(carom_client.messages(inbound=True, mailboxhash="tea")), what="the message")
    assert (listed.subject, listed.status, listed.mailbox_hash) == ("Tea?", "Processed", "tea")
    assert [(file.name, file.content_length) for file in listed.attachments] == [("cake.raw", 5_000_000)]
    shown = carom_client.get_message(listed.message_id, inbound=True)
    assert shown.stripped_text_reply == "At five."
    assert "> When?" in shown.text_body
    source = carom_client.dump_message(listed.message_id, inbound=True).body or ""
    assert source.startswith("From: Bob <bob@example.org>")


def test_an_inbound_address_that_nobody_has_is_refused(carom_server: LocalServer) -> None:
    at = carom_server.listening.mx
    with smtplib.SMTP(at.host, at.port, timeout=10) as smtp:
        smtp.ehlo()
        smtp.docmd("MAIL", "FROM:<bob@example.org>")
        assert smtp.docmd("RCPT", "TO:<0123456789abcdef0123456789abcdef@inbound.carom.test>")[0] == 550
