"""A call that succeeds, and what it is registered with: what it needs is made first, then its place, query and body are told."""

from collections.abc import Awaitable, Callable
from typing import Any

from msgspec import Struct

from carom.wire._kinds import is_object
from tests.contract.conftest import Server

UNKNOWN_NUMBER = 2**53 - 1


UNKNOWN_UUID = "00000000-0000-4000-8000-000000000000"


UNKNOWN_NAME = "nowhere"


class Request(Struct, frozen=True):
    """A call. ``unknown`` tells, for each thing of the caller's own that the call names, what names nothing: in the
    path by the place's name, in the query or body by the field's."""

    at: dict[str, Any] = {}
    query: dict[str, Any] = {}
    body: Any = None
    unknown: dict[str, Any] = {}

    def of_nothing(self) -> "Request":
        """Return the same call, of things that are not there."""
        return Request(
            self._put_into(self.at), self._put_into(self.query), self._put_into(self.body), unknown=self.unknown
        )

    def _put_into(self, values: Any) -> Any:
        if not is_object(values):
            return values
        return {name: self.unknown.get(name, value) for name, value in values.items()}

    def named(self, field: str) -> Any:
        """Return what the call names in a place or field."""
        body: dict[str, Any] = self.body if is_object(self.body) else {}
        return {**self.at, **self.query, **body}[field]


Recipe = Callable[[Server], Awaitable[Request]]


RECIPES: dict[str, Recipe] = {}


def recipe(*names: str) -> Callable[[Recipe], Recipe]:
    """Register the recipe of endpoints."""

    def register(made: Recipe) -> Recipe:
        RECIPES.update(dict.fromkeys(names, made))
        return made

    return register


PAGE = {"count": 50, "offset": 0}
