"""Two foreign postfixes, one that relays for us and one that is the recipients' system, and TLS on every way: mail goes out,
and what comes of it comes back."""

import os
import smtplib
from collections.abc import Iterator
from email.message import EmailMessage
from typing import NamedTuple

import pytest

from carom import ApiClient
from carom.server.config import HostPort
from carom.server.relays import Relays
from carom.testing import LocalServer
from tests.e2e.bouncing import bounce_of, bounces_of, send
from tests.e2e.test_complaints import ABUSE, report
from tests.peers.ports import free_port
from tests.peers.postfix import Postfix, running_postfix
from tests.peers.tls import Certified, certified
from tests.waiting import eventually

DOMAIN = "box.test"
RETURN_PATH, INBOUND = "bounces.carom.test", "inbound.carom.test"

pytestmark = [
    pytest.mark.debian("postfix"),
    pytest.mark.skipif(os.geteuid() != 0, reason="postfix starts as root only"),
]


class World(NamedTuple):
    """A server between two postfixes, which takes mail out and brings it home."""

    server: LocalServer
    client: ApiClient
    tls: Certified
    relay: Postfix
    theirs: Postfix


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("world")
    tls = certified(folder)
    chain = folder / "postfix.pem"
    chain.write_bytes(tls.key.read_bytes() + tls.certificate.read_bytes())
    mx, relay_port, their_port = free_port(), free_port(), free_port()
    home = {INBOUND: mx}
    with (
        running_postfix(
            domain=DOMAIN, return_path=RETURN_PATH, port=their_port, mx_port=mx, certificate=chain,
            authority=tls.authority, routes=home,
        ) as theirs,
        running_postfix(
            domain="relay.test", return_path=RETURN_PATH, port=relay_port, mx_port=mx, certificate=chain,
            authority=tls.authority, routes={DOMAIN: their_port},
        ) as relay,
        LocalServer(
            process=True, mode="relay", mx=HostPort("127.0.0.1", mx), tls_cert=tls.certificate, tls_key=tls.key,
            relay=Relays.read([f"smtp://127.0.0.1:{relay_port}?tls=required"]), relay_authorities=tls.authority,
        ) as server,
        server.client(verify=tls.trusting) as client,
    ):  # fmt: skip
        server.allow("example.com")
        yield World(server, client, tls, relay, theirs)


def arrived(world: World, message_id: str) -> str:
    """Wait until a mail is in the mailbox of its recipient; return it as it stands there."""
    mailbox = world.theirs.folder / "mail" / "ann"

    def found() -> str:
        mails = mailbox.read_text().split("\nFrom ") if mailbox.exists() else []
        return next((mail for mail in mails if message_id in mail), "")

    return eventually(found, what="the delivery")


def somebody_sends(world: World, to: str, content: bytes) -> None:
    """Have a user of the recipients' system send a mail."""
    with smtplib.SMTP(world.theirs.host, world.theirs.port, timeout=30) as smtp:
        smtp.starttls(context=world.tls.trusting)
        assert smtp.sendmail(f"ann@{DOMAIN}", [to], content) == {}


def test_mail_goes_out_through_the_relay_under_tls_all_the_way(world: World) -> None:
    message_id = send(world.client, f"ann@{DOMAIN}")
    mail = arrived(world, message_id)
    hops = mail.partition("\nDKIM-Signature:")[0]
    assert hops.count("(using TLSv1.3 with cipher") == 2
    event = eventually(
        lambda: [one for one in world.client.get_message(message_id).message_events if one.type == "Delivered"],
        what="the event",
    )[0]
    assert event.details["DestinationIP"] == "127.0.0.1"


def test_a_notification_comes_home_under_tls_and_is_matched(world: World) -> None:
    message_id = send(world.client, f"nobody@{DOMAIN}")
    bounce = bounce_of(world.client, message_id)
    assert (bounce.type, bounce.email, bounce.inactive) == ("HardBounce", f"nobody@{DOMAIN}", True)
    dump = world.client.dump_bounce(bounce.id).body or ""
    assert f"Reporting-MTA: dns; mail.{DOMAIN}" in dump
    assert verified_there(world) >= 1


def test_a_complaint_comes_back_and_is_matched(world: World) -> None:
    message_id = send(world.client, f"ann@{DOMAIN}")
    mail = arrived(world, message_id).replace("\n", "\r\n")
    somebody_sends(world, ABUSE, report("abuse", f"ann@{DOMAIN}", mail.partition("\r\n")[2]))
    bounce = bounce_of(world.client, message_id)
    assert (bounce.type, bounce.email, bounce.inactive) == ("SpamComplaint", f"ann@{DOMAIN}", True)
    assert len(bounces_of(world.client, message_id)) == 1
    [row] = world.client.dump_suppressions("outbound", email_address=f"ann@{DOMAIN}")
    assert (row.suppression_reason, row.origin) == ("SpamComplaint", "Recipient")


def test_mail_of_theirs_comes_in_and_can_be_read(world: World) -> None:
    before = verified_there(world)
    to = world.client.server_info().inbound_address
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = f"ann@{DOMAIN}", to, "There and back"
    mail.set_content("Hello from the other side.")
    somebody_sends(world, to, mail.as_bytes())
    [listed] = eventually(
        lambda: list(world.client.messages(inbound=True, subject="There and back")), what="the inbound message"
    )
    shown = world.client.get_message(listed.message_id, inbound=True)
    assert (shown.from_, shown.status, shown.text_body.strip()) == (
        f"ann@{DOMAIN}",
        "Processed",
        "Hello from the other side.",
    )
    assert verified_there(world) > before


def verified_there(world: World) -> int:
    """Count the connections of the recipients' system to us whose certificate it verified."""
    mx = world.server.listening.mx.port
    return sum(
        "Verified TLS connection established to 127.0.0.1" in line and f":{mx}:" in line
        for line in world.theirs.log.splitlines()
    )
