"""Webhooks as they are configured. The password in one is sealed under the installation's key."""

from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from carom.server.keyring import Keyring
from carom.server.store.schema import webhook
from carom.wire.email import Header
from carom.wire.learnt import learn
from carom.wire.webhooks import HttpAuth, Triggers, Webhook

learn(HttpAuth, Triggers, list[Header])


VERIFIED, UNVERIFIED = "verified", "unverified"


class Hook(Struct, frozen=True, kw_only=True):
    """What can be set on a webhook; its stream is set once."""

    url: str
    auth: HttpAuth | None
    headers: list[Header]
    triggers: Triggers


def all_of(connection: sa.Connection, keyring: Keyring, server_id: int, stream: str | None) -> list[Webhook]:
    """Return the webhooks of a server, or of one of its streams, oldest first."""
    where = [webhook.c.server_id == server_id]
    if stream is not None:
        where.append(webhook.c.stream == stream)
    rows = connection.execute(sa.select(webhook).where(*where).order_by(webhook.c.id))
    return [_read(row, keyring) for row in rows]


def get(connection: sa.Connection, keyring: Keyring, server_id: int, webhook_id: int) -> Webhook | None:
    """Return a webhook."""
    row = connection.execute(sa.select(webhook).where(*_is(server_id, webhook_id))).first()
    return None if row is None else _read(row, keyring)


def count(connection: sa.Connection, server_id: int, stream: str) -> int:
    """Count the webhooks of a stream."""
    mine = (webhook.c.server_id == server_id, webhook.c.stream == stream)
    return connection.execute(sa.select(sa.func.count()).select_from(webhook).where(*mine)).scalar_one()


def add(connection: sa.Connection, keyring: Keyring, server_id: int, stream: str, hook: Hook, now: datetime) -> int:
    """Make a webhook and return its id."""
    values = {"server_id": server_id, "stream": stream, "created_at": now, **_columns(keyring, hook)}
    webhook_id: int = connection.execute(sa.insert(webhook).values(values).returning(webhook.c.id)).scalar_one()
    return webhook_id


def change(connection: sa.Connection, keyring: Keyring, server_id: int, webhook_id: int, hook: Hook) -> None:
    """Set everything that can be set on a webhook; what was verified is not so any more."""
    values = {**_columns(keyring, hook), "status": UNVERIFIED}
    connection.execute(sa.update(webhook).where(*_is(server_id, webhook_id)).values(values))


def mark(connection: sa.Connection, keyring: Keyring, server_id: int, tried: Webhook, *, verified: bool) -> None:
    """Note whether a webhook was verified, unless it has been changed since it was tried."""
    if get(connection, keyring, server_id, tried.id) == tried:
        status = VERIFIED if verified else UNVERIFIED
        connection.execute(sa.update(webhook).where(*_is(server_id, tried.id)).values(status=status))


def remove(connection: sa.Connection, server_id: int, webhook_id: int) -> bool:
    """Remove a webhook; False if there is none."""
    return connection.execute(sa.delete(webhook).where(*_is(server_id, webhook_id))).rowcount > 0


def _is(server_id: int, webhook_id: int) -> tuple[sa.ColumnElement[bool], ...]:
    return webhook.c.server_id == server_id, webhook.c.id == webhook_id


def _columns(keyring: Keyring, hook: Hook) -> dict[str, Any]:
    return {
        "url": hook.url,
        "auth_cipher": None if hook.auth is None else keyring.seal(msgspec.json.encode(hook.auth).decode()),
        "headers": hook.headers,
        "triggers": hook.triggers,
    }


def _read(row: Any, keyring: Keyring) -> Webhook:
    sealed: bytes | None = row.auth_cipher
    return Webhook(
        id=row.id,
        url=row.url,
        message_stream=row.stream,
        http_auth=None if sealed is None else msgspec.json.decode(keyring.unseal(sealed), type=HttpAuth),
        http_headers=msgspec.convert(row.headers, list[Header]),
        triggers=msgspec.convert(row.triggers, Triggers),
        status=row.status,
    )
