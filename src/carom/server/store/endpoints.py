"""Where an endpoint is, as it is configured when something is posted to it."""

from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from carom.server.keyring import Keyring
from carom.server.rules.posts import SETTING, field_of
from carom.server.store import webhooks
from carom.server.store.schema import server, webhook


class Target(Struct, frozen=True):
    """An address to post to, and what is posted along. ``login`` is None where it stands in the address, if anywhere."""

    url: str
    login: tuple[str, str] | None = None
    headers: dict[str, str] = {}


def target(connection: sa.Connection, keyring: Keyring, server_id: int, endpoint: str) -> Target | None:
    """Return where an endpoint is; None when the webhook or its server was removed, or the server's hook taken away."""
    field = field_of(endpoint)
    if field:
        settings: dict[str, Any] = connection.scalar(sa.select(server.c.settings).where(server.c.id == server_id)) or {}
        url: str | None = settings.get(SETTING[field])
        return Target(url) if url else None
    found = webhooks.get(connection, keyring, server_id, int(endpoint))
    if found is None:
        return None
    auth = found.http_auth
    login = None if auth is None else (auth.username, auth.password)
    return Target(found.url, login, {header.name: header.value for header in found.http_headers or ()})


def is_there(connection: sa.Connection, endpoint: str) -> bool:
    """Tell whether there is such an endpoint on any server."""
    number, _, field = endpoint.partition("/")
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        return False
    if not field:
        return connection.scalar(sa.select(webhook.c.id).where(webhook.c.id == int(number))) is not None
    return field in SETTING and connection.scalar(sa.select(server.c.id).where(server.c.id == int(number))) is not None
