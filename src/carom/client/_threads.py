"""What the sync clients do where the async ones have a loop: sleep, and work side by side in threads."""

import threading
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from carom.client._sync.api import ApiClient

T = TypeVar("T")
R = TypeVar("R")

sleep = time.sleep


def client_of(client: "ApiClient | None") -> "ApiClient":
    """Return the client that a result's own calls go through: the one of the process if it came from none."""
    from carom.client._global import api_client

    return api_client() if client is None else client


def side_by_side(work: Callable[[T], R], items: Iterable[T], concurrency: int) -> list[R | Exception]:
    """Do some work for each item, up to ``concurrency`` at a time; return results or what was raised, in order. After
    a failure nothing new is begun."""
    listed = list(items)
    if concurrency <= 1 or len(listed) <= 1:
        return _one_by_one(work, listed)
    from concurrent.futures import ThreadPoolExecutor

    failed = threading.Event()

    def one(item: T) -> R | Exception:
        if failed.is_set():
            return NotTried()
        try:
            return work(item)
        except Exception as error:  # noqa: BLE001  # the caller gets it
            failed.set()
            return error

    with ThreadPoolExecutor(concurrency) as pool:
        return list(pool.map(one, listed))


def _one_by_one(work: Callable[[T], R], items: list[T]) -> list[R | Exception]:
    done: list[R | Exception] = []
    for item in items:
        try:
            done.append(work(item))
        except Exception as error:  # noqa: BLE001  # the caller gets it
            return [*done, error, *(NotTried() for _ in items[len(done) + 1 :])]
    return done


class NotTried(Exception):
    """Work that was not begun, because other work had failed."""
