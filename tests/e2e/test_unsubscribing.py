"""Leaving a broadcast stream by its link, by the mail program's button, and coming back."""

import re
from typing import Any

import pytest

from carom import ApiClient
from carom.testing import LocalServer
from tests.e2e.test_tracking import body, delivered, fetch, somebody, url_in

BROADCAST: dict[str, Any] = {"message_stream": "broadcast"}


def send(client: ApiClient, to: str, **fields: Any) -> None:
    """Send a mail with both bodies."""
    given: dict[str, Any] = {"html_body": "<html><body><p>News</p></body></html>", "text_body": "News", **fields}
    client.deliver(from_="shop@example.com", to=to, subject="News", **given)


def suppressed(client: ApiClient, stream: str, to: str) -> list[tuple[str, str]]:
    """Return what an address is suppressed for."""
    found = client.dump_suppressions(stream, email_address=to)
    return [(one.suppression_reason, one.origin) for one in found]


def link_of(server: LocalServer, client: ApiClient, to: str) -> str:
    """Send a broadcast and return its unsubscribe link."""
    send(client, to, **BROADCAST)
    return url_in(body(delivered(server, to), "html"), "unsubscribe")


def test_a_broadcast_says_how_to_leave(carom_server: LocalServer, carom_client: ApiClient) -> None:
    """In the header fields of RFC 8058 and below both bodies; the sender's own fields do not count."""
    to = somebody()
    own = [
        {"Name": "List-Unsubscribe", "Value": "<https://evil.test>"},
        {"Name": "list-unsubscribe-post", "Value": "x"},
    ]
    send(carom_client, to, headers=own, **BROADCAST)
    mail = delivered(carom_server, to)
    url = url_in(body(mail, "html"), "unsubscribe")
    assert mail.get_all("List-Unsubscribe") == [f"<{url}>"]
    assert mail.get_all("List-Unsubscribe-Post") == ["List-Unsubscribe=One-Click"]
    assert body(mail, "plain").replace("\r\n", "\n") == f"News\n\n--\nUnsubscribe: {url}\n"
    assert f'<a href="{url}"' in body(mail, "html")


def test_on_a_transactional_stream_only_the_placeholder_counts(
    carom_server: LocalServer, carom_client: ApiClient
) -> None:
    """The sender's own fields stay."""
    to = somebody()
    own = [{"Name": "List-Unsubscribe", "Value": "<https://shop.test/leave>"}]
    send(carom_client, to, headers=own)
    mail = delivered(carom_server, to)
    assert mail.get_all("List-Unsubscribe") == ["<https://shop.test/leave>"]
    assert "/unsubscribe/" not in mail.as_string()
    to = somebody()
    send(carom_client, to, html_body='<a href="{{{ pm:unsubscribe }}}">Leave</a>')
    mail = delivered(carom_server, to)
    assert mail["List-Unsubscribe"] is None
    fetch(url_in(body(mail, "html"), "unsubscribe"), "POST", b"action=unsubscribe")
    assert suppressed(carom_client, "outbound", to) == [("ManualSuppression", "Recipient")]


def test_one_click_unsubscribes(carom_server: LocalServer, carom_client: ApiClient) -> None:
    """RFC 8058: a POST in either form, with no cookie and no question; that stream alone."""
    multipart = b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n'
    for form, kind in (
        (b"List-Unsubscribe=One-Click", "application/x-www-form-urlencoded"),
        (multipart, "multipart/form-data; boundary=x"),
    ):
        to = somebody()
        link = link_of(carom_server, carom_client, to)
        assert fetch(link, "POST", form, Content_Type=kind).status == 200
        assert suppressed(carom_client, "broadcast", to) == [("ManualSuppression", "Recipient")]
        assert suppressed(carom_client, "outbound", to) == []
        assert fetch(link, "POST", form).status == 200
        assert len(suppressed(carom_client, "broadcast", to)) == 1


def test_to_look_changes_nothing(carom_server: LocalServer, carom_client: ApiClient) -> None:
    to = somebody()
    link = link_of(carom_server, carom_client, to)
    for method in ("GET", "HEAD"):
        assert fetch(link, method).status == 200
    assert fetch(link, "PUT", b"").status == 405
    assert suppressed(carom_client, "broadcast", to) == []


def test_the_page_asks_and_lets_one_back(carom_server: LocalServer, carom_client: ApiClient) -> None:
    to = somebody()
    link = link_of(carom_server, carom_client, to)
    page = fetch(link).content.decode()
    assert "Shall they stop?" in page
    assert to in page
    assert 'method="post"' in page
    assert 'value="unsubscribe"' in page
    assert 'value="resubscribe"' in fetch(link, "POST", b"action=unsubscribe").content.decode()
    assert 'value="resubscribe"' in fetch(link).content.decode()
    assert "again" in fetch(link, "POST", b"action=resubscribe").content.decode()
    assert suppressed(carom_client, "broadcast", to) == []


def test_to_come_back_lifts_nothing_else(carom_server: LocalServer, carom_client: ApiClient) -> None:
    """Not what the sender has suppressed."""
    to = somebody()
    link = link_of(carom_server, carom_client, to)
    carom_client.create_suppressions("broadcast", [to])
    fetch(link, "POST", b"action=resubscribe")
    assert suppressed(carom_client, "broadcast", to) == [("ManualSuppression", "Customer")]


def test_the_page_loads_nothing_and_stands_in_no_frame(carom_server: LocalServer, carom_client: ApiClient) -> None:
    answer = fetch(link_of(carom_server, carom_client, somebody()))
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"<(script|img|link)|src=|url\(", answer.content.decode())


@pytest.mark.parametrize("path", ["/unsubscribe/", "/unsubscribe/nonsense", "/unsubscribe/" + "a" * 9000])
def test_what_is_no_link_changes_nothing(carom_server: LocalServer, path: str) -> None:
    for method, data in (("GET", None), ("POST", b"List-Unsubscribe=One-Click")):
        assert fetch(carom_server.url + path, method, data).status == 404
