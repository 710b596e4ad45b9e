"""The worker: claim what is due, run it, record what came of it.

1. Claim deliveries and jobs under a lease, as many as may run at once: deliveries in the order of their line.
2. Run each without a transaction: SMTP takes its time.
3. Record the result in one transaction, guarded by the fence: whoever comes late changes nothing.
4. With nothing due, wait to be woken, or until the next row is due, and look every second in any case.
"""

import asyncio
import time
import traceback
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache, partial
from typing import Any, Concatenate, NamedTuple, ParamSpec, TypeVar
from uuid import uuid4

import msgspec
import sqlalchemy as sa
import structlog
from sqlalchemy.exc import DBAPIError, NoResultFound, OperationalError

from carom.server import metrics
from carom.server.failpoints import failpoint
from carom.server.pipeline.bulk import give_up_chunk, send_chunk
from carom.server.pipeline.deps import Deps
from carom.server.pipeline.jobs import Confirm, Deliver, Digest, Erase, Job, Purge, Receive, SendChunk, Settle
from carom.server.pipeline.presence import Presence
from carom.server.pipeline.stages.confirm import confirm
from carom.server.pipeline.stages.deliver import Loaded, deliver, load
from carom.server.pipeline.stages.digest import digest
from carom.server.pipeline.stages.erase import erase
from carom.server.pipeline.stages.purge import purge
from carom.server.pipeline.stages.receive import receive
from carom.server.pipeline.stages.settle import settle, settle_accepted
from carom.server.rules.lifecycle import Event
from carom.server.rules.line import Bucket, Line
from carom.server.rules.retry import OWN_JOBS, retry_delay
from carom.server.store import buckets, deliveries, jobs, line, queue, received, schema
from carom.server.store.line import Held
from carom.server.store.queue import Claim

LEASE = timedelta(minutes=45)
"""Longer than the slowest attempt, all hosts and phases of it. What the dead hold is taken back long before: see Presence."""
CONCURRENCY = 256
"""How many deliveries and jobs are held at once. One bucket alone gets half of it: see carom.server.rules.line."""
SLICE = 32
MOST_BYTES = 64 * 1024 * 1024
"""Deliveries are read so many at once, and no more while those under way hold so many bytes of mail."""
POLL_SECONDS = 1.0
NOBODY: Bucket = (0, "")
"""The bucket of what is not sent any more."""
RESULTS = 128
"""How many results share a transaction at most."""

log = structlog.get_logger("carom.worker")

P = ParamSpec("P")
T = TypeVar("T")

Follow = Callable[[sa.Connection], Sequence[Settle] | None]
"""What follows from a job, written in the transaction that finishes it; it returns the facts among that. It can be pickled:
a partial of a function of a module."""

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
        self.owner = str(uuid4())
        """Whose leases are held here: the node's."""
        self.done: Callable[[], None] = _nothing
        """Called after the commit of what came of a job or a delivery."""
        self._wake = asyncio.Event()
        self._stopping = False
        self._running: set[asyncio.Task[None]] = set()
        self._busy: Counter[Bucket] = Counter()
        self._jobs = 0
        self._bytes = 0
        self._room = asyncio.Event()
        self._room.set()
        self._loading = asyncio.Lock()
        self._results: list[tuple[_Result, asyncio.Future[None]]] = []
        self._recording: asyncio.Task[None] | None = None
        self._loop: asyncio.Task[None] | None = None
        self.turned_at = time.monotonic()
        self._presence = Presence(deps, self.owner, self.wake)

    def wake(self) -> None:
        """Tell it that something is due: called after the commit that made it so."""
        self._wake.set()

    async def start(self) -> None:
        """Record what the process before could not any more, take back what processes that died held, then begin."""
        await self._catch_up()
        await self._presence.start()
        self._loop = asyncio.create_task(self._run(), name="worker")

    async def _catch_up(self) -> None:
        """Record what remotes had taken when the process before died, as far as nobody else has sent it since."""
        journal = self._deps.journal
        left = [_Result(_held_before(noted.claim), [noted.fact]) for noted in journal.left()]
        for start in range(0, len(left), RESULTS):
            results = left[start : start + RESULTS]
            facts = _told(results, await self._deps.database.write(_finish_held, results))
            if facts:
                log.info("mails that remotes had taken are recorded", mails=len(facts))
                metrics.settled(facts)
        journal.clear()

    async def stop(self, grace: float) -> None:
        """Claim no more, let what runs finish for so many seconds, and give the rest back."""
        self._stopping = True
        self.wake()
        if self._loop is not None:
            await self._loop
        until = time.monotonic() + grace
        while self._running and (left := until - time.monotonic()) > 0:
            await asyncio.wait(self._running, timeout=left)  # what they start meanwhile is the next round's
        late = list(self._running)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        if self._recording is not None:
            await self._recording
        await self._presence.stop()

    async def _run(self) -> None:
        while not self._stopping:
            self.turned_at = time.monotonic()
            self._wake.clear()
            try:
                again = await self._claim(CONCURRENCY - self._jobs - self._busy.total())
                wait = 0.0 if again else await self._idle_seconds()
            except DBAPIError:
                log.exception("the store cannot be used; trying again")
                wait = POLL_SECONDS
            if wait:
                await self._wait(wait)

    async def _claim(self, free: int) -> bool:
        """Start what is claimed; tell whether to look again at once."""
        deliveries, others, more = await self._deps.database.write(
            _claim_both, self.owner, self._busy.copy(), self._deps.clock(), free
        )
        if deliveries or others:
            failpoint("claim.after-commit")
        for held in deliveries:
            self._busy[held.bucket] += 1
        for claim in others:
            self._jobs += 1
            self._start(self._work(claim))
        if deliveries:
            self._start(self._start_deliveries(deliveries))
        return bool(deliveries or others or more)

    async def _start_deliveries(self, claimed: list[Held]) -> None:
        """Read what the attempts need, and begin them."""
        for start in range(0, len(claimed), SLICE):
            async with self._loading:
                await self._room.wait()
                if self._stopping:
                    return  # they are given back
                await self._start_slice(claimed[start : start + SLICE])

    async def _start_slice(self, held: Sequence[Held]) -> None:
        try:
            found = await self._deps.database.read(load, [one.id for one in held], self._deps)
        except Exception:  # one of them cannot be read, or the store is away: each by itself will tell
            log.warning("deliveries are read one by one", exc_info=True)
            for one in held:
                self._start(self._leave(one, 0, partial(self._deliver_alone, one)))
            return
        for one in held:
            loaded = found.get(one.id)
            size = 0 if loaded is None else loaded.delivery.size
            self._carry(size)
            self._start(self._leave(one, size, partial(self._deliver, one, loaded)))

    async def _leave(self, claim: Held, size: int, work: Callable[[], Awaitable[None]]) -> None:
        """Do something about a claim; then its bucket has room again."""
        try:
            await work()
        finally:
            self._carry(-size)
            self._busy[claim.bucket] -= 1
            if not self._busy[claim.bucket]:
                del self._busy[claim.bucket]

    def _carry(self, size: int) -> None:
        """Count the bytes of the mails that are under way."""
        self._bytes += size
        if self._bytes < MOST_BYTES:
            self._room.set()
        else:
            self._room.clear()

    async def _idle_seconds(self) -> float:
        """Return how long nothing comes due. What is due already waits for something that wakes us."""
        now = self._deps.clock()
        due = await self._deps.database.read(_next_due, now)
        if due is None:
            return POLL_SECONDS
        return min(max((due - now).total_seconds(), 0.001), POLL_SECONDS)

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
        self.done()

    async def _deliver_alone(self, claim: Held) -> None:
        try:
            found = await self._deps.database.read(load, [claim.id], self._deps)
        except OperationalError:
            await self._put_back(schema.recipient.name, claim)
        except Exception as error:  # a fault of ours: the mail is kept and tried again
            log.exception("a mail cannot be read", recipient_id=claim.id)
            await self._recorded(_Result(claim, [_own_fault(claim, error, self._deps)]))
        else:
            await self._deliver(claim, found.get(claim.id))

    async def _deliver(self, claim: Held, loaded: Loaded | None) -> None:
        deps = self._deps
        try:
            facts = await deliver(Deliver(claim), loaded, deps)
        except OperationalError:
            await self._put_back(schema.recipient.name, claim)
            return
        except Exception as error:  # a fault of ours: the mail is kept and tried again
            log.exception("a delivery failed in this program", recipient_id=claim.id)
            facts = [_own_fault(claim, error, deps)]
        await self._recorded(_Result(claim, facts))

    async def _recorded(self, result: "_Result") -> None:
        """Record a result together with those of others: what comes in while a transaction runs shares the next one."""
        recorded = asyncio.get_running_loop().create_future()
        self._results.append((result, recorded))
        if self._recording is None:
            self._recording = asyncio.create_task(self._record_all(), name="results")
        await recorded
        self._deps.journal.forget(result.claim.id)

    async def _record_all(self) -> None:
        while self._results:
            group, self._results = self._results[:RESULTS], self._results[RESULTS:]
            try:
                results = [result for result, _ in group]
                metrics.settled(_told(results, await self._record(_finish_deliveries, results)))
                failpoint("settle.after-commit")
            except Exception:  # one of them cannot be recorded: each by itself will tell which
                log.warning("results are recorded one by one", exc_info=True)
                for result, recorded in group:
                    await self._record_one(result, recorded)
            for _, recorded in group:
                if not recorded.done():
                    recorded.set_result(None)
        self._recording = None

    async def _record_one(self, result: "_Result", recorded: "asyncio.Future[None]") -> None:
        try:
            metrics.settled(_told([result], await self._record(_finish_deliveries, [result])))
        except Exception as error:  # noqa: BLE001  it is told where it is waited for
            if not recorded.done():
                recorded.set_exception(error)

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

    async def _put_back(self, queued: str, claim: Claim) -> None:
        """Let a row that the store was away for be due again at once: nothing was done about it."""
        log.warning("the store cannot be used; trying again", table=queued, id=claim.id)
        await self._record(queue.put_back, queued, claim, self._deps.clock())

    async def _work(self, claim: Claim) -> None:
        deps = self._deps
        kind = ""
        try:
            kind, payload = await deps.database.read(jobs.read, claim.id)
            job = msgspec.convert({"type": kind, **payload}, Job)
            follow = await self._handlers[type(job)](job, deps)
            metrics.settled(await self._record(_finish, claim, follow))
        except OperationalError:
            await self._put_back(schema.job.name, claim)
        except NoResultFound:
            log.info("what a job is about is no longer kept", kind=kind, job_id=claim.id)
            await deps.database.write(jobs.finish, claim)
        except Exception as error:  # the job is kept, with the error beside it
            metrics.JOBS_FAILED.labels(kind).inc()
            log.exception("a job failed", kind=kind, job_id=claim.id, attempts=claim.attempts)
            wait = retry_delay(OWN_JOBS, claim.attempts, deps.chance)
            due_at = None if wait is None else deps.clock() + wait
            described = "".join(traceback.format_exception_only(error))
            await self._record(_postpone, claim, due_at, described)
        finally:
            self._jobs -= 1


class _Result(NamedTuple):
    """What became of a delivery."""

    claim: Held
    facts: list[Settle]

    @property
    def is_plain(self) -> bool:
        """Whether the mail was taken and nothing else follows, as for nearly all."""
        if len(self.facts) != 1 or self.claim.rested:
            return False
        [fact] = self.facts
        return fact.event is Event.ACCEPTED and fact.tracked is None


@lru_cache(maxsize=16)
def _line_of(owner: str) -> Line:
    """Return the line as a worker knows it. It is a hint, and so it may be kept where claims are written."""
    del owner
    return Line()


def _claim_both(
    connection: sa.Connection, owner: str, busy: Counter[Bucket], now: datetime, free: int
) -> tuple[list[Held], list[Claim], bool]:
    others = queue.claim(connection, schema.job, owner=owner, now=now, lease=LEASE, limit=free) if free else []
    left = free - len(others)
    held, more = line.claim(connection, _line_of(owner), busy, owner=owner, now=now, lease=LEASE, free=left)
    return held, others, more


def _finish_held(connection: sa.Connection, results: Sequence[_Result]) -> set[int]:
    ours = deliveries.held(connection, [result.claim for result in results])
    still = [result for result in results if result.claim.id in ours]
    return {result.claim.id for result in results} - set(ours) | _finish_deliveries(connection, still)


def _finish_deliveries(connection: sa.Connection, results: Sequence[_Result]) -> set[int]:
    """Write down what became of some deliveries; return the ids of the recipients that are no longer ours, of which nothing
    is written."""
    plain = [(result.claim, result.facts[0]) for result in results if result.is_plain]
    lost = settle_accepted(connection, plain) if plain else []
    lost += [
        result.claim
        for result in results
        if not (result.is_plain or _finish_delivery(connection, result.claim, result.facts))
    ]
    for claim in lost:
        log.warning(
            "a delivery is no longer ours: its lease ran out, or its message was removed", recipient_id=claim.id
        )
    failpoint("settle.before-commit")
    return {claim.id for claim in lost}


def _told(results: Sequence[_Result], lost: set[int]) -> list[Settle]:
    """Return the facts that are written."""
    return [fact for result in results if result.claim.id not in lost for fact in result.facts]


def _finish(connection: sa.Connection, claim: Claim, follow: Follow | None) -> Sequence[Settle]:
    if jobs.finish(connection, claim) and follow is not None:
        return follow(connection) or ()
    return ()


def _finish_delivery(connection: sa.Connection, claim: Held, facts: list[Settle]) -> bool:
    due_at = next((fact.retry_at for fact in facts if fact.retry_at), None)
    if not queue.settle_claim(connection, schema.recipient, claim, due_at=due_at):
        return False
    for fact in facts:
        settle(connection, fact)
        if fact.slow_down:
            buckets.rest(connection, claim.bucket, fact.slow_down, fact.at)
        elif claim.rested and fact.event is Event.ACCEPTED:
            buckets.wake(connection, claim.bucket)
        if fact.tracked is not None:
            deliveries.track(connection, fact.recipient_id, opens=fact.tracked.opens, links=fact.tracked.links)
    return True


def _held_before(claim: Claim) -> Held:
    return Held(claim.id, claim.attempts, claim.fence, bucket=NOBODY, rested=False)


async def _digest(job: Digest, deps: Deps) -> Follow:
    facts, outcome = await digest(job, deps)
    failpoint("digest.before-settle")
    return partial(_digested, received_id=job.received_id, facts=facts, outcome=outcome)


def _digested(
    connection: sa.Connection, *, received_id: int, facts: Sequence[Settle], outcome: str
) -> Sequence[Settle]:
    for fact in facts:
        settle(connection, fact)
    received.conclude(connection, received_id, outcome)
    failpoint("digest.before-commit")
    return facts


HANDLERS: dict[type[Any], Handler] = {
    Confirm: confirm,
    Digest: _digest,
    Receive: receive,
    SendChunk: send_chunk,
    Purge: purge,
    Erase: erase,
}
"""What runs the kinds of job that every server has."""


GIVEN_UP: dict[type[Any], Callable[[sa.Connection, Any], None]] = {SendChunk: give_up_chunk}
"""What follows when a job of a kind is given up."""


def _postpone(connection: sa.Connection, claim: Claim, due_at: datetime | None, described: str) -> None:
    if not jobs.postpone(connection, claim, due_at, described) or due_at is not None:
        return
    kind, payload = jobs.read(connection, claim.id)
    for given_up, follow in GIVEN_UP.items():
        if given_up.__struct_config__.tag == kind:
            follow(connection, msgspec.convert(payload, given_up))


def _nothing() -> None:
    """Do nothing."""


def _next_due(connection: sa.Connection, now: datetime) -> datetime | None:
    times = [queue.next_due(connection, table, now) for table in (schema.recipient, schema.job)]
    return min((time for time in times if time is not None), default=None)


def _own_fault(claim: Claim, error: Exception, deps: Deps) -> Settle:
    """Put a delivery that failed in this program off; it is never given up for that."""
    wait = retry_delay(OWN_JOBS, min(claim.attempts, len(OWN_JOBS)), deps.chance) or OWN_JOBS[-1]
    now = deps.clock()
    details = {"DeliveryMessage": f"x-carom;{type(error).__name__}", "DestinationServer": "", "DestinationIP": ""}
    return Settle(claim.id, Event.DEFERRED, now, details, retry_at=now + wait)
