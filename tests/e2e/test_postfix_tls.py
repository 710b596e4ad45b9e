"""A foreign postfix that takes mail under TLS alone: mail goes out verified, its notifications come home, and a certificate that
is somebody else's gets nothing."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from carom.server.config import HostPort
from carom.server.relays import Relays
from carom.testing import LocalServer
from tests.cli.test_queue import listed
from tests.e2e.bouncing import bounce_of, send
from tests.peers.ports import free_port
from tests.peers.postfix import Postfix, running_postfix
from tests.waiting import eventually

DOMAIN = "box.test"

pytestmark = [
    pytest.mark.debian("postfix"),
    pytest.mark.skipif(os.geteuid() != 0, reason="postfix starts as root only"),
]


class Peer:
    """A postfix with a certificate, and who signed it."""

    def __init__(self, postfix: Postfix, authority: Path, mx: int) -> None:
        self.postfix, self.authority, self.mx = postfix, authority, mx


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    folder = tmp_path_factory.mktemp("tls")
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(folder / "ca.pem"))
    ca.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(folder / "postfix.pem"))
    mx = free_port()
    with running_postfix(
        domain=DOMAIN,
        return_path="bounces.carom.test",
        port=free_port(),
        mx_port=mx,
        certificate=folder / "postfix.pem",
    ) as postfix:
        yield Peer(postfix, folder / "ca.pem", mx)


def test_mail_goes_out_verified_and_its_bounce_comes_home(peer: Peer) -> None:
    relay = Relays.read([f"smtp://127.0.0.1:{peer.postfix.port}?tls=required"])
    mx = HostPort("127.0.0.1", peer.mx)
    with (
        LocalServer(mode="relay", relay=relay, relay_authorities=peer.authority, mx=mx) as server,
        server.client() as client,
    ):
        server.allow("example.com")
        message_id = send(client, f"ann@{DOMAIN}")
        mailbox = peer.postfix.folder / "mail" / "ann"
        text = eventually(lambda: mailbox.exists() and message_id in (t := mailbox.read_text()) and t, what="delivery")
        assert "(using TLSv1.3 with cipher" in str(text)
        bounce = bounce_of(client, send(client, f"nobody@{DOMAIN}"))
        assert (bounce.type, bounce.inactive, bounce.email) == ("HardBounce", True, f"nobody@{DOMAIN}")


def test_a_certificate_of_nobody_we_know_gets_nothing(peer: Peer, tmp_path: Path) -> None:
    """The mail waits and says why; nothing went out in clear."""
    relay = Relays.read([f"smtp://127.0.0.1:{peer.postfix.port}?tls=required"])
    with LocalServer(data=tmp_path, mode="relay", relay=relay) as server, server.client() as client:
        server.allow("example.com")
        message_id = send(client, f"ann@{DOMAIN}")
        eventually(lambda: (found := listed(tmp_path)) and "certificate" in found[0]["said"], what="the attempt")
        mailbox = peer.postfix.folder / "mail" / "ann"
        assert not mailbox.exists() or message_id not in mailbox.read_text()
