"""The tags of an HTML text and where they stand, so that a few attributes can be changed and every other character stays.

It goes through the text as a browser's tokenizer does (HTML standard, section 13.2.5), comments and raw text included, once and
never back: the time is that of the text's length, whatever the text is. The standard library's parser takes quadratic time for
some texts, and tells of no attribute where it stands. Where a browser would read a tag to the end of the text, the tags end.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

_BEGINNING = re.compile(r"<(?:!--|[!?]|/?[a-zA-Z])")
_TAG = re.compile(r"""<(?P<closing>/?)(?P<name>[a-zA-Z][^\s/>]*+)(?:[^>=]++|=\s*+(?:"[^"]*+"|'[^']*+'|(?!["'])))*+>""")
_ATTRIBUTE = re.compile(
    r"""[\s/]*+(?P<name>[^\s/>=]++)(?:\s*+=\s*+(?:"(?P<double>[^"]*+)"|'(?P<single>[^']*+)'|(?P<bare>[^\s>"'][^\s>]*+)))?+"""
)
_RAW = frozenset({"iframe", "noembed", "noframes", "script", "style", "textarea", "title", "xmp"})
"""Elements whose content is text up to their end tag."""


class Attribute(NamedTuple):
    """An attribute: its value as it is written, and where that stands, its quotes included. Without a value the place is
    empty."""

    value: str
    start: int
    end: int


class Tag(NamedTuple):
    """A tag: its name in lower case, and where it stands."""

    name: str
    closing: bool
    start: int
    end: int

    def attributes(self, html: str) -> dict[str, Attribute]:
        """Return the attributes by their names in lower case; of one that is given twice the first holds."""
        found: dict[str, Attribute] = {}
        for match in _ATTRIBUTE.finditer(html, self.start + 1 + len(self.name), self.end - 1):
            kind = match.lastgroup or "name"
            if kind == "name":
                attribute = Attribute("", match.end(), match.end())
            else:
                quote = int(kind != "bare")
                attribute = Attribute(match[kind], match.start(kind) - quote, match.end(kind) + quote)
            found.setdefault(match["name"].lower(), attribute)
        return found


def tags(html: str) -> Iterator[Tag]:
    """Yield the tags in order."""
    at = 0
    while beginning := _BEGINNING.search(html, at):
        start = beginning.start()
        if beginning[0] == "<!--":
            at = html.find("-->", start + 2) + 3
        elif beginning[0] in {"<!", "<?"}:
            at = html.find(">", start) + 1
        else:
            match = _TAG.match(html, start)
            if match is None:
                return
            tag = Tag(match["name"].lower(), bool(match["closing"]), start, match.end())
            yield tag
            at = tag.end
            if tag.name in _RAW and not tag.closing:
                end = _end_of(tag.name).search(html, at)
                if end is None:
                    return
                at = end.start()
        if at <= start:  # what began has no end
            return


@cache
def _end_of(name: str) -> re.Pattern[str]:
    return re.compile(rf"</{name}[\s/>]", re.IGNORECASE)


def put_before_end(html: str, added: str) -> str:
    """Add something at the end of the body."""
    ends = {tag.name: tag.start for tag in tags(html) if tag.closing}
    at = ends.get("body", ends.get("html", len(html)))
    return html[:at] + added + html[at:]
