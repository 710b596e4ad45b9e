"""carom queue: the mail that waits. The commands work on the store itself, beside a running server."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, TypeVar
from uuid import UUID

import msgspec
from cyclopts import Parameter

from carom.cli.client import AsJson, print_json, print_table
from carom.cli.history import existing
from carom.cli.problems import Problem
from carom.server.app import utc_now
from carom.server.config import Settings
from carom.server.pipeline import verbs
from carom.server.rules.line import EVERY_SERVER
from carom.server.store import buckets
from carom.server.store.buckets import Queued, Which
from carom.server.store.database import Database
from carom.server.store.opening import open_database, reach

T = TypeVar("T")

Data = Annotated[Path, Parameter(help="The data folder of the server.")]
Store = Annotated[str | None, Parameter(name="--database", help="The URL of the store, as the server has it.")]
ServerId = Annotated[int | None, Parameter(name="--server", help="The id of a server: only its mail.")]
Domain = Annotated[str, Parameter(help="A destination: the domain of the recipients.")]
Message = Annotated[UUID | None, Parameter(name="--message", help="The id of a message: only its recipients.")]
Most = Annotated[int, Parameter(name="--count", help="How many at most.")]


def list_(
    domain: str | None = None,
    /,
    *,
    count: Most = 50,
    server: ServerId = None,
    data: Data = Settings.data,
    database: Store = None,
    as_json: AsJson = False,
) -> None:
    """List the buckets in which mail waits (a server's mail to a destination), the deepest first."""
    now = utc_now()
    which = Which(domain=_folded(domain), server_id=server)
    found = _run(data, database, lambda store: store.read(buckets.listed, which, now, count))
    if as_json:
        print_json([msgspec.to_builtins(one) for one in found])
        return
    rows = (
        (one.domain, one.server_id, one.depth, one.running, _ago(one.oldest_at, now), _state(one, now), one.said)
        for one in found
    )
    print_table(("destination", "server", "depth", "running", "oldest", "next try", "last reply"), rows)


def show(
    domain: str | None = None,
    /,
    *,
    message: Message = None,
    count: Most = 50,
    server: ServerId = None,
    data: Data = Settings.data,
    database: Store = None,
    as_json: AsJson = False,
) -> None:
    """Show the mails that wait, the oldest first."""
    now = utc_now()
    which = Which(domain=_folded(domain), server_id=server, message_id=message)
    found = _run(data, database, lambda store: store.read(buckets.mails, which, now, count))
    if as_json:
        print_json([msgspec.to_builtins(one) for one in found])
        return
    rows = (
        (one.message_id, one.address, one.attempts, _ago(one.submitted_at, now),
         "running" if one.running else _in(one.next_try, now), one.said)
        for one in found
    )  # fmt: skip
    print_table(("message", "recipient", "attempts", "age", "next try", "last reply"), rows)


def pause(domain: Domain, /, *, server: ServerId = None, data: Data = Settings.data, database: Store = None) -> None:
    """Send no more mail to a destination until it is resumed. Mail is still accepted; what is under way goes on."""
    of = (server or EVERY_SERVER, domain.lower())
    _run(data, database, lambda store: verbs.pause(store, of, utc_now()))
    print(f"mail to {domain} waits; 'carom queue resume {domain}' lets it go on")


def resume(domain: Domain, /, *, server: ServerId = None, data: Data = Settings.data, database: Store = None) -> None:
    """Let the mail to a destination go on."""
    of = (server or EVERY_SERVER, domain.lower())
    _run(data, database, lambda store: verbs.resume(store, of, utc_now()))
    print(f"mail to {domain} goes on")


def limit(
    domain: Domain,
    /,
    *,
    at_once: Annotated[int | None, Parameter(help="How many deliveries run at once.")] = None,
    per_minute: Annotated[int | None, Parameter(help="How many deliveries begin in a minute, on each node.")] = None,
    server: ServerId = None,
    data: Data = Settings.data,
    database: Store = None,
) -> None:
    """Limit the deliveries to a destination; without a number, lift its limits."""
    if min(at_once or 1, per_minute or 1) < 1:
        raise Problem("--at-once and --per-minute must be at least 1; 'carom queue pause' stops all")
    of = (server or EVERY_SERVER, domain.lower())
    _run(data, database, lambda store: store.write(buckets.limit, of, at_once, per_minute))
    print(f"mail to {domain}: {at_once or 'any number'} at once, {per_minute or 'any number'} a minute")


def retry(
    domain: str | None = None,
    /,
    *,
    message: Message = None,
    server: ServerId = None,
    data: Data = Settings.data,
    database: Store = None,
) -> None:
    """Try mail now that waits for its next try: that of a destination, a server or a message."""
    which = _named(domain, server, message)
    done = _run(data, database, lambda store: verbs.retry(store, which, utc_now()))
    print(f"{done} due now")


def cancel(
    domain: str | None = None,
    /,
    *,
    message: Message = None,
    server: ServerId = None,
    data: Data = Settings.data,
    database: Store = None,
) -> None:
    """Take mail out of the queue for good: that to a destination, of a server or of a message. What is just being tried stays."""
    which = _named(domain, server, message)
    done = _run(data, database, lambda store: verbs.cancel(store, which, utc_now()))
    print(f"{done} cancelled")


def _named(domain: str | None, server: int | None, message: UUID | None) -> Which:
    if domain is None and server is None and message is None:
        raise Problem("say which mail: a destination, --server or --message")
    return Which(domain=_folded(domain), server_id=server, message_id=message)


def _folded(domain: str | None) -> str | None:
    return None if domain is None else domain.lower()


def _run(data: Path, database: str | None, work: Callable[[Database], Awaitable[T]]) -> T:
    async def opened() -> T:
        store = open_database(existing(data, database), patient=True)
        try:
            await reach(store)
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(opened())


def _state(one: Queued, now: datetime) -> str:
    return "paused" if one.paused else _in(one.next_try, now)


def _in(at: datetime | None, now: datetime) -> str:
    return "ready" if at is None else f"in {_span((at - now).total_seconds())}"


def _ago(at: datetime, now: datetime) -> str:
    return _span((now - at).total_seconds())


def _span(seconds: float) -> str:
    """Write a length of time in its largest unit."""
    for unit, name in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= unit:
            return f"{seconds / unit:.0f} {name}"
    return f"{max(seconds, 0):.0f} s"
