"""Escaping as .NET's HtmlEncode does it: what Postmark's HTML bodies hold."""

import re

_HIGH = re.compile("[\u00a0-\u00ff\U00010000-\U0010ffff]")
"""Latin-1's upper half and all beyond the first plane; .NET leaves the rest as it is."""


def escape(text: str) -> str:
    """Escape the five characters of HTML by name, high ones by number."""
    text = (
        text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace('"', "&quot;")
        .replace("'", "&#39;")
    )
    return text if text.isascii() else _HIGH.sub(_number, text)


def _number(match: re.Match[str]) -> str:
    return f"&#{ord(match[0])};"
