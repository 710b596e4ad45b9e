"""The writer of a SQLite store as a thread: for a server that is a part of another program."""

import asyncio
import contextlib
import queue
import threading
from pathlib import Path
from typing import Any

from carom.server.apart import Outcome, settle
from carom.server.metrics import COMMIT_SECONDS, timed
from carom.server.store.sqlite import GROUP, Asked, SqliteFile


class _Call:
    """What is to be written, and the future that waits for it."""

    __slots__ = ("asked", "future", "loop")

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[Any] = self.loop.create_future()


class WriterThread:
    """Writes what callers of any event loop ask for."""

    def __init__(self, path: Path) -> None:
        """Begin."""
        self._file = SqliteFile(path)
        self._calls: queue.SimpleQueue[_Call | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write_all, name="carom-write", daemon=True)
        self._thread.start()

    def put(self, asked: Asked) -> "asyncio.Future[Any]":
        """Have something written; the future is done when it is durable."""
        call = _Call(asked)
        self._calls.put(call)
        return call.future

    async def close(self) -> None:
        """Finish what has been asked for."""
        self._calls.put(None)
        await asyncio.to_thread(self._thread.join)

    def _write_all(self) -> None:
        last = False
        while not last:
            group, last = self._next_group()
            if group:
                with timed(COMMIT_SECONDS):
                    outcomes = self._file.write([call.asked for call in group])
                _answer(group, outcomes)
        self._file.close()

    def _next_group(self) -> tuple[list[_Call], bool]:
        """Wait for a write, then take along whatever waits too."""
        group: list[_Call] = []
        call = self._calls.get()
        while True:
            if call is None:
                return group, True
            group.append(call)
            if len(group) == GROUP:
                return group, False
            try:
                call = self._calls.get_nowait()
            except queue.Empty:
                return group, False


def _answer(group: list[_Call], outcomes: list[Outcome]) -> None:
    """Wake the callers, once for each event loop."""
    for loop in {call.loop for call in group}:
        answers = [(call.future, one) for call, one in zip(group, outcomes, strict=True) if call.loop is loop]

        def settle_all(answers: list[tuple["asyncio.Future[Any]", Outcome]] = answers) -> None:
            for future, outcome in answers:
                settle(future, outcome)

        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle_all)
