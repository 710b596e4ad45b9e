"""The placeholder and the footer."""

from typing import Any

import pytest

from carom.server.rules.unsubscribing import has_placeholder, put_link
from carom.wire.email import SendEmail

URL = "https://c.test/unsubscribe/T"
LINK = f'<a href="{URL}">Unsubscribe</a>'


def put(footer: bool = False, **bodies: Any) -> SendEmail:
    return put_link(SendEmail(from_="a@example.com", to="b@example.com", **bodies), URL, footer=footer)


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>{{{ pm:unsubscribe }}}</p>", f"<p>{LINK}</p>"),
        ("{{{pm:unsubscribe}}}", LINK),
        ('<a href="{{{ pm:unsubscribe }}}">Leave</a>', f'<a href="{URL}">Leave</a>'),
        ("<a href={{{pm:unsubscribe}}}>Leave</a> {{{ pm:unsubscribe }}}", f"<a href={URL}>Leave</a> {LINK}"),
        ('<p>{{{ pm:unsubscribe label="Leave us" }}}', f'<p><a href="{URL}">Leave us</a>'),
        ("{{{ pm:unsubscribe_url }}}", URL),
        ("<p>{{ pm:unsubscribe }}</p>", "<p>{{ pm:unsubscribe }}</p>"),
    ],
)
def test_the_placeholder_in_html(html: str, expected: str) -> None:
    assert put(html_body=html).html_body == expected


def test_the_placeholder_in_text() -> None:
    assert put(text_body="Leave: {{{ pm:unsubscribe }}}").text_body == f"Leave: {URL}"
    assert put(text_body="{{{ pm:unsubscribe label='Leave' }}}").text_body == f"Leave: {URL}"


def test_a_footer_stands_in_each_body_that_has_no_placeholder() -> None:
    found = put(footer=True, html_body="<body><p>x</p></body>", text_body="{{{ pm:unsubscribe }}}")
    assert str(found.html_body).startswith("<body><p>x</p><p style=")
    assert str(found.html_body).count(URL) == 1
    assert found.text_body == URL
    found = put(footer=True, html_body="<p>{{{ pm:unsubscribe }}}</p>", text_body="x")
    assert found.html_body == f"<p>{LINK}</p>"
    assert found.text_body == f"x\n\n--\nUnsubscribe: {URL}\n"


def test_without_placeholder_and_footer_nothing_changes() -> None:
    email = SendEmail(from_="a@example.com", to="b@example.com", html_body="<p>x", text_body="x")
    assert not has_placeholder(email)
    assert put_link(email, URL, footer=False) == email
