"""Marks for tracking: what is wanted, which links are marked, and that nothing else changes."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from carom.server.rules.html_tags import tags
from carom.server.rules.tracking import Marked, Wanted, is_trackable, location, mark, wanted
from carom.wire.email import SendEmail

ALL = Wanted(opens=True, html=True, text=True)


def email(**fields: Any) -> SendEmail:
    return SendEmail(from_="shop@example.com", to="ann@example.org", **fields)


def marked(html: str | None = None, text: str | None = None, what: Wanted = ALL) -> Marked:
    given_ = {name: body for name, body in (("html_body", html), ("text_body", text)) if body is not None}
    return mark(email(**given_), what, lambda: "https://t.test/open/P", lambda url, where: f"<{where}:{url}>")


def html_of(html: str) -> str:
    found = marked(html, what=Wanted(opens=False, html=True, text=False)).email.html_body
    assert isinstance(found, str)
    return found.replace("&lt;HTML:", "[").replace("&gt;", "]")


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<a href="https://a.test/x">x</a>', '<a href="[https://a.test/x]">x</a>'),
        ("<A class=b HREF='http://a.test/?q=1&amp;r=2'>x</A>", '<A class=b HREF="[http://a.test/?q=1&amp;r=2]">x</A>'),
        ("<a href=https://a.test>x</a>", '<a href="[https://a.test]">x</a>'),
        ("<a\n  href = ' https://a.test '\n>x</a>", '<a\n  href = "[https://a.test]"\n>x</a>'),
        ('<area href="https://a.test" />', '<area href="[https://a.test]" />'),
        ('<a title=">" href="https://a.test">x</a>', '<a title=">" href="[https://a.test]">x</a>'),
        ('<a href="https://a.test" href="https://b.test">', '<a href="[https://a.test]" href="https://b.test">'),
    ],
)
def test_a_link_is_marked_and_the_rest_stays(html: str, expected: str) -> None:
    assert html_of(html) == expected


@pytest.mark.parametrize(
    "html",
    [
        '<a data-pm-no-track href="https://a.test">x</a>',
        '<a href="https://a.test" DATA-PM-NO-TRACK="x">x</a>',
        '<a href="mailto:a@a.test">x</a><a href="tel:1"><a href="#top"><a href="/x"><a href=""><a href><a name=x>',
        '<a href="javascript:alert(1)">x</a><a href="ftp://a.test"><a href="https://"><a href="https:a.test">',
        '<a href="https://a.test/a b">x</a><a href="https://a.test:port/"><a href="https://[::1/">',
        '<a href="https://{{host}}/">x</a><a href="{{{ pm:unsubscribe }}}">x</a>',
        '<img src="https://a.test/x.png"><link href="https://a.test/x.css">',
        '<!-- <a href="https://a.test"> -->',
        '<!--[if mso]><a href="https://a.test"><![endif]-->',
        '<style>a[href="<a href=https://a.test>"]{}</style>',
        "<script>\"<a href='https://a.test'>\"</script>",
        '<title><a href="https://a.test"></title>',
        "<a title=\"<a href='https://a.test'>\" name=x>",
        '<a href="https://a.test',
        'x < a href="https://a.test">',
        f'<a href="https://a.test/{"x" * 4000}">x</a>',
    ],
)
def test_what_is_no_link_to_mark_stays(html: str) -> None:
    assert html_of(html) == html


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("See https://a.test/x.", "See <Text:https://a.test/x>."),
        ("(https://a.test/x)", "(<Text:https://a.test/x>)"),
        ("https://a.test/a_(b)", "<Text:https://a.test/a_(b)>"),
        ("<https://a.test>, HTTP://B.test!", "<<Text:https://a.test>>, <Text:HTTP://B.test>!"),
        ("a.test, mailto:x@a.test, https://", "a.test, mailto:x@a.test, https://"),
    ],
)
def test_links_of_a_text(text: str, expected: str) -> None:
    assert marked(text=text, what=Wanted(opens=False, html=False, text=True)).email.text_body == expected


def test_the_same_link_in_both_bodies_is_one() -> None:
    found = marked('<a href="https://a.test?a=1&amp;b=2">x</a><a href="https://b.test">', "https://a.test?a=1&b=2")
    assert found.links == 2


def test_the_pixel_stands_at_the_end_of_the_body() -> None:
    pixel = '<img src="https://t.test/open/P" width="1" height="1" border="0" alt="" />'
    for html, expected in (
        ("<html><body><p>x</p></body></html>", f"<html><body><p>x</p>{pixel}</body></html>"),
        ("<p>x</p>", f"<p>x</p>{pixel}"),
        ("<p>x</p></HTML>", f"<p>x</p>{pixel}</HTML>"),
        ("<body><!-- </body> --></body>", f"<body><!-- </body> -->{pixel}</body>"),
    ):
        assert marked(html).email.html_body == expected


@pytest.mark.parametrize(
    ("server", "message", "expected"),
    [(False, UNSET, False), (False, False, False), (False, True, True), (True, UNSET, True), (True, False, True)],
)
def test_the_server_forces_open_tracking(server: bool, message: Any, expected: bool) -> None:
    what = wanted(email(html_body="<p>x", track_opens=message), server_opens=server, server_links="None")
    assert what.opens is expected
    assert not wanted(email(text_body="x", track_opens=message), server_opens=server, server_links="None").opens


@pytest.mark.parametrize(
    ("server", "message", "html", "text"),
    [
        ("None", UNSET, False, False),
        ("HtmlAndText", UNSET, True, True),
        ("HtmlAndText", "None", False, False),
        ("None", "HtmlOnly", True, False),
        ("HtmlOnly", "TextOnly", False, True),
        ("TextOnly", "", False, True),
    ],
)
def test_the_message_overrules_link_tracking(server: str, message: Any, html: bool, text: bool) -> None:
    what = wanted(email(html_body="<p>x", text_body="x", track_links=message), server_opens=False, server_links=server)
    assert (what.html, what.text) == (html, text)


def test_a_location_is_ascii() -> None:
    assert location("https://bücher.test/grüße?x=ä") == "https://xn--bcher-kva.test/gr%C3%BC%C3%9Fe?x=%C3%A4"
    assert location("https://a.test/x%20y?") == "https://a.test/x%20y?"
    assert not is_trackable("https://" + "ü" * 64 + ".test/")


@given(st.text(alphabet="<>!-/a =\"'hrefstyl/:.\u0000\n\r\u2028") | st.text())
def test_any_html_comes_through(html: str) -> None:
    """Without its marks it is what it was, and tags stand in order."""
    found = html_of(html)
    assert found == html or "[http" in found
    places = [(tag.start, tag.end) for tag in tags(html)]
    assert places == sorted(places)


HOSTILE = [
    "<a ", "<a href='", '<a href="', "<a x=", "<!--", "<!--->", "<", "</", "<style>", "</style", "<a href=https://a.test ",
    "<a href='https://a.test/' ", "=", '="', "<a/", "<a\t", "https://", "https://a.test/" + ")" * 50, "]", "{{{ pm:unsubscribe ",
]  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_html_of_the_largest_size_is_gone_through(piece: str) -> None:
    """Five megabytes: what takes quadratic time for them does not end before the test's time-out."""
    body = piece * (5_000_000 // len(piece))
    found = marked("<body>" + body, body)
    assert found.opens
    assert str(found.email.html_body).startswith("<body>")
