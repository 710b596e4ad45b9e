"""What waits shares a commit; what cannot be stored fails alone."""

import asyncio
from collections.abc import Sequence

import pytest

from carom.server.store.grouping import GROUP, Groups

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_what_waits_goes_together() -> None:
    """The first alone, the rest in one group behind it, and no group too large."""
    sizes: list[int] = []
    begun, gate = asyncio.Event(), asyncio.Event()

    async def store(items: Sequence[int]) -> Sequence[int]:
        sizes.append(len(items))
        begun.set()
        await gate.wait()
        return [item * 2 for item in items]

    groups = Groups(store)
    first = asyncio.create_task(groups.add(0))
    await begun.wait()
    rest = [asyncio.create_task(groups.add(number)) for number in range(1, GROUP + 10)]
    await asyncio.sleep(0)
    gate.set()
    assert [await one for one in (first, *rest)] == [number * 2 for number in range(GROUP + 10)]
    assert sizes == [1, GROUP, 9]


async def test_one_that_cannot_be_stored_fails_alone() -> None:
    async def store(items: Sequence[int]) -> Sequence[int]:
        if 3 in items:
            raise ValueError("three")
        return items

    groups = Groups(store)
    answers = await asyncio.gather(*(groups.add(number) for number in range(6)), return_exceptions=True)
    assert [answer for number, answer in enumerate(answers) if number != 3] == [0, 1, 2, 4, 5]
    assert isinstance(answers[3], ValueError)
