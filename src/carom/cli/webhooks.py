"""carom webhooks: what was posted to hooks, and what was answered. The commands work on the store itself, beside a running
server."""

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
from carom.server.keyring import load_keyring
from carom.server.rules.posts import PostState
from carom.server.store import posts
from carom.server.store.database import Database
from carom.server.store.opening import open_database, reach
from carom.server.store.posts import Filter, Row

T = TypeVar("T")

Data = Annotated[Path, Parameter(help="The data folder of the server.")]
Store = Annotated[str | None, Parameter(name="--database", help="The URL of the store, as the server has it.")]
Endpoint = Annotated[
    str | None, Parameter(name="--webhook", help="A webhook's id, or SERVER/FIELD for a hook of a server's settings.")
]
Kind = Annotated[str | None, Parameter(name="--type", help="Delivery, Bounce, SpamComplaint, Open, Click, ...")]
Email = Annotated[str | None, Parameter(help="The recipient that the event is about.")]
Message = Annotated[UUID | None, Parameter(name="--message", help="The id of the message.")]
First = Annotated[datetime | None, Parameter(name="--from", help="The first time of the event.")]
Last = Annotated[datetime | None, Parameter(name="--to", help="The last time of the event.")]


def list_(
    *,
    webhook: Endpoint = None,
    kind: Kind = None,
    dead: Annotated[bool, Parameter(negative="", help="Only dead letters: what was given up.")] = False,
    email: Email = None,
    message: Message = None,
    count: Annotated[int, Parameter(help="How many, newest first.")] = 50,
    data: Data = Settings.data,
    database: Store = None,
    as_json: AsJson = False,
) -> None:
    """List what was posted, or is to be."""
    wanted = Filter(
        endpoint=webhook, type=kind, state=PostState.DEAD if dead else None, email=email, message_id=message
    )
    found = _run(data, database, lambda store: store.read(posts.page, wanted, count))
    if as_json:
        print_json([msgspec.to_builtins(one) | {"state": one.state.name.lower()} for one in found])
        return
    rows = (
        (one.id, one.endpoint, one.type, one.email, one.state.name.lower(), one.attempts, _at(one)) for one in found
    )
    print_table(("post", "webhook", "type", "about", "state", "attempts", "event at"), rows)


def attempts(
    post: Annotated[int, Parameter(help="The id of a post, as the list shows it.")],
    /,
    *,
    data: Data = Settings.data,
    database: Store = None,
    as_json: AsJson = False,
) -> None:
    """Show each attempt of a post: what was sent, and what was answered, how fast."""
    found = _run(data, database, lambda store: store.read(posts.attempts, post))
    if not found:
        raise Problem(f"post {post} has no attempts yet, or is not kept; 'carom webhooks list' shows what is")
    if as_json:
        print_json([msgspec.to_builtins(one) for one in found])
        return
    rows = (
        (f"{one.at:%Y-%m-%d %H:%M:%S}", one.url, one.status or one.error, f"{one.milliseconds} ms", _text(one.answer))
        for one in found
    )
    print_table(("at (UTC)", "posted to", "answered", "after", "said"), rows)


def replay(
    post: Annotated[int | None, Parameter(help="The id of one post; else all that the options name.")] = None,
    /,
    *,
    webhook: Endpoint = None,
    kind: Kind = None,
    dead: Annotated[bool, Parameter(negative="", help="Only dead letters.")] = False,
    email: Email = None,
    message: Message = None,
    first: First = None,
    last: Last = None,
    data: Data = Settings.data,
    database: Store = None,
) -> None:
    """Post again: one event, those that options name, or those of a time. They keep their event ids, so that a receiver
    can tell what it has seen."""
    wanted = Filter(
        id=post,
        endpoint=webhook,
        type=kind,
        state=PostState.DEAD if dead else None,
        email=email,
        message_id=message,
        first=_aware(first),
        last=_aware(last),
    )
    if wanted.is_empty:
        raise Problem(
            "that would post everything again; name a post, --webhook, --type, --dead, --email, --from or --to"
        )
    print(f"{_run(data, database, lambda store: _replay(store, wanted))} to be posted again")


def secret(
    webhook: Annotated[str, Parameter(help="A webhook's id, or SERVER/FIELD for a hook of a server's settings.")],
    /,
    *,
    data: Data = Settings.data,
    database: Store = None,
) -> None:
    """Print the secret that signs what is posted to a hook; while the installation's secret is changed, the old one too."""
    settings = existing(data, database)
    keyring = load_keyring(settings.data if settings.postgres_url is None else None)
    for line in keyring.hook_secrets(webhook):
        print(line)


async def _replay(store: Database, wanted: Filter) -> int:
    total, after = 0, 0
    while found := await store.write(posts.replay, wanted, utc_now(), after):
        total += len(found)
        after = max(row.id for row in found)
    store.announce()
    return total


def _run(data: Path, database: str | None, what: Callable[[Database], Awaitable[T]]) -> T:
    async def run() -> T:
        store = open_database(existing(data, database))
        try:
            await reach(store)
            return await what(store)
        finally:
            await store.close()

    return asyncio.run(run())


def _aware(at: datetime | None) -> datetime | None:
    return at.astimezone() if at is not None else None


def _at(row: Row) -> str:
    return f"{row.created_at:%Y-%m-%d %H:%M:%S}"


def _text(answer: bytes) -> str:
    return answer[:60].decode("utf-8", "replace").split("\n")[0]
