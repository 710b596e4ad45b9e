"""What is put into a mail so that we hear of it being opened and of links being followed.

https://postmarkapp.com/developer/user-guide/tracking-opens, https://postmarkapp.com/developer/user-guide/tracking-links
"""

import re
from collections.abc import Callable
from html import escape, unescape
from typing import Literal
from urllib.parse import quote, urlsplit, urlunsplit

from msgspec import Struct, structs

from carom.server.rules.html_tags import put_before_end, tags
from carom.server.rules.sending import given
from carom.wire.email import SendEmail

Location = Literal["HTML", "Text"]
"""The body in which a link stands, as the API says it."""

NO_TRACK = "data-pm-no-track"
"""The attribute of a link that is left as it is."""

MAX_URL = 4000
"""Characters of a link that can be followed through us; a longer one is left as it is."""

_URL = re.compile(r"https?://[^\s\x00-\x20\x7f\"<>\\^`{|}]+", re.IGNORECASE)
_PUNCTUATION = ".,;:!?'*_~"
_BRACKETS = {")": "(", "]": "["}
_HTML_MODES = frozenset({"HtmlAndText", "HtmlOnly"})
_TEXT_MODES = frozenset({"HtmlAndText", "TextOnly"})
_SAFE = "%/:=&?~#+!$,;'@()*[]"
_PIXEL = '<img src="{url}" width="1" height="1" border="0" alt="" />'


class Wanted(Struct, frozen=True):
    """What is to be tracked in a message. ``html`` and ``text`` are for the links of each body."""

    opens: bool
    html: bool
    text: bool


class Marked(Struct, frozen=True):
    """A message with its marks. ``links`` is how many different ones lead through us, None when they are as they were."""

    email: SendEmail
    opens: bool
    links: int | None


def wanted(email: SendEmail, *, server_opens: bool, server_links: str) -> Wanted:
    """Say what a message wants tracked: the server's TrackOpens cannot be overruled by a message, its TrackLinks can."""
    html, text = bool(given(email.html_body)), bool(given(email.text_body))
    mode = given(email.track_links) or server_links
    return Wanted(
        opens=html and (server_opens or email.track_opens is True),
        html=html and mode in _HTML_MODES,
        text=text and mode in _TEXT_MODES,
    )


def mark(email: SendEmail, what: Wanted, pixel: Callable[[], str], through: Callable[[str, Location], str]) -> Marked:
    """Put the marks in. ``pixel`` gives the URL of the picture, ``through`` the one that leads to another through us."""
    links: set[str] = set()
    html, text = given(email.html_body), given(email.text_body)
    if what.html:
        html = _mark_html(html, links, through)
    if what.text:
        text = _mark_text(text, links, through)
    if what.opens:
        html = put_before_end(html, _PIXEL.format(url=escape(pixel())))
    changed = structs.replace(email, html_body=html or email.html_body, text_body=text or email.text_body)
    return Marked(changed, what.opens, len(links) if what.html or what.text else None)


def _mark_html(html: str, links: set[str], through: Callable[[str, Location], str]) -> str:
    parts: list[str] = []
    done = 0
    for tag in tags(html):
        if tag.closing or tag.name not in {"a", "area"}:
            continue
        attributes = tag.attributes(html)
        href = attributes.get("href")
        url = "" if href is None else unescape(href.value).strip()
        if href is None or NO_TRACK in attributes or not is_trackable(url):
            continue
        links.add(url)
        parts += [html[done : href.start], f'"{escape(through(url, "HTML"))}"']
        done = href.end
    return "".join([*parts, html[done:]])


def _mark_text(text: str, links: set[str], through: Callable[[str, Location], str]) -> str:
    def marked(match: re.Match[str]) -> str:
        url = _without_punctuation(match[0])
        if not is_trackable(url):
            return match[0]
        links.add(url)
        return through(url, "Text") + match[0][len(url) :]

    return _URL.sub(marked, text)


def _without_punctuation(url: str) -> str:
    """Leave out what ends the sentence around a URL, and a bracket that was opened before it."""
    surplus = {closing: url.count(closing) - url.count(opening) for closing, opening in _BRACKETS.items()}
    end = len(url)
    while end and (url[end - 1] in _PUNCTUATION or surplus.get(url[end - 1], 0) > 0):
        end -= 1
        if url[end] in surplus:
            surplus[url[end]] -= 1
    return url[:end]


def is_trackable(url: str) -> bool:
    """Whether a link is a well-formed one of http or https."""
    if len(url) > MAX_URL or not _URL.fullmatch(url):
        return False
    try:
        return bool(location(url))
    except ValueError:
        return False


def location(url: str) -> str:
    """Return a link as it stands in a Location header, in ASCII. Raises ValueError where it is not well formed."""
    parts = urlsplit(url)
    host, port = parts.hostname, parts.port  # a bad port raises
    if not host:
        raise ValueError("a link needs a host")
    if url.isascii():
        return url
    user, at, _ = parts.netloc.rpartition("@")
    where = host if host.isascii() else host.encode("idna").decode()
    where = f"[{where}]" if ":" in where else where
    netloc = f"{quote(user, safe=_SAFE)}{at}{where}{'' if port is None else f':{port}'}"
    return urlunsplit((parts.scheme, netloc, *(quote(part, safe=_SAFE) for part in parts[2:])))
