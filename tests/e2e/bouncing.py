"""Sending and waiting, as the end-to-end tests do it."""

import smtplib
from typing import Any

from carom import ApiClient, Bounce
from carom.server.rules.scenarios import TEST_DOMAIN
from carom.testing import LocalServer
from tests.waiting import eventually

FROM = "shop@example.com"


def send(client: ApiClient, to: str, **fields: Any) -> str:
    """Send a mail and return its id."""
    sent = client.deliver(from_=FROM, to=to, subject="Your order", text_body="It is on its way.", **fields)
    assert sent.error_code == 0
    assert sent.message_id is not None
    return sent.message_id


def at_test_domain(local: str) -> str:
    """Return an address of the test domain."""
    return f"{local}@{TEST_DOMAIN}"


def bounces_of(client: ApiClient, message_id: str, number: int = 1) -> list[Bounce]:
    """Wait until a message has so many bounces, and return them."""

    def enough() -> list[Bounce]:
        found = list(client.get_bounces(count=100, offset=0, message_id=message_id))
        return found if len(found) >= number else []

    return eventually(enough, what=f"{number} bounce(s) of {message_id}")


def bounce_of(client: ApiClient, message_id: str) -> Bounce:
    """Wait for the one bounce of a message."""
    [bounce] = bounces_of(client, message_id)
    return bounce


def bring_home(server: LocalServer, return_path: str, mail: bytes) -> None:
    """Hand a mail to the server's return-path listener, as a remote would."""
    mx = server.listening.mx
    with smtplib.SMTP(mx.host, mx.port, timeout=30) as smtp:
        assert smtp.sendmail("", [return_path], mail) == {}
