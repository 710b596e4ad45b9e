"""Lists without end: pages fetched as they are needed."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Generic, TypeVar

from carom.client._fields import check_paging
from carom.client._windows import LAST_OFFSET, Window, Windows, search
from carom.client.errors import PaginationLimitError
from carom.client.pages import Page

T = TypeVar("T")

Fetch = Callable[[int, int, str | None], Awaitable[Page[T]]]


class AsyncPager(Generic[T]):
    """Iterates over all items of a list. Nothing is asked before the first item is; each iteration begins anew."""

    def __init__(
        self,
        fetch: "Fetch[T]",
        *,
        page_size: int = 500,
        offset: int = 0,
        limit: int | None = None,
        windows: Windows | None = None,
        paged: bool = True,
    ) -> None:
        """Take what fetches a page of a count at an offset, up to a ``todate``. ``windows`` says how the list is cut
        where it is too long for the API; a list that is not ``paged`` has one page."""
        self._fetch = fetch
        self._page_size = page_size
        self._offset = offset
        self._limit = limit
        self._windows = windows
        self._paged = paged

    async def __aiter__(self) -> AsyncIterator[T]:
        """Iterate over the items."""
        left = self._limit
        async for page in self.pages():
            for item in page:
                if left is not None:
                    if left <= 0:
                        return
                    left -= 1
                yield item
            if left is not None and left <= 0:
                return

    async def pages(self) -> AsyncIterator[Page[T]]:
        """Iterate over the pages. Raises PaginationLimitError after the last one that the API shows, if there are
        more."""
        offset, total = self._offset, 0
        window: Window[T] = Window(self._windows)
        while True:
            if offset >= LAST_OFFSET:
                if not window.move(await self._bound(window.until, total) if window.counted else None):
                    raise PaginationLimitError(
                        f"The API shows no items past the {LAST_OFFSET:,}th; narrow the list by its filters."
                    )
                offset = 0
            page = await self._fetch(min(self._page_size, LAST_OFFSET - offset), offset, window.until)
            if not page:
                return
            offset, total = offset + len(page), page.total_count
            fresh = window.unseen(page)
            if fresh:
                yield fresh
            if not self._paged or (page.total_known and offset >= page.total_count):
                return

    async def _bound(self, until: str | None, total: int) -> str | None:
        if total <= LAST_OFFSET:
            return None
        looking = search(until, total, datetime.now(UTC))
        bound = next(looking)
        while True:
            count = (await self._fetch(1, 0, bound)).total_count
            try:
                bound = looking.send(count)
            except StopIteration as found:
                found_bound: str = found.value
                return found_bound

    async def size(self) -> int:
        """Return how many items there are. One call."""
        # Not count=0: the API answers a TotalCount of 0 to that.
        return (await self._fetch(1, 0, None)).total_count

    async def first(self, n: int = 1) -> list[T]:
        """Return the first ``n`` items, fewer if there are fewer."""
        return await self._take(n)

    async def to_list(self) -> list[T]:
        """Return all items."""
        return await self._take(None)

    async def _take(self, most: int | None) -> list[T]:
        check_paging(1, 0, most)
        taken: list[T] = []
        if most is None or most > 0:
            async for item in self:
                taken.append(item)
                if len(taken) == most:
                    break
        return taken
