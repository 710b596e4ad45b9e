"""What the async clients do with their loop: sleep, and work side by side."""

from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, TypeVar

from carom.client._threads import NotTried

if TYPE_CHECKING:
    from carom.client._async.api import AsyncApiClient

T = TypeVar("T")
R = TypeVar("R")


def client_of(client: "AsyncApiClient | None") -> "AsyncApiClient":
    """Return the client that a result's own calls go through. Raises ValueError if there is none: the one client of a
    process is a sync one."""
    if client is None:
        raise ValueError("client: an async bounce that came from no client needs one")
    return client


async def sleep(seconds: float) -> None:
    """Wait."""
    import asyncio  # not before there is a loop: the sync client need not load it

    await asyncio.sleep(seconds)


async def side_by_side(work: Callable[[T], Awaitable[R]], items: Iterable[T], concurrency: int) -> list[R | Exception]:
    """Do some work for each item, up to ``concurrency`` at a time; return results or what was raised, in order. After
    a failure nothing new is begun."""
    import asyncio

    places = asyncio.Semaphore(max(concurrency, 1))
    failed = False

    async def one(item: T) -> R | Exception:
        nonlocal failed
        async with places:
            if failed:
                return NotTried()
            try:
                return await work(item)
            except Exception as error:  # noqa: BLE001  # the caller gets it
                failed = True
                return error

    return await asyncio.gather(*(one(item) for item in items))
