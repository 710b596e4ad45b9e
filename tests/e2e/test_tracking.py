"""Opens and clicks, from the mail that arrived to the API: by real SMTP and HTTP, in every mode's own way."""

import re
import urllib.error
import urllib.request
from email import message_from_bytes
from email.message import Message
from typing import Any, NamedTuple
from uuid import uuid4

import sqlalchemy as sa

from carom import AccountApiClient, ApiClient
from carom.server.app import utc_now
from carom.server.store import domains, received
from carom.server.store.opening import open_database
from carom.server.store.schema import captured
from carom.testing import LocalServer
from carom.testing.databases import finished
from tests.waiting import eventually

SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Mobile/15E148 Safari/604.1"
HTML = '<html><body><p>Hi</p><a href="https://shop.test/?a=1&amp;b=2">Shop</a></body></html>'
TEXT = "Shop: https://shop.test/?a=1&b=2."


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        """Follow nothing: nothing leaves loopback."""


_opener = urllib.request.build_opener(_Stay)


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: Any
    content: bytes


def fetch(url: str, method: str = "GET", data: bytes | None = None, **headers: str) -> Answer:
    """Fetch a URL and return the answer, whatever its status."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url, method=method, data=data, headers=named)
    try:
        answer = _opener.open(request, timeout=30)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        return Answer(answer.status or 0, answer.headers, answer.read())


def delivered(server: LocalServer, to: str) -> Message:
    """Return the mail that the built-in remote took for an address."""

    def look() -> bytes | None:
        async def ask() -> bytes | None:
            database = open_database(server._settings)
            try:
                return await database.read(_captured, to)
            finally:
                await database.close()

        return finished(ask())

    return message_from_bytes(eventually(look, what=f"a mail for {to}") or b"")


def _captured(connection: sa.Connection, to: str) -> bytes | None:
    newest = sa.select(captured.c.id).where(captured.c.recipient == to).order_by(captured.c.id.desc())
    found = connection.scalar(newest.limit(1))
    return None if found is None else received.read_captured(connection, found).content


def body(mail: Message, kind: str) -> str:
    """Return a body of a mail."""
    [part] = [part for part in mail.walk() if part.get_content_type() == f"text/{kind}"]
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content.decode()


def url_in(text: str, purpose: str) -> str:
    """Return the one link of ours in a text."""
    [url] = set(re.findall(rf'https?://[^\s"<>]+/{purpose}/[A-Za-z0-9_-]+', text))
    return str(url)


def somebody() -> str:
    """Return an address that no other test uses."""
    return f"{uuid4().hex[:12]}@example.org"


def send(client: ApiClient, to: str, **fields: Any) -> str:
    """Send a mail with both bodies."""
    sent = client.deliver(from_="shop@example.com", to=to, subject="Hi", html_body=HTML, text_body=TEXT, **fields)
    assert sent.message_id is not None
    return sent.message_id


def test_the_first_open_is_listed_with_its_reader(carom_server: LocalServer, carom_client: ApiClient) -> None:
    to = somebody()
    message_id = send(carom_client, to, track_opens=True)
    mail = delivered(carom_server, to)
    pixel = url_in(body(mail, "html"), "open")
    assert pixel.startswith(carom_server.url)
    assert body(mail, "html").replace("\r\n", "").endswith('height="1" border="0" alt="" /></body></html>')
    assert "shop.test/?a=1&amp;b=2" in body(mail, "html")
    for looks_ahead in ({"Sec_Purpose": "prefetch"}, {"Purpose": "prefetch"}, {"X_Moz": "prefetch"}):
        assert fetch(pixel, "GET", None, **looks_ahead).status == 200
    assert fetch(pixel, "HEAD").status == 200
    for _ in range(2):
        answer = fetch(pixel, User_Agent=SAFARI)
        assert (answer.status, answer.headers["Content-Type"], answer.content[:6]) == (200, "image/gif", b"GIF89a")
        assert "no-store" in answer.headers["Cache-Control"]
    [seen] = carom_client.get_opens(count=10, offset=0, recipient=to)
    assert (seen.message_id, seen.recipient, seen.platform) == (message_id, to, "Mobile")
    assert seen.os is not None
    assert seen.geo is not None
    assert (seen.os.family, seen.geo.ip) == ("iOS", "127.0.0.1")
    message = carom_client.get_message(message_id)
    assert [event.type for event in message.message_events].count("Opened") == 1


def test_a_link_leads_where_it_led(carom_server: LocalServer, carom_client: ApiClient) -> None:
    """From either body; the same link in both is one, and is clicked once."""
    to = somebody()
    message_id = send(carom_client, to, track_links="HtmlAndText")
    mail = delivered(carom_server, to)
    assert "/open/" not in body(mail, "html")
    in_html, in_text = url_in(body(mail, "html"), "click"), url_in(body(mail, "plain"), "click")
    assert body(mail, "plain").strip() == f"Shop: {in_text}."
    fetch(in_html, "HEAD")
    fetch(in_html, Sec_Purpose="prefetch;anonymous-client-ip")
    assert list(carom_client.get_clicks(count=10, offset=0, recipient=to)) == []
    for url in (in_text, in_html):
        answer = fetch(url, User_Agent=SAFARI)
        assert (answer.status, answer.headers["Location"]) == (302, "https://shop.test/?a=1&b=2")
        assert answer.headers["Referrer-Policy"] == "no-referrer"
    [seen] = carom_client.get_clicks(count=10, offset=0, recipient=to)
    assert (seen.message_id, seen.click_location, seen.original_link) == (
        message_id,
        "Text",
        "https://shop.test/?a=1&b=2",
    )


def test_what_is_sent_with_marks_is_counted(fresh_server: LocalServer) -> None:
    with fresh_server.client() as client:
        to = somebody()
        send(client, to, track_opens=True, track_links="HtmlAndText", tag="counted")
        fetch(url_in(body(delivered(fresh_server, to), "html"), "click"))
        totals = eventually(lambda: t if (t := client.get_stats_totals(tag="counted")).tracked else None)
        assert totals is not None
        assert (totals.tracked, totals.total_tracked_links_sent, totals.unique_links_clicked) == (1, 1, 1)


def test_the_server_decides_where_the_message_does_not(fresh_server: LocalServer) -> None:
    """TrackOpens of the server cannot be overruled, TrackLinks can."""
    with fresh_server.client() as client:
        client.update_server_info(track_opens=True, track_links="HtmlAndText")
        to = somebody()
        send(client, to, track_opens=False, track_links="None")
        html = body(delivered(fresh_server, to), "html")
        assert "/open/" in html
        assert "/click/" not in html


def test_what_is_no_link_of_ours_leads_nowhere(carom_server: LocalServer) -> None:
    """And a pixel that is none looks like one."""
    for path in (
        "/click/",
        "/click/aGVsbG8",
        "/click/https://evil.test/",
        "/click//evil.test",
        "/click?u=https://evil.test",
    ):
        answer = fetch(carom_server.url + path)
        assert (answer.status, answer.headers["Location"]) == (404, None)
    assert fetch(carom_server.url + "/open/nonsense").status == 200
    assert fetch(carom_server.url + "/click/x", "POST", b"").status == 404


def test_a_domains_own_name_for_tracked_links(fresh_server: LocalServer) -> None:
    """Once DNS has it, and not before."""

    async def verify() -> None:
        database = open_database(fresh_server._settings)
        try:
            mark = domains.mark_alias
            await database.write(mark, domain.id, "tracking", "click.example.com", utc_now())
        finally:
            await database.close()

    with AccountApiClient(fresh_server.account_token, base_url=fresh_server.url) as account:
        domain = account.create_domain(name="example.com")
        account.update_domain(domain.id, custom_tracking_domain="click.example.com")
    with fresh_server.client() as client:
        for verified in (False, True):
            if verified:
                finished(verify())
            to = somebody()
            send(client, to, track_links="HtmlOnly")
            url = url_in(body(delivered(fresh_server, to), "html"), "click")
            port = fresh_server.listening.http.port
            host = "click.example.com" if verified else "127.0.0.1"
            assert url.startswith(f"http://{host}:{port}/click/")


def test_the_source_in_the_api_holds_nobodys_links(carom_server: LocalServer, carom_client: ApiClient) -> None:
    """Whoever reads it must not open or unsubscribe in a recipient's name."""
    message_id = send(carom_client, somebody(), track_opens=True, track_links="HtmlAndText", message_stream="broadcast")
    source = carom_client.dump_message(message_id).body or ""
    assert not re.search("/(open|click|unsubscribe)/", source)
