"""Past the 10,000th item: the API shows no more of one question, so the question is asked again for what is older.

Lists come newest first. The next window ends where the last one did; the seconds that both hold are told apart by what
was seen.
"""

from collections.abc import Hashable
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from carom.client.pages import Page
from carom.wire.times import eastern

T = TypeVar("T")

LAST_OFFSET = 10_000
"""Postmark's limit of count and offset together."""


class Window(Generic[T]):
    """The part of a list that is being read. ``until`` is the ``todate`` that bounds it, None for the first."""

    def __init__(self, time_of: str | None) -> None:
        """Begin at the newest. ``time_of`` names the time of an item; None if the list cannot be cut."""
        self._time_of = time_of
        self.until: str | None = None
        self._edge: datetime | None = None
        self._last: datetime | None = None
        self._current: set[Hashable] = set()
        self._before: set[Hashable] = set()

    def unseen(self, page: Page[T]) -> Page[T]:
        """Return a page without the items that an earlier window had."""
        if self._time_of is None:
            return page
        fresh: list[T] = []
        for item in page:
            at: datetime | None = getattr(item, self._time_of)
            key = _identity(item)
            if not (key in self._before or (self._edge and at and at > self._edge)):
                fresh.append(item)
            self._current.add(key)
            self._last = at or self._last
        return page if len(fresh) == len(page) else page.of(fresh)

    def move(self) -> bool:
        """Go on to what is older; return whether that can be told apart from what was read."""
        if self._time_of is None or self._last is None:
            return False
        until = _after(self._last)
        if until == self.until:
            return False
        self.until, self._edge = until, self._last
        self._before, self._current = self._current, set()
        return True


def _identity(item: Any) -> Hashable:
    key: Hashable = getattr(item, "id", None) or item.message_id
    return key


def _after(moment: datetime) -> str:
    """Write the first whole second that is not before a time, in US Eastern. In the hour that comes twice a year the
    API may take the earlier one, so its end stands for the second of the two."""
    local = moment.astimezone(eastern())
    if local.fold:
        local = local.replace(minute=0, second=0, microsecond=0, fold=0) + timedelta(hours=1)
    elif local.microsecond:
        local = local.replace(microsecond=0) + timedelta(seconds=1)
    return f"{local:%Y-%m-%dT%H:%M:%S}"
