"""The rules of a mail's style elements, written into the style attributes of what they select.

The inliner parses HTML as browsers do, recursively and without bounds of its own: 13,000 tables in each other overflow its stack,
and unclosed formatting elements come again in every paragraph. So what is far beyond a mail is left as it is; its style
elements still hold.
"""

import re
from functools import cache
from typing import TYPE_CHECKING

from carom.wire.email import MAX_BODY_BYTES

if TYPE_CHECKING:
    from css_inline import CSSInliner

MAX_TAGS = 5_000
MAX_REPEATED = 500_000
"""Formatting tags times all tags: how many elements the former can become."""
MAX_MATCHED = 100_000_000
"""Characters of style times tags."""

# None of these trusts an end tag, save that of a style element: one in an attribute or comment would not be one.
_TAG = re.compile(r"<[a-z]", re.IGNORECASE)
_FORMATTING = re.compile(r"<(?:a|b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)[\s/>]", re.IGNORECASE)
_STYLE = re.compile(r"<style.*?(?:</style[\s/>]|\Z)", re.IGNORECASE | re.DOTALL)


def inline_css(html: str) -> str:
    """Inline styles. The style elements stay, for what no attribute can say (media queries); HTML without any is left as
    it is. Nothing is fetched."""
    if not _is_bounded(html):
        return html
    inlined = _inliner().inline(html)
    return inlined if len(inlined) <= MAX_BODY_BYTES else html


def _is_bounded(html: str) -> bool:
    styles = sum(len(style[0]) for style in _STYLE.finditer(html))
    tags = len(_TAG.findall(html))
    return (
        0 < styles * tags <= MAX_MATCHED and tags <= MAX_TAGS and len(_FORMATTING.findall(html)) * tags <= MAX_REPEATED
    )


@cache
def _inliner() -> "CSSInliner":
    from css_inline import CSSInliner

    return CSSInliner(load_remote_stylesheets=False, keep_style_tags=True)
