"""The model that a template seems to want, from how its paths are used."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Optional, cast

from carom.server.rules.mustachio.tokens import UP, Kind, Source

SAMPLES = 3
"""Items suggested for an array of plain values."""


@dataclass
class _Node:
    """A place in the model: what is below it, and the kinds of tags that name it."""

    key: str = ""
    parent: Optional["_Node"] = None
    children: dict[str, "_Node"] = field(default_factory=dict[str, "_Node"])
    usages: set[Kind] = field(default_factory=set[Kind])

    def at(self, path: tuple[str, ...]) -> "_Node":
        """Find a path from here. ``../`` leaves an each in one step here, unlike in rendering: so does Mustachio."""
        node = self
        for element in path:
            node = (node.parent or node) if element == UP else node.children.setdefault(element, _Node(element, node))
        return node

    def suggestion(self) -> Any:
        """Return the value to suggest."""
        if self.usages == {Kind.VALUE}:
            return f"{self.key}_Value"
        inside = {key: child.suggestion() for key, child in self.children.items()}
        if Kind.EACH in self.usages:
            return [inside] if inside else [f"{self.key}_{number + 1}" for number in range(SAMPLES)]
        return inside


def suggest(sources: Iterable[Source]) -> dict[str, Any]:
    """Suggest one model for the parts of a template. A part with faults tells nothing: its scopes are not balanced."""
    root = _Node()
    for source in sources:
        if not source.faults:
            _use(root, source)
    return {key: child.suggestion() for key, child in root.children.items()}


def _use(root: _Node, source: Source) -> None:
    here = [root]
    for token in source.tokens:
        if token.kind is Kind.CLOSE:
            here.pop()
        elif token.kind not in {Kind.TEXT, Kind.CONTENT}:
            node = here[-1].at(token.path)
            node.usages.add(Kind.VALUE if token.kind is Kind.RAW else token.kind)
            if token.kind not in {Kind.VALUE, Kind.RAW}:
                here.append(node)


def merge(suggested: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """Put given values over the suggested ones; objects are merged, all else is replaced."""
    merged = dict(suggested)
    for key, value in given.items():
        below = merged.get(key)
        if isinstance(below, dict) and isinstance(value, dict):
            merged[key] = merge(cast("dict[str, Any]", below), cast("dict[str, Any]", value))
        else:
            merged[key] = value
    return merged
