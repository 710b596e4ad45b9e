"""carom smtp-tokens: what may submit mail by SMTP on one message stream."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from carom.cli.history import existing
from carom.cli.problems import Problem
from carom.server.app import utc_now
from carom.server.config import Settings
from carom.server.rules.accepting import SENDING_TYPES
from carom.server.store import servers, smtp_tokens, streams
from carom.server.store.database import Database
from carom.server.store.opening import open_database, reach
from carom.wire.email import DEFAULT_STREAM

T = TypeVar("T")


def create(
    stream: str = DEFAULT_STREAM,
    /,
    *,
    server: int | None = None,
    data: Path = Settings.data,
    database: str | None = None,
) -> None:
    """Make the SMTP token of a message stream and print both of its keys, this once.

    Parameters
    ----------
    stream
        The id of a transactional or broadcast stream that has no token.
    server
        The id of the server; by default the first one.
    data
        The data folder of the server.
    database
        The URL of the store, as the server has it.

    """
    keys = _with_store(existing(data, database), lambda store: _create(store, server, stream))
    print(f"access key (user):     {keys.access_key}")
    print(f"secret key (password): {keys.secret_key}")


async def _create(store: Database, server_id: int | None, stream: str) -> smtp_tokens.Keys:
    chosen = await store.read(servers.first_server) if server_id is None else server_id
    kind = await store.read(streams.live_type, chosen, stream)
    if kind is None or kind not in SENDING_TYPES:
        raise Problem(f"server {chosen} has no stream '{stream}' that sends")
    keys = await store.write(smtp_tokens.create, chosen, stream, utc_now())
    if keys is None:
        raise Problem(
            f"the stream '{stream}' has a token; see it with 'carom smtp-tokens list', revoke it, make another"
        )
    return keys


def list_(*, data: Path = Settings.data, database: str | None = None) -> None:
    """List the access keys; the secrets are not kept.

    Parameters
    ----------
    data
        The data folder of the server.
    database
        The URL of the store, as the server has it.

    """
    for token in _with_store(existing(data, database), lambda store: store.read(smtp_tokens.all_)):
        made = token.created_at.date().isoformat()
        print(f"{token.access_key}  server {token.server_id} ({token.server})  stream {token.stream}  made {made}")


def revoke(access_key: str, /, *, data: Path = Settings.data, database: str | None = None) -> None:
    """Make a token worthless; a running server refuses it at once.

    Parameters
    ----------
    access_key
        The token's access key.
    data
        The data folder of the server.
    database
        The URL of the store, as the server has it.

    """
    if not _with_store(existing(data, database), lambda store: store.write(smtp_tokens.revoke, access_key)):
        raise Problem(f"there is no token '{access_key}'; see them with 'carom smtp-tokens list'")
    print(f"{access_key} is revoked")


def _with_store(settings: Settings, work: Callable[[Database], Awaitable[T]]) -> T:
    async def run() -> T:
        store = open_database(settings)
        try:
            await reach(store)
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(run())
