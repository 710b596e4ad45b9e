"""The worker: claim what is due, run it, record what came of it.

1. Claim deliveries and jobs under a lease, as many as may run at once.
2. Run each without a transaction: SMTP takes its time.
3. Record the result in one transaction, guarded by the fence: whoever comes late changes nothing.
4. With nothing due, wait to be woken, or until the next row is due, and look every second in any case.
"""

import asyncio
import time
import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Concatenate, ParamSpec, TypeVar
from uuid import uuid4

import msgspec
import sqlalchemy as sa
import structlog
from sqlalchemy.exc import DBAPIError, NoResultFound, OperationalError

from carom.server import metrics
from carom.server.failpoints import failpoint
from carom.server.pipeline.bulk import send_chunk
from carom.server.pipeline.deps import Deps
from carom.server.pipeline.jobs import Confirm, Deliver, Digest, Erase, Job, Purge, Receive, SendChunk, Settle
from carom.server.pipeline.presence import Presence
from carom.server.pipeline.stages.confirm import confirm
from carom.server.pipeline.stages.deliver import deliver
from carom.server.pipeline.stages.digest import digest
from carom.server.pipeline.stages.erase import erase
from carom.server.pipeline.stages.purge import purge
from carom.server.pipeline.stages.receive import receive
from carom.server.pipeline.stages.settle import settle
from carom.server.rules.lifecycle import Event
from carom.server.rules.retry import OWN_JOBS, retry_delay
from carom.server.store import jobs, queue, received, schema
from carom.server.store.queue import Claim

LEASE = timedelta(minutes=10)
"""Longer than the slowest attempt: its phases have deadlines of their own."""
CONCURRENCY = 32
POLL_SECONDS = 1.0

log = structlog.get_logger("carom.worker")

P = ParamSpec("P")
T = TypeVar("T")

Follow = Callable[[sa.Connection], Sequence[Settle] | None]
"""What follows from a job, written in the transaction that finishes it; it returns the facts among that."""

Handler = Callable[[Any, Deps], Awaitable[Follow | None]]
"""What runs a job of a kind. It raises to be called again."""


def add_job(connection: sa.Connection, job: Job, due_at: datetime) -> None:
    """Write a job down, in the transaction that it follows from."""
    payload = msgspec.to_builtins(job)
    jobs.add(connection, payload.pop("type"), payload, due_at)


class Worker:
    """Runs deliveries and jobs until it is stopped."""

    def __init__(self, deps: Deps, handlers: Mapping[type[Any], Handler] | None = None) -> None:
        """Take over what to work with; ``handlers`` run the kinds of job that others bring."""
        self._deps = deps
        self._handlers = {**HANDLERS, **(handlers or {})}
        self._owner = str(uuid4())
        self._wake = asyncio.Event()
        self._stopping = False
        self._running: set[asyncio.Task[None]] = set()
        self._loop: asyncio.Task[None] | None = None
        self.turned_at = time.monotonic()
        self._presence = Presence(deps, self._owner, self.wake)

    def wake(self) -> None:
        """Tell it that something is due: called after the commit that made it so."""
        self._wake.set()

    async def start(self) -> None:
        """Take back what processes that died held, then begin."""
        await self._presence.start()
        self._loop = asyncio.create_task(self._run(), name="worker")

    async def stop(self, grace: float) -> None:
        """Claim no more, let what runs finish for so many seconds, and give the rest back."""
        self._stopping = True
        self.wake()
        if self._loop is not None:
            await self._loop
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=grace)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self._presence.stop()

    async def _run(self) -> None:
        while not self._stopping:
            self.turned_at = time.monotonic()
            self._wake.clear()
            free = CONCURRENCY - len(self._running)
            try:
                claimed = await self._claim(free) if free > 0 else 0
                wait = 0.0 if claimed else await self._idle_seconds()
            except DBAPIError:
                log.exception("the store cannot be used; trying again")
                wait = POLL_SECONDS
            if wait:
                await self._wait(wait)

    async def _claim(self, free: int) -> int:
        deliveries, others = await self._deps.database.write(self._claim_both, free)
        if deliveries or others:
            failpoint("claim.after-commit")
        for claim in deliveries:
            self._start(self._deliver(claim))
        for claim in others:
            self._start(self._work(claim))
        return len(deliveries) + len(others)

    def _claim_both(self, connection: sa.Connection, free: int) -> tuple[list[Claim], list[Claim]]:
        now = self._deps.clock()
        others = queue.claim(connection, schema.job, owner=self._owner, now=now, lease=LEASE, limit=free)
        left = free - len(others)
        if not left:
            return [], others
        return queue.claim(connection, schema.recipient, owner=self._owner, now=now, lease=LEASE, limit=left), others

    async def _idle_seconds(self) -> float:
        if len(self._running) >= CONCURRENCY:
            return POLL_SECONDS
        due = await self._deps.database.read(_next_due)
        if due is None:
            return POLL_SECONDS
        return min(max((due - self._deps.clock()).total_seconds(), 0.001), POLL_SECONDS)

    async def _wait(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._wake.wait(), seconds)
        except TimeoutError:
            return

    def _start(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("a result could not be recorded; its lease will run out", exc_info=task.exception())
        self.wake()

    async def _deliver(self, claim: Claim) -> None:
        deps = self._deps
        try:
            facts = await deliver(Deliver(claim.id, claim.attempts), deps)
        except OperationalError:
            await self._put_back(schema.recipient, claim)
            return
        except Exception as error:  # a fault of ours: the mail is kept and tried again
            log.exception("a delivery failed in this program", recipient_id=claim.id)
            facts = [_own_fault(claim, error, deps)]
        metrics.settled(await self._record(self._finish_delivery, claim, facts))
        failpoint("settle.after-commit")

    async def _record(
        self, function: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Write down what has been done already, when the store is back if it is away: not to do it twice is worth a
        wait. What cannot be written by the end of the lease is another worker's."""
        until = time.monotonic() + LEASE.total_seconds()
        while True:
            try:
                return await self._deps.database.write(function, *args, **kwargs)
            except OperationalError:
                if self._stopping or time.monotonic() > until:
                    raise
                log.warning("a result cannot be recorded; trying again", exc_info=True)
                await asyncio.sleep(POLL_SECONDS)

    async def _put_back(self, table: sa.Table, claim: Claim) -> None:
        """Let a row that the store was away for be due again at once: nothing was done about it."""
        log.warning("the store cannot be used; trying again", table=table.name, id=claim.id)
        now = self._deps.clock()
        await self._record(lambda connection: queue.settle_claim(connection, table, claim, due_at=now))

    def _finish_delivery(self, connection: sa.Connection, claim: Claim, facts: list[Settle]) -> list[Settle]:
        """Write down what became of a delivery; return what is written, nothing where it is no longer ours."""
        due_at = next((fact.retry_at for fact in facts if fact.retry_at), None)
        if not queue.settle_claim(connection, schema.recipient, claim, due_at=due_at):
            log.warning(
                "a delivery is no longer ours: its lease ran out, or its message was removed", recipient_id=claim.id
            )
            return []
        for fact in facts:
            settle(connection, fact)
        failpoint("settle.before-commit")
        return facts

    async def _work(self, claim: Claim) -> None:
        deps = self._deps
        kind = ""
        try:
            kind, payload = await deps.database.read(jobs.read, claim.id)
            job = msgspec.convert({"type": kind, **payload}, Job)
            follow = await self._handlers[type(job)](job, deps)
            metrics.settled(await self._record(self._finish, claim, follow))
        except OperationalError:
            await self._put_back(schema.job, claim)
        except NoResultFound:
            log.info("what a job is about is no longer kept", kind=kind, job_id=claim.id)
            await deps.database.write(jobs.finish, claim)
        except Exception as error:  # the job is kept, with the error beside it
            metrics.JOBS_FAILED.labels(kind).inc()
            log.exception("a job failed", kind=kind, job_id=claim.id, attempts=claim.attempts)
            wait = retry_delay(OWN_JOBS, claim.attempts, deps.chance)
            due_at = None if wait is None else deps.clock() + wait
            described = "".join(traceback.format_exception_only(error))
            await self._record(jobs.postpone, claim, due_at, described)

    def _finish(self, connection: sa.Connection, claim: Claim, follow: Follow | None) -> Sequence[Settle]:
        if jobs.finish(connection, claim) and follow is not None:
            return follow(connection) or ()
        return ()


async def _digest(job: Digest, deps: Deps) -> Follow:
    facts, outcome = await digest(job, deps)
    failpoint("digest.before-settle")

    def follow(connection: sa.Connection) -> Sequence[Settle]:
        for fact in facts:
            settle(connection, fact)
        received.conclude(connection, job.received_id, outcome)
        failpoint("digest.before-commit")
        return facts

    return follow


HANDLERS: dict[type[Any], Handler] = {
    Confirm: confirm,
    Digest: _digest,
    Receive: receive,
    SendChunk: send_chunk,
    Purge: purge,
    Erase: erase,
}
"""What runs the kinds of job that every server has."""


def _next_due(connection: sa.Connection) -> datetime | None:
    times = [queue.next_due(connection, table) for table in (schema.recipient, schema.job)]
    return min((time for time in times if time is not None), default=None)


def _own_fault(claim: Claim, error: Exception, deps: Deps) -> Settle:
    """Put a delivery that failed in this program off; it is never given up for that."""
    wait = retry_delay(OWN_JOBS, min(claim.attempts, len(OWN_JOBS)), deps.chance) or OWN_JOBS[-1]
    now = deps.clock()
    details = {"DeliveryMessage": f"x-carom;{type(error).__name__}", "DestinationServer": "", "DestinationIP": ""}
    return Settle(claim.id, Event.DEFERRED, now, details, retry_at=now + wait)
