"""Sharing a commit: what waits while the last one runs goes into the next. With nobody else about, nothing waits."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")
R = TypeVar("R")

GROUP = 128
"""How many share a commit, at most."""


class _Handed(NamedTuple, Generic[T, R]):
    what: T
    answered: "asyncio.Future[R]"


class Groups(Generic[T, R]):
    """Hands items to a function that stores some in one transaction and returns an answer for each."""

    def __init__(self, store: Callable[[Sequence[T]], Awaitable[Sequence[R]]]) -> None:
        """Take the function over."""
        self._store = store
        self._waiting: deque[_Handed[T, R]] = deque()
        self._working: asyncio.Task[None] | None = None

    async def add(self, what: T) -> R:
        """Answer when an item is stored. Raises what the function raises for it alone."""
        handed: _Handed[T, R] = _Handed(what, asyncio.get_running_loop().create_future())
        self._waiting.append(handed)
        if self._working is None:
            self._working = asyncio.create_task(self._work())
        return await handed.answered

    async def _work(self) -> None:
        try:
            await asyncio.sleep(0)  # what has just arrived with the first comes along
            while self._waiting:
                await self._take([self._waiting.popleft() for _ in range(min(GROUP, len(self._waiting)))])
        finally:
            self._working = None

    async def _take(self, group: Sequence[_Handed[T, R]]) -> None:
        """Store a group; when it cannot be stored, each by itself, so that nobody pays for another."""
        try:
            answers = await self._store([one.what for one in group])
        except Exception as error:  # noqa: BLE001  whoever handed it in hears of it
            if len(group) > 1:
                for one in group:
                    await self._take([one])
            elif not group[0].answered.done():
                group[0].answered.set_exception(error)
            return
        for one, answer in zip(group, answers, strict=True):
            if not one.answered.done():
                one.answered.set_result(answer)
