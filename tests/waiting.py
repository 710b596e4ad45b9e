"""Waiting for what another process or thread does: ask again until it is so, fail when it takes too long."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

STEP = 0.02


def eventually(probe: Callable[[], T], *, seconds: float = 30.0, what: str = "it", step: float = STEP) -> T:
    """Return the first true answer of a probe."""
    deadline = time.monotonic() + seconds
    while True:
        answer = probe()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not happen in {seconds} s; the last answer was {answer!r}")
        time.sleep(step)
