# pyright: basic
"""The Django backend. It has no async flavour."""

from collections.abc import Iterator
from typing import Any

import pytest

import carom
from tests.client.served.servers import Served
from tests.client.test_django import mail
from tests.client.test_django import settings as configured

pytest.importorskip("django")
__all__ = ["configured"]


@pytest.fixture
def client(served: Served) -> Iterator[carom.ApiClient]:
    """A client of a fresh server, to look into it."""
    with carom.ApiClient(served.fresh(), base_url=served.url) as client:
        yield client


def send(client: carom.ApiClient, *messages: Any, **options: Any) -> int:
    """Send by the backend."""
    from django.core.mail import get_connection

    base_url = client._settings.origin
    return int(get_connection(api_token=client.api_token, base_url=base_url, **options).send_messages(list(messages)))


def test_s21_what_is_sent_is_counted_and_arrives(configured: Any, client: carom.ApiClient) -> None:
    message = mail(cc=["c@example.org"], bcc=["b@example.org"], headers={"X-A": "1"})
    message.attach_alternative("<p>Hi</p>", "text/html")
    message.attach("a.txt", "text", "text/plain")
    assert send(client, message, mail(to=[])) == 1
    read = client.get_message(message.postmark_response.message_id)
    assert [box.email for box in (*read.to, *read.cc, *read.bcc)] == ["a@example.org", "c@example.org", "b@example.org"]
    assert (read.subject, (read.text_body or "").strip(), (read.html_body or "").strip()) == ("S", "Hi", "<p>Hi</p>")
    assert read.attachments == ["a.txt"]


def test_s20_s21_one_refusal_in_a_batch(configured: Any, client: carom.ApiClient) -> None:
    client.create_suppressions("outbound", "gone@example.org")
    gone = mail(to=["gone@example.org"])
    assert send(client, mail(), gone, fail_silently=True) == 1
    assert isinstance(gone.postmark_response.error, carom.InactiveRecipientError)
    with pytest.raises(carom.BatchError):
        send(client, mail(), gone)
    assert client.get_messages_count() == 2
    client.api_token = "no-token"
    assert send(client, mail(), fail_silently=True) == 0
    with pytest.raises(carom.InvalidApiKeyError):
        send(client, mail())


def test_m16_options_of_a_message_are_anymails(configured: Any, client: carom.ApiClient) -> None:
    client.create_template(name="W", alias="welcome", subject="Hi {{user_name}}", text_body="x")
    message, templated = mail(), mail()
    message.tags, message.metadata, message.track_clicks, message.message_stream = ["t"], {"k": "v"}, True, "broadcast"
    templated.template_id, templated.merge_global_data = "welcome", {"user_name": 1}
    assert send(client, message, templated) == 2
    read = client.get_message(message.postmark_response.message_id)
    assert (read.tag, read.metadata, read.track_links, read.message_stream) == (
        "t",
        {"k": "v"},
        "HtmlAndText",
        "broadcast",
    )
    assert client.get_message(templated.postmark_response.message_id).subject == "Hi 1"
