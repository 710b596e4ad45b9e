"""Debian's swaks, a program that knows nothing of this project, submits with each way to log in and each X-PM header."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from carom import ApiClient
from carom.testing import LocalServer
from carom.wire.messages import OutboundMessageDetails
from tests.peers.tls import Certified, certified
from tests.waiting import eventually

pytestmark = pytest.mark.debian("swaks")

CAROM = [sys.executable, "-m", "carom"]
HEADERS = {
    "x-pm-tag": "swaks",
    "X-PM-Metadata-Order": "17",
    "X-Pm-Metadata-order": "18",
    "X-PM-TRACKOPENS": "true",
    "X-PM-TrackLinks": "HtmlOnly",
    "X-PM-KeepID": "true",
    "Message-ID": "<kept@example.com>",
    "X-Mine": "stays",
}


class Place(NamedTuple):
    """A server with TLS, and the keys of its broadcast stream."""

    server: LocalServer
    tls: Certified
    access_key: str
    secret_key: str


def smtp_tokens(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run ``carom smtp-tokens``."""
    command = [*CAROM, "smtp-tokens", *arguments, "--data", str(data)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A server with a certificate."""
    folder = tmp_path_factory.mktemp("swaks")
    tls = certified(folder)
    with LocalServer(data=folder / "data", tls_cert=tls.certificate, tls_key=tls.key, process=True) as server:
        made = smtp_tokens(server.data, "create", "broadcast")
        access_key, secret_key = (line.rpartition(" ")[2] for line in made.stdout.splitlines())
        yield Place(server, tls, access_key, secret_key)


@pytest.fixture
def client(place: Place) -> Iterator[ApiClient]:
    """A client of it, by HTTPS."""
    with place.server.client(verify=place.tls.trusting) as made:
        yield made


def swaks(place: Place, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Submit a mail."""
    at = place.server.listening.smtp
    mail = ["--from", "shop@example.com", "--to", "ann@example.org", "--h-Subject", "Order", "--body", "Hello"]
    command = ["swaks", "--server", at.host, "--port", str(at.port), *mail, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def message_of(done: subprocess.CompletedProcess[str], client: ApiClient) -> OutboundMessageDetails:
    """Return the message that a submission made."""
    assert done.returncode == 0, done.stdout
    [taken] = [line for line in done.stdout.splitlines() if "2.0.0 OK: " in line]
    return client.get_message(taken.rpartition(" ")[2])


@pytest.mark.parametrize("security", [[], ["--tls"]])
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_each_mechanism_with_a_server_token(
    place: Place, client: ApiClient, mechanism: str, security: list[str]
) -> None:
    token = place.server.server_token
    done = swaks(place, "--auth", mechanism, "--auth-user", token, "--auth-password", token, *security)
    message = message_of(done, client)
    assert (message.subject, message.message_stream) == ("Order", "outbound")


def test_the_certificate_is_the_one_that_was_given(place: Place, client: ApiClient) -> None:
    token = place.server.server_token
    trust = ["--tls", "--tls-verify", "--tls-ca-path", str(place.tls.authority)]
    done = swaks(place, "--auth", "PLAIN", "--auth-user", token, "--auth-password", token, *trust)
    assert message_of(done, client).subject == "Order"


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_an_smtp_token_sends_on_its_stream(place: Place, client: ApiClient, mechanism: str) -> None:
    """Also where a header names another."""
    login = ["--auth", mechanism, "--auth-user", place.access_key, "--auth-password", place.secret_key]
    for header in ([], ["--header", "X-PM-Message-Stream: outbound"]):
        assert message_of(swaks(place, *login, *header), client).message_stream == "broadcast"


def test_cram_md5_is_not_for_smtp_tokens(place: Place) -> None:
    """Their secret is not kept, and the answer to a challenge needs it. To try so is no guess, however often."""
    login = ["--auth-user", place.access_key, "--auth-password", place.secret_key]
    for _ in range(12):
        assert "535" in swaks(place, "--auth", "CRAM-MD5", *login).stdout
    assert swaks(place, "--auth", "PLAIN", *login).returncode == 0


def test_every_header_that_steers_a_message(place: Place, client: ApiClient) -> None:
    token = place.server.server_token
    headers = [part for name, value in HEADERS.items() for part in ("--header", f"{name}: {value}")]
    done = swaks(
        place, "--auth", "PLAIN", "--auth-user", token, "--auth-password", token, *headers,
        "--header", "X-PM-Message-Stream: broadcast", "--to", "ann@example.org,hidden@example.org", "--h-To", "ann@example.org",
    )  # fmt: skip
    message = message_of(done, client)
    assert (message.tag, message.message_stream) == ("swaks", "broadcast")
    assert message.metadata == {"Order": "17", "order2": "18"}
    assert (message.track_opens, message.track_links) == (True, "HtmlOnly")
    assert [address.email for address in message.bcc or []] == ["hidden@example.org"]
    source = client.dump_message(message.message_id).body or ""
    head = source.partition("\r\n\r\n")[0].lower()
    assert "message-id: <kept@example.com>" in head
    assert "x-mine: stays" in head
    for gone in ("x-pm-message-stream", "x-pm-metadata", "x-pm-trackopens", "x-pm-tracklinks", "x-pm-keepid", "hidden"):
        assert gone not in head


def test_a_bounce_type_is_asked_for_by_header(place: Place, client: ApiClient) -> None:
    token, to = place.server.server_token, "anything@bounce-testing.postmarkapp.com"
    login = ["--auth", "PLAIN", "--auth-user", token, "--auth-password", token]
    message = message_of(swaks(place, *login, "--to", to, "--header", "X-PM-Bounce-Type: Blocked"), client)
    [bounce] = eventually(lambda: list(client.get_bounces(count=10, offset=0, message_id=message.message_id)))
    assert (bounce.type, bounce.email) == ("Blocked", to)


def test_a_token_is_listed_and_revoked(place: Place) -> None:
    """Its secret is shown once and is in no file; revoked, it is refused at once."""
    data, secret = place.server.data, place.secret_key
    listed = smtp_tokens(data, "list").stdout
    assert place.access_key in listed
    assert secret not in listed
    assert all(secret.encode() not in path.read_bytes() for path in data.iterdir())
    again = smtp_tokens(data, "create", "broadcast")
    assert (again.returncode, "has a token" in again.stderr) == (1, True)
    made = smtp_tokens(data, "create")
    access_key, secret_key = (line.rpartition(" ")[2] for line in made.stdout.splitlines())
    login = ["--auth", "PLAIN", "--auth-user", access_key, "--auth-password", secret_key]
    assert swaks(place, *login).returncode == 0
    assert smtp_tokens(data, "revoke", access_key).stdout == f"{access_key} is revoked\n"
    assert "535" in swaks(place, *login).stdout
    assert smtp_tokens(data, "revoke", access_key).returncode == 1
    assert smtp_tokens(data, "create", "inbound").returncode == 1
