"""Styles inlined, and what is left alone."""

import time

import pytest

from carom.server.rules.inline_css import MAX_TAGS, inline_css

STYLE = "<style>b { color: red } @media print { b { color: blue } }</style>"


def test_styles_become_attributes_and_stay_as_they_were() -> None:
    """Media queries have no other place."""
    inlined = inline_css(f"{STYLE}<b>x</b>{{{{{{ pm:unsubscribe }}}}}}")
    assert '<b style="color: red;">x</b>' in inlined
    assert "@media print" in inlined
    assert "{{{ pm:unsubscribe }}}" in inlined


@pytest.mark.parametrize("html", ["", "<b>x", "text", '<link rel="stylesheet" href="http://127.0.0.1:9/x.css"><b>x'])
def test_html_without_styles_is_left_as_it_is(html: str) -> None:
    """Nothing is completed, corrected or fetched."""
    assert inline_css(html) == html


@pytest.mark.parametrize(
    "html",
    [
        STYLE + "<div>" * 100_000,
        STYLE + "<table><tr><td>" * 50_000,
        STYLE + "<p>" + "".join(f"<b id={number}>" for number in range(1000)) + "</p>" + "<p>x" * 3_000,
        "<style>" + "*{color:red}" * 20_000 + "</style>" + "<p>" * 4_000,
        "<STYLE " + "x" * 200_000 + "<p>" * 4_000,
    ],
    ids=["deep", "tables", "repeated", "rules", "open"],
)
def test_what_is_far_beyond_a_mail_is_left_as_it_is(html: str) -> None:
    """The inliner would overflow its stack, or fill the memory."""
    begun = time.process_time()
    assert inline_css(html) == html
    assert time.process_time() - begun < 1


@pytest.mark.parametrize("unit", ["<div>", "<table><tr><td>", "<table>", "<svg>", "<ul><li>"])
def test_the_deepest_html_that_is_inlined_is_survived(unit: str) -> None:
    """As many tags in each other as there may be."""
    number = (MAX_TAGS - 2) // unit.count("<")
    html = "<style>b{color:red}</style>" + unit * number + "<b>"
    assert 'style="color: red;"' in inline_css(html)
