"""Security row 13: two servers that are each other's relay. What one sends the other takes or refuses, and neither answers
a mail with a mail: it ends there."""

from collections.abc import Iterator

import pytest

from carom import ApiClient
from carom.server.config import HostPort
from carom.server.relays import Relays
from carom.testing import LocalServer
from tests.e2e.bouncing import FROM, bring_home
from tests.peers.ports import free_port
from tests.waiting import eventually


@pytest.fixture
def pair() -> Iterator[tuple[LocalServer, LocalServer]]:
    """Two servers, each in relay mode to the other's MX."""
    ports = free_port(), free_port()
    made = [
        LocalServer(
            mode="relay",
            relay=Relays.read([f"smtp://127.0.0.1:{ports[1 - number]}?tls=none"]),
            mx=HostPort("127.0.0.1", ports[number]),
            hostname=f"mail{number}.example",
            return_path=f"bounces{number}.example",
            inbound_domain=f"in{number}.example",
        )
        for number in (0, 1)
    ]
    with made[0] as one, made[1] as other:
        for server in (one, other):
            server.allow("example.com")
        yield one, other


def waiting(client: ApiClient) -> int:
    """Return how many messages are still to be sent."""
    return client.get_messages_count(status="queued")


def ends(client: ApiClient, message_id: str) -> str:
    """Wait until it is known what became of a message, and return it."""
    events = eventually(lambda: list(client.get_message(message_id).message_events), what="what became of the message")
    return events[0].type


def test_what_goes_round_between_two_servers_ends(pair: tuple[LocalServer, LocalServer]) -> None:
    """To somebody who is not there, to an inbound address, to a return path, and a bounce of a bounce."""
    one, other = pair
    with one.client() as here, other.client() as there:
        inbound = there.server_info().inbound_address
        sent = {
            "nobody": here.deliver(from_=FROM, to="nobody@in1.example", text_body="Hello"),
            "inbound": here.deliver(from_=FROM, to=inbound, text_body="Hello"),
            "home": here.deliver(from_=FROM, to="b+aaaaaaaaaaaaaaaaaaaaaaaaaa@bounces1.example", text_body="Hello"),
            "round": here.deliver(from_=FROM, to=here.server_info().inbound_address, text_body="Hello"),
        }
        became = {name: ends(here, answer.message_id or "") for name, answer in sent.items()}
        assert became["nobody"] == "Bounced"
        assert became["inbound"] == "Delivered"
        assert became["round"] == "Bounced", "the other is no relay for strangers"
        [received] = eventually(lambda: list(there.messages(inbound=True)), what="the inbound mail")
        assert received.to == inbound
        # A bounce that comes for the null sender's own mail: taken, listed at most, and answered by nobody.
        forged = b"From: MAILER-DAEMON@x.example\r\nTo: <>\r\nSubject: Undelivered Mail Returned to Sender\r\n\r\nno such user\r\n"
        for server in pair:
            bring_home(
                server,
                "b+aaaaaaaaaaaaaaaaaaaaaaaaaa@bounces1.example" if server is other else "b+a@bounces0.example",
                forged,
            )
        eventually(lambda: waiting(here) == 0 and waiting(there) == 0, what="the end of both queues")
        assert there.get_messages_count() == 0, "nothing was sent by the one that only received"
        assert here.get_messages_count() == len(sent)
        assert len(list(there.messages(inbound=True))) == 1
