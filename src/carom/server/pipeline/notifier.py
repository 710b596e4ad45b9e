"""The notifier: claim what is to be posted to hooks, post it, record what was answered.

Every endpoint has a lane of its own, with so many posts side by side, and one that fails or takes its time has a single one
until it takes a post promptly again: a slow or dead endpoint holds nobody up. Like the worker it holds leases, and no transaction while it posts.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import DBAPIError, OperationalError

from carom.server.failpoints import failpoint
from carom.server.metrics import HOOKS
from carom.server.outbound.hooks import Hooks
from carom.server.pipeline.deps import Deps
from carom.server.pipeline.stages.post import Posted, post
from carom.server.rules.posts import INBOUND_HOOK, field_of
from carom.server.store import posts, queue, schema
from carom.server.store.posts import Lane
from carom.server.store.queue import Claim

LEASE = timedelta(minutes=5)
"""Longer than the slowest post: its deadline is two minutes."""
AT_ONCE = 1000
"""Posts side by side, to all endpoints together."""
AT_ENDPOINT = 8
AT_ENDPOINT_INBOUND = 2
"""Posts side by side to one endpoint. A received mail may be a hundred megabytes when it is posted."""
POLL_SECONDS = 1.0
PACE_SECONDS = 0.05
"""How long it takes at least from one look to the next when nothing was due: what wakes it may be mail that no hook is
told of."""

log = structlog.get_logger("carom.hooks")


class Notifier:
    """Posts to hooks until it is stopped. ``owner`` is the node whose leases these are."""

    def __init__(self, deps: Deps, owner: str) -> None:
        """Take over what to work with."""
        self._deps, self._owner = deps, owner
        self._hooks = Hooks(inside=deps.settings.mode == "sandbox")
        self._wake = asyncio.Event()
        self._stopping = False
        self._running: dict[asyncio.Task[None], str] = {}
        self._held_back: set[str] = set()
        self._finished = False
        self._loop: asyncio.Task[None] | None = None

    def wake(self) -> None:
        """Tell it that something may be due."""
        self._wake.set()

    async def start(self) -> None:
        """Begin."""
        await self._hooks.__aenter__()
        self._loop = asyncio.create_task(self._run(), name="notifier")

    async def stop(self, grace: float) -> None:
        """Claim no more, let what runs finish for so many seconds, and leave the rest to whoever comes next."""
        self._stopping = True
        self.wake()
        if self._loop is not None:
            await self._loop
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=grace)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self._hooks.__aexit__(None, None, None)

    async def _run(self) -> None:
        while not self._stopping:
            self._wake.clear()
            try:
                wait = await self._claim()
            except DBAPIError:
                log.exception("the store cannot be used; trying again")
                wait = POLL_SECONDS
            if wait:
                await self._idle(wait)

    async def _idle(self, seconds: float) -> None:
        began = time.monotonic()
        try:
            await asyncio.wait_for(self._wake.wait(), seconds)
        except TimeoutError:
            return
        pause = PACE_SECONDS - (time.monotonic() - began)
        if pause > 0 and not (self._finished or self._stopping):
            await asyncio.sleep(pause)

    async def _claim(self) -> float:
        """Start what is due and not held up by its own endpoint; return how long to wait for more."""
        now, self._finished = self._deps.clock(), False
        lanes = await self._deps.database.read(posts.lanes)
        free = self._free([lane for lane in lanes if lane.due_at <= now])
        if not free:
            return _seconds_to_next(lanes, now)
        claimed = await self._deps.database.write(posts.claim, free, owner=self._owner, now=now, lease=LEASE)
        for endpoint, held in claimed:
            self._start(endpoint, held)
        return 0.0 if claimed else POLL_SECONDS

    def _free(self, due: list[Lane]) -> list[tuple[str, int]]:
        busy = Counter(self._running.values())
        left = AT_ONCE - len(self._running)
        free: list[tuple[str, int]] = []
        for lane in due:
            limit = min(self._limit(lane.endpoint) - busy[lane.endpoint], left)
            if limit > 0:
                free.append((lane.endpoint, limit))
                left -= limit
        return free

    def _limit(self, endpoint: str) -> int:
        if endpoint in self._held_back:
            return 1
        return AT_ENDPOINT_INBOUND if field_of(endpoint) == INBOUND_HOOK else AT_ENDPOINT

    def _start(self, endpoint: str, held: Claim) -> None:
        task = asyncio.create_task(self._post(endpoint, held))
        self._running[task] = endpoint
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        del self._running[task]
        self._finished = True
        if not task.cancelled() and task.exception() is not None:
            log.error("a post could not be recorded; its lease will run out", exc_info=task.exception())
        self.wake()

    async def _post(self, endpoint: str, held: Claim) -> None:
        try:
            posted = await post(held, self._deps, self._hooks)
        except OperationalError:
            log.warning("the store cannot be used; trying again", post_id=held.id, exc_info=True)
            await self._record(partial(queue.put_back, table=schema.post.name, held=held, now=self._deps.clock()))
            return
        if posted is not None:
            self._note(endpoint, posted)
            failpoint("post.after-answer")
            await self._record(posted.record)
            HOOKS.labels(posted.outcome).inc()

    def _note(self, endpoint: str, posted: Posted) -> None:
        if posted.promptly:
            self._held_back.discard(endpoint)
        else:
            self._held_back.add(endpoint)

    async def _record(self, function: Callable[[sa.Connection], object]) -> None:
        """Write down what was done when the store is back, if it is away: until the lease ends it is ours."""
        until = time.monotonic() + LEASE.total_seconds()
        while True:
            try:
                await self._deps.database.write(function)
            except OperationalError:
                if self._stopping or time.monotonic() > until:
                    raise
                log.warning("a post cannot be recorded; trying again", exc_info=True)
                await asyncio.sleep(POLL_SECONDS)
            else:
                return


def _seconds_to_next(lanes: list[Lane], now: datetime) -> float:
    """Return how long nothing becomes due: what is, waits for its own endpoint."""
    later = [(lane.due_at - now).total_seconds() for lane in lanes if lane.due_at > now]
    return min([*later, POLL_SECONDS])
