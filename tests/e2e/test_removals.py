"""What an account asks to be removed is removed by the worker: a person, and a server."""

from email import message_from_bytes

import pytest
import sqlalchemy as sa

from carom import AccountApiClient, ApiClient, InactiveRecipientError, InvalidApiKeyError
from carom.server.store.schema import job, message
from carom.server.store.sqlite import sqlite_engine
from carom.testing import LocalServer
from tests.e2e.bouncing import at_test_domain, bounce_of, send
from tests.e2e.test_confirmation import captured_mails, text_of
from tests.waiting import eventually


def rows(server: LocalServer, table: sa.Table) -> int:
    with sqlite_engine(server.data / "carom.db", read_only=True).connect() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def test_a_person_is_erased_and_whoever_asked_is_told() -> None:
    """And still gets no mail."""
    ann = at_test_domain("hardbounce+ann")
    with (
        LocalServer() as server,
        AccountApiClient(server.account_token, base_url=server.url) as account,
        server.client() as client,
    ):
        bounce_of(client, send(client, ann))
        asked = account.request_data_removal(
            requested_by="me@example.com", requested_for=ann.upper(), notify_when_completed=True
        )
        assert (asked.id, asked.status) == (1000, "Pending")
        eventually(lambda: account.get_data_removal_status(asked.id).status == "Done", what="the removal")
        assert client.get_bounces().total_count == 0
        assert client.get_messages().total_count == 0
        with pytest.raises(InactiveRecipientError):
            send(client, ann)
        [(_, to, mail)] = eventually(lambda: captured_mails(server), what="the mail to whoever asked")
        assert to == "me@example.com"
        assert message_from_bytes(mail)["Subject"] == "Your data removal is done"
        assert "the data removal 1000 that you asked for is done" in text_of(mail)
        assert ann not in text_of(mail).lower()
        eventually(lambda: rows(server, job) == 0, what="the end of the job")


def test_a_removed_server_is_emptied() -> None:
    with LocalServer() as server, AccountApiClient(server.account_token, base_url=server.url) as account:
        shop = account.create_server(name="Shop")
        with ApiClient(shop.api_tokens[0], base_url=server.url) as client:
            for number in range(3):
                send(client, f"a{number}@example.org")
            assert rows(server, message) == 3
            assert account.delete_server(shop.id).message == "Server Shop removed."
            with pytest.raises(InvalidApiKeyError):
                client.server_info()
        eventually(lambda: rows(server, message) == 0, what="the end of its mail")
        eventually(lambda: rows(server, job) == 0, what="the end of the job")
