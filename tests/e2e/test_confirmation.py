"""A sender signature from its making to the first mail from it, over the network, with the mail that asks for it."""

import re
from email import message_from_bytes
from email.policy import default
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa

from carom import AccountApiClient, ApiClient, ApiInputError
from carom.server.relays import Relays
from carom.server.store import bodies
from carom.server.store.schema import captured
from carom.server.store.sqlite import sqlite_engine
from carom.testing import LocalServer
from tests.peers.sink import running_sink
from tests.waiting import eventually


def deliver(client: ApiClient) -> bool:
    return client.deliver(from_="jane@example.com", to="ann@example.org", subject="Hi", text_body="Hello").ok


def captured_mails(server: LocalServer) -> list[tuple[str, str, bytes]]:
    """What the built-in remote took: from, to, and the mail."""
    with sqlite_engine(server.data / "carom.db", read_only=True).connect() as connection:
        rows = connection.execute(sa.select(captured).order_by(captured.c.id)).all()
        return [(row.mail_from, row.recipient, bodies.fetch(connection, row.digest) or b"") for row in rows]


def text_of(mail: bytes) -> str:
    body = message_from_bytes(mail, policy=default).get_body()
    assert body is not None
    return "\n".join(body.get_content().splitlines())


def link_in(mail: bytes) -> str:
    found = re.search(r"^http://\S+$", text_of(mail), re.MULTILINE)
    assert found
    return found[0]


def opened(link: str, method: str = "GET") -> tuple[int, dict[str, str], str]:
    """Open a link as a browser does."""
    parts = urlsplit(link)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    connection.request(method, parts.path)
    answer = connection.getresponse()
    said = answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read().decode()
    connection.close()
    return said


def test_opening_the_link_lets_the_address_send() -> None:
    """Once for all; a link that is not ours, or whose signature is gone, does nothing."""
    with (
        LocalServer(strict=True) as server,
        AccountApiClient(server.account_token, base_url=server.url) as account,
        server.client() as client,
    ):
        jane = account.create_sender(
            from_email="jane@example.com", name="Jane <b>", confirmation_personal_note="It is me: \u00fc."
        )
        with pytest.raises(ApiInputError) as refused:
            deliver(client)
        assert refused.value.error_code == 401

        [(mail_from, to, mail)] = eventually(lambda: captured_mails(server), what="the mail")
        assert (mail_from, to) == ("no-reply@carom.test", "jane@example.com")
        message = message_from_bytes(mail, policy=default)
        assert (message["To"], message["From"]) == ("jane@example.com", "Carom <no-reply@carom.test>")
        assert message["Auto-Submitted"] == "auto-generated"
        assert "It is me: \u00fc." in text_of(mail)
        link = link_in(mail)
        assert link.startswith(f"{server.url}/confirm/a{jane.id}-")

        last = "0" if link[-1] != "0" else "1"
        for wrong in (
            link[:-1] + last,
            link.replace(f"a{jane.id}", f"a{jane.id + 1}"),
            f"{link}0",
            f"{server.url}/confirm/",
            f"{server.url}/confirm/a{jane.id}.%C3%A9",
            f"{server.url}/confirm/a{jane.id}-99999999999.{link.rpartition('.')[2]}",
        ):
            assert opened(wrong)[0] == 404
        assert opened(link, "HEAD")[0] == 405
        assert opened(link, "POST")[0] == 405
        assert not account.get_sender(jane.id).confirmed

        for _ in range(2):
            status, headers, page = opened(link)
            assert status == 200
            assert "jane@example.com may send" in page
            assert headers["content-type"] == "text/html; charset=utf-8"
            assert headers["cache-control"] == "no-store"
            assert headers["referrer-policy"] == "no-referrer"
            assert "default-src 'none'" in headers["content-security-policy"]
        assert account.get_sender(jane.id).confirmed
        assert deliver(client)

        account.delete_sender(jane.id)
        again = account.create_sender(from_email="jane@example.com", name="Jane")
        assert opened(link)[0] == 404
        assert not account.get_sender(again.id).confirmed


def test_the_mail_goes_out_by_the_relay() -> None:
    """And its link leads to where the operator says that people reach the server."""
    with (
        running_sink() as sink,
        LocalServer(
            mode="relay", relay=Relays.read([f"{sink.host}:{sink.port}"]), public_url="http://mail.example.com/", hostname="mx.example.com"
        ) as server,
        AccountApiClient(server.account_token, base_url=server.url) as account,
    ):  # fmt: skip
        jane = account.create_sender(from_email="jane@example.com", name="Jane")
        [mail] = eventually(lambda: sink.mails, what="the mail at the relay")
        assert sink.deliveries == [("", "jane@example.com")]
        assert link_in(mail).startswith(f"http://mail.example.com/confirm/a{jane.id}-")
        assert message_from_bytes(mail)["From"] == "Carom <no-reply@mx.example.com>"
        account.resend_sender_confirmation(jane.id)
        eventually(lambda: len(sink.mails) == 2, what="the second mail")
