"""What comes home and is no bounce: complaints, challenges, replies, requests. With proof they count; without they are powerless."""

import smtplib
from pathlib import Path

import pytest

from carom import AccountApiClient, ApiClient, Bounce
from carom.server.app import utc_now
from carom.server.store import domains
from carom.server.store.opening import open_database
from carom.testing import LocalServer
from carom.testing.databases import finished
from tests.e2e.bouncing import bounce_of, bounces_of, bring_home, send
from tests.e2e.test_tracking import delivered, somebody
from tests.waiting import eventually

MAILS = Path(__file__).parents[1] / "bounce" / "mails"
ABUSE = "abuse@bounces.carom.test"

REPORT = """\
From: fbl@provider.example\r
To: abuse@bounces.carom.test\r
Subject: FW: Your order\r
MIME-Version: 1.0\r
Content-Type: multipart/report; report-type=feedback-report; boundary="x"\r
\r
--x\r
Content-Type: text/plain\r
\r
This is an email abuse report.\r
--x\r
Content-Type: message/feedback-report\r
\r
Feedback-Type: {kind}\r
User-Agent: Example/1.0\r
Version: 1\r
Original-Rcpt-To: {to}\r
\r
--x\r
Content-Type: message/rfc822\r
\r
{returned}\r
--x--\r
"""


def report(kind: str, to: str, returned: str) -> bytes:
    """Write a feedback report (RFC 5965)."""
    return REPORT.format(kind=kind, to=to, returned=returned).encode()


def sent_and_returned(server: LocalServer, client: ApiClient) -> tuple[str, str, str]:
    """Send a mail; return its MessageID, its recipient, and it as it arrived."""
    to = somebody()
    message_id = send(client, to)
    return message_id, to, delivered(server, to).as_string().replace("\r\n", "\n").replace("\n", "\r\n")


def outcome(client: ApiClient, server: LocalServer, mail: bytes) -> Bounce | None:
    """Bring a mail home, then a bounce behind it: once that is listed, so is what came before."""
    bring_home(server, ABUSE, mail)
    message_id, to, returned = sent_and_returned(server, client)
    bring_home(server, ABUSE, report("abuse", to, returned))
    return bounce_of(client, message_id)


def test_a_complaint_suppresses_and_a_replay_is_one_event(carom_server: LocalServer, carom_client: ApiClient) -> None:
    """Proved by our signed header in the returned mail, wherever the report comes in (security row 12)."""
    message_id, to, returned = sent_and_returned(carom_server, carom_client)
    for _ in range(10):
        bring_home(carom_server, ABUSE, report("abuse", to, returned))
    outcome(carom_client, carom_server, report("abuse", to, returned))
    [bounce] = bounces_of(carom_client, message_id)
    assert (bounce.type, bounce.inactive, bounce.can_activate, bounce.email) == ("SpamComplaint", True, False, to)
    [row] = carom_client.dump_suppressions("outbound", email_address=to)
    assert (row.suppression_reason, row.origin) == ("SpamComplaint", "Recipient")
    events = [event.type for event in carom_client.get_message(message_id).message_events]
    assert len(events) == len(set(events))


def test_what_is_called_no_spam_is_no_complaint(carom_server: LocalServer, carom_client: ApiClient) -> None:
    message_id, to, returned = sent_and_returned(carom_server, carom_client)
    outcome(carom_client, carom_server, report("not-spam", to, returned))
    assert [one.type for one in carom_client.get_bounces(count=10, offset=0, message_id=message_id)] != [
        "SpamComplaint"
    ]
    assert list(carom_client.dump_suppressions("outbound", email_address=to)) == []


def test_forged_complaints_suppress_nobody(carom_server: LocalServer, carom_client: ApiClient) -> None:
    """True Message-IDs, and no header of ours, or a damaged one."""
    message_id, to, returned = sent_and_returned(carom_server, carom_client)
    bare = f"To: {to}\r\nMessage-ID: <{message_id}@carom.test>\r\nX-PM-Message-Id: {message_id}\r\n\r\nHi"
    damaged = returned.replace("X-PM-Message-Options: v1;a", "X-PM-Message-Options: v1;b")
    assert damaged != returned
    for forged in (bare, damaged):
        bring_home(carom_server, ABUSE, report("abuse", to, forged))
    outcome(carom_client, carom_server, report("abuse", to, bare))
    assert {(one.type, one.inactive) for one in bounces_of(carom_client, message_id)} == {("Unknown", False)}
    send(carom_client, to)


def test_a_hundred_forged_notifications_suppress_nobody(carom_server: LocalServer, carom_client: ApiClient) -> None:
    """Security row 11: reports that name true messages, to return paths that somebody made up."""
    sent = [sent_and_returned(carom_server, carom_client)[:2] for _ in range(5)]
    at = carom_server.listening.mx
    with smtplib.SMTP(at.host, at.port, timeout=30) as smtp:
        for number in range(100):
            message_id, to = sent[number % len(sent)]
            home = (
                f"b+a{number:032}@bounces.carom.test".replace("0", "a")
                .replace("1", "b")
                .replace("8", "c")
                .replace("9", "d")
            )
            smtp.sendmail("", [home], DSN.format(to=to, message_id=message_id))
    for message_id, to in sent:
        assert {(one.type, one.inactive) for one in bounces_of(carom_client, message_id)} == {("Unknown", False)}
        assert list(carom_client.dump_suppressions("outbound", email_address=to)) == []


DSN = (
    "From: MAILER-DAEMON@evil.example\r\nTo: x\r\nSubject: Undelivered\r\nMIME-Version: 1.0\r\n"
    'Content-Type: multipart/report; report-type=delivery-status; boundary="x"\r\n\r\n'
    "--x\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; evil.example\r\n\r\n"
    "Final-Recipient: rfc822; {to}\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
    "--x\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <{message_id}@carom.test>\r\n"
    "X-PM-Message-Id: {message_id}\r\n\r\n--x--\r\n"
)


@pytest.mark.parametrize(
    ("name", "kind", "reason"),
    [
        ("challenge-held", "ChallengeVerification", None),
        ("autoreply-en", "AutoResponder", None),
        ("unsubscribe-subject", "Unsubscribe", "ManualSuppression"),
        ("virus-amavis", "VirusNotification", None),
    ],
)
def test_a_mail_to_a_true_return_path_becomes_its_type(
    carom_server: LocalServer, carom_client: ApiClient, name: str, kind: str, reason: str | None
) -> None:
    """The return path is the proof, whatever the mail holds; only a request to leave suppresses."""
    to = somebody()
    message_id = send(carom_client, to)
    delivered(carom_server, to)
    bring_home(
        carom_server, return_path_of(carom_server, carom_client, message_id), (MAILS / f"{name}.eml").read_bytes()
    )
    bounce = bounce_of(carom_client, message_id)
    assert (bounce.type, bounce.email) == (kind, to)
    found = [one.suppression_reason for one in carom_client.dump_suppressions("outbound", email_address=to)]
    assert found == ([] if reason is None else [reason])


def return_path_of(server: LocalServer, client: ApiClient, message_id: str) -> str:
    """Return the return path of a message's one recipient, as the remote saw it."""
    from sqlalchemy import select

    from carom.server.store.schema import captured

    async def ask() -> str:
        database = open_database(server._settings)
        try:
            to = client.get_message(message_id).recipients[0]
            wanted = select(captured.c.mail_from).where(captured.c.recipient == to)
            return str(await database.read(lambda connection: connection.scalar(wanted)))
        finally:
            await database.close()

    return finished(ask())


def test_a_verified_return_path_domain_takes_bounces(fresh_server: LocalServer) -> None:
    """And one that is not verified takes nothing."""

    async def verify() -> None:
        database = open_database(fresh_server._settings)
        try:
            await database.write(domains.mark_alias, domain.id, "return_path", "pm.example.com", utc_now())
        finally:
            await database.close()

    with AccountApiClient(fresh_server.account_token, base_url=fresh_server.url) as account:
        domain = account.create_domain(name="example.com", return_path_domain="pm.example.com")
    at = fresh_server.listening.mx
    with smtplib.SMTP(at.host, at.port, timeout=30) as smtp:
        smtp.ehlo()
        smtp.mail("")
        assert smtp.rcpt("abuse@pm.example.com")[0] == 550
        finished(verify())
        assert smtp.rcpt("abuse@pm.example.com")[0] == 250
        assert smtp.rcpt("someone@pm.example.com")[0] == 550
    with fresh_server.client() as client:
        message_id, to, returned = sent_and_returned(fresh_server, client)
        bring_home(fresh_server, "abuse@pm.example.com", report("abuse", to, returned))
        assert bounce_of(client, message_id).type == "SpamComplaint"
        eventually(lambda: list(client.dump_suppressions("outbound", email_address=to)))


def test_a_mail_that_goes_round_in_circles_is_refused(carom_server: LocalServer) -> None:
    """Security row 13; one hop less is taken."""
    at = carom_server.listening.mx
    with smtplib.SMTP(at.host, at.port, timeout=30) as smtp:
        for hops, code in ((100, 250), (101, 554)):
            smtp.ehlo()
            smtp.mail("")
            smtp.rcpt(ABUSE)
            assert (
                smtp.data("Received: from a by b\r\n" * hops + "Subject: x\r\n\r\nReceived: no header\r\n")[0] == code
            )
