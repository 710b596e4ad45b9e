"""How recipients leave a stream: the placeholder in a mail, the footer where there is none.

https://postmarkapp.com/support/article/1217-how-to-add-an-unsubscribe-link, RFC 8058
"""

import re
from html import escape

from msgspec import structs

from carom.server.rules.html_tags import put_before_end, tags
from carom.server.rules.sending import given
from carom.wire.email import SendEmail

BY_US = "Postmark"
"""The UnsubscribeHandlingType under which every mail of a stream gets the header fields and a link."""

_LABEL = "Unsubscribe"
_PLACEHOLDER = re.compile(
    r"""\{\{\{\s{0,20}pm:unsubscribe(?P<url>_url)?(?:\s{1,20}label=(?:"(?P<label>[^"{}]{1,200})"|'(?P<other>[^'{}]{1,200})'))?\s{0,20}\}\}\}"""
)
_HTML_FOOTER = (
    '<p style="font-family:sans-serif;font-size:12px;color:#666666;text-align:center">'
    '<a href="{url}" style="color:#666666">Unsubscribe</a></p>'
)
_TEXT_FOOTER = "\n\n--\nUnsubscribe: {url}\n"


def has_placeholder(email: SendEmail) -> bool:
    """Whether a message has a place for the link."""
    return any(_PLACEHOLDER.search(given(body)) for body in (email.html_body, email.text_body))


def put_link(email: SendEmail, url: str, *, footer: bool) -> SendEmail:
    """Put the link where the message has a place for it; a body that has none gets a footer, if one is asked for."""
    html, text = given(email.html_body), given(email.text_body)
    if html:
        html = _put_into_html(html, url, footer=footer)
    if text:
        found = _PLACEHOLDER.search(text)
        text = _PLACEHOLDER.sub(lambda match: _in_text(match, url), text)
        text += _TEXT_FOOTER.format(url=url) if footer and not found else ""
    return structs.replace(email, html_body=html or email.html_body, text_body=text or email.text_body)


def _put_into_html(html: str, url: str, *, footer: bool) -> str:
    inside = [(tag.start, tag.end) for tag in tags(html)] if _PLACEHOLDER.search(html) else []
    parts: list[str] = []
    done = at = 0
    for match in _PLACEHOLDER.finditer(html):
        while at < len(inside) and inside[at][1] <= match.start():
            at += 1
        in_tag = at < len(inside) and inside[at][0] < match.start()
        link = escape(url) if in_tag or match["url"] else f'<a href="{escape(url)}">{_label(match)}</a>'
        parts += [html[done : match.start()], link]
        done = match.end()
    if parts:
        return "".join([*parts, html[done:]])
    return put_before_end(html, _HTML_FOOTER.format(url=escape(url))) if footer else html


def _label(match: re.Match[str]) -> str:
    return match["label"] or match["other"] or _LABEL


def _in_text(match: re.Match[str], url: str) -> str:
    label = match["label"] or match["other"]
    return f"{label}: {url}" if label else url
