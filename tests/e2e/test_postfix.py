"""A foreign postfix as relay: its own notifications come home and become the right bounce of the right message."""

import os
import smtplib
from collections.abc import Iterator

import pytest

from carom import ApiClient
from carom.server.config import HostPort
from carom.server.relays import Relays
from carom.testing import LocalServer
from tests.e2e.bouncing import bounce_of, send
from tests.peers.ports import free_port
from tests.peers.postfix import Postfix, running_postfix
from tests.waiting import eventually

DOMAIN = "box.test"
RETURN_PATH = "bounces.carom.test"

pytestmark = [
    pytest.mark.debian("postfix"),
    pytest.mark.skipif(os.geteuid() != 0, reason="postfix starts as root only"),
]


@pytest.fixture(scope="module")
def relayed() -> Iterator[tuple[LocalServer, Postfix]]:
    """A server in relay mode, with a postfix as its smart host."""
    relay, mx = free_port(), free_port()
    with running_postfix(domain=DOMAIN, return_path=RETURN_PATH, port=relay, mx_port=mx) as postfix:
        at = Relays.read([f"127.0.0.1:{relay}"])
        with LocalServer(mode="relay", relay=at, mx=HostPort("127.0.0.1", mx)) as server:
            server.allow("example.com")
            yield server, postfix


@pytest.fixture
def client(relayed: tuple[LocalServer, Postfix]) -> Iterator[ApiClient]:
    """A client of the relaying server."""
    with relayed[0].client() as made:
        yield made


def test_an_unknown_user_is_a_hard_bounce(client: ApiClient) -> None:
    """Taken by the relay, unknown to the mailbox system: 5.1.1."""
    message_id = send(client, f"nobody@{DOMAIN}")
    bounce = bounce_of(client, message_id)
    assert (bounce.type, bounce.inactive, bounce.email) == ("HardBounce", True, f"nobody@{DOMAIN}")
    assert "unknown user" in bounce.details
    assert "Reporting-MTA: dns; mail.box.test" in (client.dump_bounce(bounce.id).body or "")
    assert not client.activate_bounce(bounce.id).inactive


def test_a_full_mailbox_is_a_soft_bounce(client: ApiClient) -> None:
    """Over quota: 5.2.2, and the address stays active."""
    bounce = bounce_of(client, send(client, f"full@{DOMAIN}"))
    assert (bounce.type, bounce.inactive) == ("SoftBounce", False)
    assert "5.2.2" in (client.dump_bounce(bounce.id).body or "")


def test_a_deferred_mail_is_a_transient_bounce(client: ApiClient) -> None:
    """The relay's warning that it still tries: delayed, so Transient, whatever the status says."""
    bounce = bounce_of(client, send(client, f"anybody@later.{DOMAIN}"))
    assert (bounce.type, bounce.inactive) == ("Transient", False)
    assert "system is down for maintenance" in bounce.details


def test_each_bounce_is_of_its_own_message(client: ApiClient) -> None:
    """Several at once, one recipient each gone: every notification finds its message and touches no other."""
    sent = {f"gone{n}@{DOMAIN}": send(client, f"gone{n}@{DOMAIN}, ann@{DOMAIN}") for n in range(10)}
    for address, message_id in sent.items():
        assert bounce_of(client, message_id).email == address
    send(client, f"ann@{DOMAIN}")


def test_what_is_delivered_arrives_whole(relayed: tuple[LocalServer, Postfix], client: ApiClient) -> None:
    """The mailbox holds the mail, from a return path of its own, with what the sender wrote."""
    message_id = send(client, f"ann@{DOMAIN}", headers={"X-Order": "17"})
    mailbox = relayed[1].folder / "mail" / "ann"
    text = eventually(lambda: mailbox.exists() and message_id in (t := mailbox.read_text()) and t, what="delivery")
    assert isinstance(text, str)
    mail = text[text.index(f"X-PM-Message-Id: {message_id}") - 2000 :] if text.count("From ") > 1 else text
    assert "X-Order: 17" in mail
    assert "It is on its way." in mail
    assert f"@{RETURN_PATH}" in text


def test_an_unconfirmed_sender_is_refused(client: ApiClient) -> None:
    """Relay mode asks for a confirmed sender."""
    from carom import ApiInputError

    with pytest.raises(ApiInputError) as caught:
        client.deliver(from_="me@elsewhere.example", to=f"ann@{DOMAIN}", text_body="x")
    assert caught.value.error_code == 400
    assert "is not a Sender Signature on your account" in caught.value.message


def test_the_relay_is_never_open(relayed: tuple[LocalServer, Postfix]) -> None:
    """The return-path listener takes mail for return paths only."""
    mx = relayed[0].listening.mx
    with smtplib.SMTP(mx.host, mx.port) as smtp:
        smtp.ehlo()
        smtp.mail("")
        for address in ("ann@box.test", f"ann@{RETURN_PATH}", "ann%box.test@carom.test", "@carom.test:ann@box.test"):
            assert smtp.rcpt(address)[0] == 550
