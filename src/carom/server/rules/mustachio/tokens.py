"""Template text to tokens, with every fault of it. A text without faults has balanced scopes."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from enum import Enum, auto
from typing import NamedTuple

TAG = re.compile(r"\{\{[^{}]++\}\}|\{\{\{[^{}]++\}\}\}")
"""A tag has no brace inside; braces around one that do not match are text."""

CONTENT_TAG = re.compile(r"\{\{\{\s*@content\s*\}\}\}")
KEPT_TAG = re.compile(r"\{\{\{\s*pm:\w+\s*\}\}\}")
"""``{{{ pm:unsubscribe }}}`` and its like, replaced for each recipient after rendering."""

BAD_PATH = re.compile(r"[.]{3,}|[^\w./]+|(?<![.]{2})/|[.]{2,}(?:$|[^/])")
ELEMENT = re.compile(r"\.\./|[^.]+")
UP = "../"

MAX_DEPTH = 100
"""Names on the way from the root to a value, over all the scopes around it."""
MAX_FAULTS = 1000

EACH_WITHOUT_PATH = (
    "The 'each' block being opened requires a model path to be specified in the form '{{#each <name>}}'."
)
EACH_CLOSED_BADLY = "The syntax to close the 'each' block should be: '{{/each}}'."
EACH_NOT_OPEN = (
    "An 'each' block is being closed, but no corresponding opening element ('{{#each <name>}}') was detected."
)
MISMATCHED = "It appears that open and closing elements are mismatched."
NOT_CLOSED = (
    "A scope block to the following path was opened but not closed: '{}', please close it using the appropriate syntax."
)
BAD_PATH_TEXT = "The path '{}' is not valid. Please see documentation for examples of valid paths."
TOO_DEEP = f"The path '{{}}' is more than {MAX_DEPTH} names deep."


class Kind(Enum):
    """What a token does."""

    TEXT = auto()
    VALUE = auto()
    RAW = auto()
    IF = auto()
    UNLESS = auto()
    EACH = auto()
    CLOSE = auto()
    CONTENT = auto()


class Token(NamedTuple):
    """``text`` is the text itself, or the path as it was written; ``path`` its elements, names and ``../``."""

    kind: Kind
    text: str = ""
    path: tuple[str, ...] = ()


class Fault(NamedTuple):
    """Where a template does not parse; line and position count from 1 and mark the tag's first brace."""

    message: str
    line: int
    position: int


class Source(NamedTuple):
    """A template that was read."""

    tokens: tuple[Token, ...]
    faults: tuple[Fault, ...]

    @property
    def placeholders(self) -> int:
        """How many places for the content of a template a layout has."""
        return sum(token.kind is Kind.CONTENT for token in self.tokens)


def read(text: str, *, layout: bool = False) -> Source:
    """Read a template. Only a layout knows ``{{{ @content }}}``."""
    reader = _Reader(layout)
    end = 0
    for match in TAG.finditer(text):
        if match.start() > end:
            reader.tokens.append(Token(Kind.TEXT, text[end : match.start()]))
        reader.tag(match[0], match.start())
        end = match.end()
    if end < len(text):
        reader.tokens.append(Token(Kind.TEXT, text[end:]))
    reader.finish()
    reader.faults.sort(key=lambda fault: fault[0])
    lines = [0, *(newline.end() for newline in re.finditer("\n", text))] if reader.faults else []
    return Source(
        tuple(reader.tokens), tuple(_placed(at, message, lines) for at, message in reader.faults[:MAX_FAULTS])
    )


def expand(layout: Source, content: Source) -> Source:
    """Put a template into its layout, where it sees the model and scope of that place."""
    tokens = [
        token
        for outer in layout.tokens
        for token in (content.tokens if outer.kind is Kind.CONTENT else (outer,))
    ]  # fmt: skip
    return Source(tuple(tokens), layout.faults + content.faults)


def _placed(at: int, message: str, lines: list[int]) -> Fault:
    line = bisect_right(lines, at)
    return Fault(message, line, at - lines[line - 1] + 1)


class _Scope(NamedTuple):
    name: str
    is_each: bool
    at: int
    depth: int


class _Reader:
    """Takes tags one by one: the tokens so far, the scopes that are open, and the faults by offset."""

    def __init__(self, layout: bool) -> None:
        self.tokens: list[Token] = []
        self.faults: list[tuple[int, str]] = []
        self._scopes: list[_Scope] = []
        self._layout = layout

    def tag(self, tag: str, at: int) -> None:
        """Take a tag by the first rule that it begins like."""
        for start, rule in _RULES:
            if tag.startswith(start):
                rule(self, tag, at)
                return
        raise AssertionError("the last rule takes every tag")

    def finish(self) -> None:
        """Fault every scope that is still open."""
        self.faults += [(scope.at, NOT_CLOSED.format(scope.name)) for scope in self._scopes]

    def open_each(self, tag: str, at: int) -> None:
        """``{{#each path}}``: one space at least, no other white space, before the path."""
        rest = tag[2:-2].lstrip("#").removeprefix("each")
        name = rest.strip()
        if rest.startswith(" ") and name:
            self._open(Kind.EACH, name, at)
        else:
            self.faults.append((at, EACH_WITHOUT_PATH))
            self._push("each" + rest.rstrip(), at, is_each=True)

    def close_each(self, tag: str, at: int) -> None:
        """``{{/each}}``, spelled so."""
        if tag != "{{/each}}":
            self.faults.append((at, EACH_CLOSED_BADLY))
        elif self._scopes and self._scopes[-1].is_each:
            self._scopes.pop()
            self.tokens.append(Token(Kind.CLOSE))
        else:
            self.faults.append((at, EACH_NOT_OPEN))

    def open_if(self, tag: str, at: int) -> None:
        """``{{#path}}``."""
        self._open_or_turn(Kind.IF, tag[2:-2].lstrip("#").strip(), at)

    def open_unless(self, tag: str, at: int) -> None:
        """``{{^path}}``."""
        self._open_or_turn(Kind.UNLESS, tag[2:-2].lstrip("^").strip(), at)

    def close(self, tag: str, at: int) -> None:
        """``{{/path}}``, the path of the innermost scope."""
        name = tag[2:-2].lstrip("/").strip()
        if self._scopes and not self._scopes[-1].is_each and self._scopes[-1].name == name:
            self._scopes.pop()
            self.tokens.append(Token(Kind.CLOSE))
        else:
            self.faults.append((at, MISMATCHED))

    def raw(self, tag: str, at: int) -> None:
        """``{{{path}}}`` or ``{{&path}}``, and what looks like it but is not a path."""
        if KEPT_TAG.fullmatch(tag):
            self.tokens.append(Token(Kind.TEXT, tag))
        elif self._layout and CONTENT_TAG.fullmatch(tag):
            self.tokens.append(Token(Kind.CONTENT))
        else:
            self._value(Kind.RAW, tag.strip("{}").lstrip("&"), at)

    def comment(self, tag: str, at: int) -> None:
        """``{{! ... }}``: nothing."""

    def value(self, tag: str, at: int) -> None:
        """``{{path}}``."""
        self._value(Kind.VALUE, tag[2:-2], at)

    def _value(self, kind: Kind, name: str, at: int) -> None:
        path = self._path(name.strip(), at)
        self.tokens.append(Token(kind, name.strip(), path))

    def _open_or_turn(self, kind: Kind, name: str, at: int) -> None:
        """Open a scope, or turn the open one of this path over: that is how the language says else."""
        if self._scopes and not self._scopes[-1].is_each and self._scopes[-1].name == name:
            scope = self._scopes.pop()
            self.tokens.append(Token(Kind.CLOSE))
            self._open(kind, name, at)
            self._scopes[-1] = scope
        else:
            self._open(kind, name, at)

    def _open(self, kind: Kind, name: str, at: int) -> None:
        path = self._path(name, at)
        self.tokens.append(Token(kind, name, path))
        self._push(name, at, is_each=kind is Kind.EACH, names=len(path))

    def _push(self, name: str, at: int, *, is_each: bool, names: int = 0) -> None:
        # Every scope counts, one that goes nowhere (``.``) too: rendering descends by scopes as well as by names.
        self._scopes.append(_Scope(name, is_each, at, self._depth + max(names, 1)))

    @property
    def _depth(self) -> int:
        return self._scopes[-1].depth if self._scopes else 0

    def _path(self, name: str, at: int) -> tuple[str, ...]:
        """Return the elements of a path; none where it has a fault."""
        if BAD_PATH.search(name):
            self.faults.append((at, BAD_PATH_TEXT.format(name)))
            return ()
        path = tuple(_elements(name))
        if self._depth + max(len(path), 1) > MAX_DEPTH:
            self.faults.append((at, TOO_DEEP.format(name)))
            return ()
        return path


def _elements(name: str) -> Iterator[str]:
    return (match[0] for match in ELEMENT.finditer(name))


_RULES: tuple[tuple[str, Callable[[_Reader, str, int], None]], ...] = (
    ("{{#each", _Reader.open_each),
    ("{{/each", _Reader.close_each),
    ("{{#", _Reader.open_if),
    ("{{^", _Reader.open_unless),
    ("{{/", _Reader.close),
    ("{{{", _Reader.raw),
    ("{{&", _Reader.raw),
    ("{{!", _Reader.comment),
    ("{{", _Reader.value),
)
"""What a tag is, by how it begins; the first row that fits."""
