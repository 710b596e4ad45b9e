"""Past the 10,000th item: the API shows no more of one question, so the question is asked again for what is older.

Lists come newest first. The next window ends where the last one did: at the time of its last item, or, where items tell
no time, at one that is found by counting. What both windows hold is told apart by what was seen.
"""

from collections import Counter
from collections.abc import Generator, Hashable
from datetime import datetime, timedelta
from typing import Any, Generic, NamedTuple, TypeVar

from carom.client.pages import Page
from carom.wire.times import eastern

T = TypeVar("T")

LAST_OFFSET = 10_000
"""Postmark's limit of count and offset together."""

_NEAR = LAST_OFFSET - 500
_SECOND = timedelta(seconds=1)
_FIRST_YEAR = 1990


class Windows(NamedTuple):
    """How a list is cut: by which fields an item is known again, and which is its time, None if none is."""

    identity: tuple[str, ...]
    time: str | None = None


class Window(Generic[T]):
    """The part of a list that is being read. ``until`` is the ``todate`` that bounds it, None for the first."""

    def __init__(self, windows: Windows | None) -> None:
        """Begin at the newest. A list without ``windows`` cannot be cut."""
        self._windows = windows
        self.until: str | None = None
        self._edge: datetime | None = None
        self._last: datetime | None = None
        self._current: Counter[Hashable] = Counter()
        self._before: Counter[Hashable] = Counter()

    def unseen(self, page: Page[T]) -> Page[T]:
        """Return a page without the items that came before: in an earlier window, or, when new ones have pushed them
        on, on an earlier page."""
        if self._windows is None:
            return page
        fresh: list[T] = []
        for item in page:
            at: datetime | None = getattr(item, self._windows.time) if self._windows.time else None
            key = tuple(getattr(item, name) for name in self._windows.identity)
            if not (self._was_there(key) or (self._edge and at and at > self._edge)):
                fresh.append(item)
            self._current[key] += 1
            self._last = at or self._last
        return page if len(fresh) == len(page) else page.of(fresh)

    def _was_there(self, key: tuple[Any, ...]) -> bool:
        if key[0] is None:
            return False  # an answer that left it out: better twice than not at all
        if self._before[key] > 0:
            self._before[key] -= 1  # things that are alike in all that is known: as many as there were
            return True
        return len(key) == 1 and key in self._current

    @property
    def counted(self) -> bool:
        """Whether the end of the next window is to be found by counting."""
        return self._windows is not None and self._windows.time is None

    def move(self, until: str | None = None) -> bool:
        """Go on to what is older, than ``until`` if that is given; return whether it can be told apart from what was
        read."""
        until = _after(self._last) if until is None and self._last is not None else until
        if self._windows is None or until is None or until == self.until:
            return False
        self.until, self._edge = until, self._last
        self._before, self._current = self._current, Counter()
        return True


def search(until: str | None, total: int, now: datetime) -> Generator[str, int, str]:
    """Find the end of the next window by counting: a ``todate`` that leaves out nothing but what was read, and nearly
    all of that. Yields times and wants to know how many items of ``total`` are not after each."""
    left = total - LAST_OFFSET  # what is not read yet must be in the next window
    high = (
        datetime.fromisoformat(until) if until else now.astimezone(eastern()).replace(tzinfo=None) + timedelta(days=1)
    )
    high = high.replace(microsecond=0)
    low, step = high, timedelta(hours=1)
    while low == high:
        probe = high - step
        if probe.year < _FIRST_YEAR:
            low = probe
            break
        count = yield probe.isoformat()
        if count < left:
            low = probe
        else:
            low = high = probe
            if total - count >= _NEAR:
                return high.isoformat()
        step *= 2
    while high - low > _SECOND:
        middle = low + (high - low) // 2
        middle = middle.replace(microsecond=0)
        count = yield middle.isoformat()
        if count < left:
            low = middle
        else:
            high = middle
            if total - count >= _NEAR:
                break
    return high.isoformat()


def _after(moment: datetime) -> str:
    """Write the first whole second that is not before a time, in US Eastern. In the hour that comes twice a year the
    API may take the earlier one, so its end stands for the second of the two."""
    local = moment.astimezone(eastern())
    if local.fold:
        local = local.replace(minute=0, second=0, microsecond=0, fold=0) + timedelta(hours=1)
    elif local.microsecond:
        local = local.replace(microsecond=0) + _SECOND
    return f"{local:%Y-%m-%dT%H:%M:%S}"
