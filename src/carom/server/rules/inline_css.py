"""The rules of a mail's style elements, written into the style attributes of what they select."""

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from css_inline import CSSInliner


def inline_css(html: str) -> str:
    """Inline styles. The style elements stay, for what no attribute can say (media queries); HTML without any is left as
    it is. Nothing is fetched."""
    if "<style" not in html.lower():
        return html
    return _inliner().inline(html)


@cache
def _inliner() -> "CSSInliner":
    from css_inline import CSSInliner

    return CSSInliner(load_remote_stylesheets=False, keep_style_tags=True)
