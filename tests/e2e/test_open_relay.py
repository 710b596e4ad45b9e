"""Nobody relays mail through Carom: neither listener takes a recipient that it should not (RFC 5321 forms of each)."""

import smtplib

import pytest

from carom.testing import LocalServer

FOREIGN = [
    "victim@example.net",
    "victim%example.net@mail.carom.test",
    "@mail.carom.test:victim@example.net",
    "@bounces.carom.test,@mail.carom.test:victim@example.net",
    '"victim@example.net"@mail.carom.test',
    '"victim@example.net"',
    "victim@example.net@mail.carom.test",
    "mail.carom.test!victim@example.net",
    "victim@[127.0.0.1]",
    "victim@[IPv6:::1]",
    "victim@localhost",
    "victim",
    "postmaster",
]


def refused(server: smtplib.SMTP, sender: str, recipient: str) -> int:
    server.rset()
    server.docmd("MAIL", f"FROM:<{sender}>")
    return server.docmd("RCPT", f"TO:<{recipient}>")[0]


@pytest.mark.parametrize("sender", ["", "victim@example.net", "me@mail.carom.test"])
def test_the_mx_takes_return_paths_only(carom_server: LocalServer, sender: str) -> None:
    at = carom_server.listening.mx
    with smtplib.SMTP(at.host, at.port, timeout=10) as server:
        server.ehlo()
        for recipient in FOREIGN:
            assert refused(server, sender, recipient) in {550, 553, 501}, recipient


@pytest.mark.parametrize("sender", ["", "me@example.com"])
def test_submission_takes_nothing_without_login(carom_server: LocalServer, sender: str) -> None:
    at = carom_server.listening.smtp
    with smtplib.SMTP(at.host, at.port, timeout=10) as server:
        server.ehlo()
        for recipient in [*FOREIGN, "ann@example.org"][:9]:
            assert server.docmd("MAIL", f"FROM:<{sender}>")[0] == 530
            assert server.docmd("RCPT", f"TO:<{recipient}>")[0] == 530


def test_submission_takes_no_recipient_that_could_mean_two_things(carom_server: LocalServer) -> None:
    at, token = carom_server.listening.smtp, carom_server.server_token
    with smtplib.SMTP(at.host, at.port, timeout=10) as server:
        server.ehlo()
        server.login(token, token)
        for recipient in ("victim@[127.0.0.1]", "victim@localhost", "victim", "a@b@example.net", "a b@example.net"):
            assert refused(server, "me@example.com", recipient) in {550, 501}, recipient


def test_a_bare_line_end_in_a_submitted_mail_is_refused(carom_server: LocalServer) -> None:
    at, token = carom_server.listening.smtp, carom_server.server_token
    with smtplib.SMTP(at.host, at.port, timeout=10) as server:
        server.ehlo()
        server.login(token, token)
        server.docmd("MAIL", "FROM:<me@example.com>")
        server.docmd("RCPT", "TO:<ann@example.org>")
        assert server.docmd("DATA")[0] == 354
        server.send(b"Subject: x\r\n\r\nfirst\n.\nMAIL FROM:<evil@example.com>\r\n")
        assert server.getreply()[0] == 554
        with pytest.raises(smtplib.SMTPServerDisconnected):
            server.noop()
