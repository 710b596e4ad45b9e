"""Accounts, servers, their tokens and their default streams."""

import secrets
from datetime import datetime
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from msgspec import Struct

from carom.server.keyring import Keyring, token_hash
from carom.server.store.schema import account, server, server_token, stream
from carom.wire.server import Server

DEFAULT_STREAMS = (
    ("outbound", "Default Transactional Stream", "Transactional", "None"),
    ("broadcast", "Default Broadcast Stream", "Broadcasts", "Postmark"),
    ("inbound", "Default Inbound Stream", "Inbound", "None"),
)
"""What a new server has: id, name, type, unsubscribe handling."""


class ServerSettings(Struct, frozen=True, kw_only=True):
    """What can be set on a server, as it is stored."""

    color: str = "purple"
    smtp_api_activated: bool = True
    raw_email_enabled: bool = False
    inbound_hook_url: str = ""
    bounce_hook_url: str = ""
    open_hook_url: str = ""
    delivery_hook_url: str = ""
    click_hook_url: str = ""
    post_first_open_only: bool = False
    inbound_domain: str = ""
    inbound_spam_threshold: int = 0
    track_opens: bool = False
    track_links: str = "None"
    include_bounce_content_in_hook: bool = False
    enable_smtp_api_error_hooks: bool = False


class Tenant(Struct, frozen=True, kw_only=True):
    """The server that a token belongs to, as every request needs it."""

    server_id: int
    account_id: int
    name: str
    delivery_type: str


class Tokens(Struct, frozen=True):
    """The tokens of a new installation."""

    server: str
    account: str


def is_empty(connection: sa.Connection) -> bool:
    """Tell whether there is no account yet."""
    return connection.scalar(sa.select(account.c.id).limit(1)) is None


def begin(connection: sa.Connection, keyring: Keyring, tokens: Tokens, now: datetime) -> None:
    """Make the account and the first server of an installation."""
    account_id = connection.execute(
        sa.insert(account)
        .values(
            name="Carom",
            token_hash=token_hash(tokens.account),
            token_cipher=keyring.seal(tokens.account),
            created_at=now,
        )
        .returning(account.c.id)
    ).scalar_one()
    create(connection, keyring, account_id, "My First Server", token=tokens.server, now=now)


def create(
    connection: sa.Connection,
    keyring: Keyring,
    account_id: int,
    name: str,
    *,
    now: datetime,
    token: str | None = None,
    delivery_type: str = "Live",
    settings: ServerSettings | None = None,
) -> int:
    """Make a server with a token and the default streams, and return its id."""
    settings = settings or ServerSettings()
    server_id: int = connection.execute(
        sa.insert(server)
        .values(
            account_id=account_id,
            name=name,
            delivery_type=delivery_type,
            inbound_hash=secrets.token_hex(16),
            settings=settings,
            inbound_domain=_folded_domain(settings),
            created_at=now,
        )
        .returning(server.c.id)
    ).scalar_one()
    add_token(connection, keyring, server_id, token or str(uuid4()), now)
    connection.execute(
        sa.insert(stream),
        [
            {
                "server_id": server_id,
                "id": stream_id,
                "name": stream_name,
                "type": kind,
                "unsubscribe_handling": handling,
                "created_at": now,
            }
            for stream_id, stream_name, kind, handling in DEFAULT_STREAMS
        ],
    )
    return server_id


def add_token(connection: sa.Connection, keyring: Keyring, server_id: int, token: str, now: datetime) -> None:
    """Give a server a token."""
    connection.execute(
        sa.insert(server_token).values(
            hash=token_hash(token), server_id=server_id, cipher=keyring.seal(token), created_at=now
        )
    )


_BY_TOKEN = (
    sa.select(server.c.id, server.c.account_id, server.c.name, server.c.delivery_type)
    .join(server_token, server_token.c.server_id == server.c.id)
    .where(server_token.c.hash == sa.bindparam("hash"))
)


def by_token(connection: sa.Connection, token: str) -> Tenant | None:
    """Return the server of a token. The look-up is by hash, so its time tells nothing about other tokens."""
    row = connection.execute(_BY_TOKEN, {"hash": token_hash(token)}).first()
    if row is None:
        return None
    return Tenant(server_id=row.id, account_id=row.account_id, name=row.name, delivery_type=row.delivery_type)


def by_id(connection: sa.Connection, server_id: int) -> Tenant | None:
    """Return a server, None when it was removed."""
    row = connection.execute(
        sa.select(server.c.account_id, server.c.name, server.c.delivery_type).where(server.c.id == server_id)
    ).first()
    if row is None:
        return None
    return Tenant(server_id=server_id, account_id=row.account_id, name=row.name, delivery_type=row.delivery_type)


_ACCOUNT_BY_TOKEN = sa.select(account.c.id).where(account.c.token_hash == sa.bindparam("hash"))


def account_by_token(connection: sa.Connection, token: str) -> int | None:
    """Return the account of a token, looked up as :func:`by_token` does."""
    return connection.scalar(_ACCOUNT_BY_TOKEN, {"hash": token_hash(token)})


def first_account(connection: sa.Connection) -> int:
    """Return the account that the installation began with."""
    account_id: int = connection.execute(sa.select(account.c.id).order_by(account.c.id).limit(1)).scalar_one()
    return account_id


def first_server(connection: sa.Connection) -> int:
    """Return the server that the installation began with, or the oldest that is left of it."""
    server_id: int = connection.execute(sa.select(server.c.id).order_by(server.c.id).limit(1)).scalar_one()
    return server_id


def is_there(connection: sa.Connection, server_id: int) -> bool:
    """Tell whether there is a server of an id."""
    return connection.scalar(sa.select(server.c.id).where(server.c.id == server_id)) is not None


def settings_of(connection: sa.Connection, server_id: int) -> ServerSettings:
    """Return what is set on a server."""
    return ServerSettings(
        **connection.execute(sa.select(server.c.settings).where(server.c.id == server_id)).scalar_one()
    )


def hold_account(connection: sa.Connection, account_id: int) -> None:
    """Let nobody else change an account's servers before the transaction ends."""
    connection.execute(sa.select(account.c.id).where(account.c.id == account_id).with_for_update())


def belongs(connection: sa.Connection, account_id: int, server_id: int) -> bool:
    """Tell whether an account has a server."""
    mine = sa.select(server.c.id).where(server.c.id == server_id, server.c.account_id == account_id)
    return connection.scalar(mine) is not None


def name_taken(connection: sa.Connection, account_id: int, name: str, but: int | None) -> bool:
    """Tell whether another server of an account has a name; ``but`` is the one that may, None for a new one."""
    wanted = sa.select(server.c.id).where(server.c.account_id == account_id, server.c.name == name, _other_than(but))
    return connection.scalar(wanted) is not None


def inbound_domain_taken(connection: sa.Connection, domain: str, but: int | None) -> bool:
    """Tell whether another server, of any account, receives the mail of a domain."""
    return by_inbound_domain(connection, domain) not in {None, but}


def by_inbound_domain(connection: sa.Connection, domain: str) -> int | None:
    """Return the server, of any account, that receives the mail of a domain."""
    return connection.scalar(sa.select(server.c.id).where(server.c.inbound_domain == domain.lower()))


def by_inbound_hash(connection: sa.Connection, inbound_hash: str) -> int | None:
    """Return the server with a hash in its inbound address."""
    return connection.scalar(sa.select(server.c.id).where(server.c.inbound_hash == inbound_hash.lower()))


def _other_than(server_id: int | None) -> sa.ColumnElement[bool]:
    return sa.true() if server_id is None else server.c.id != server_id


def change(connection: sa.Connection, server_id: int, name: str | None, settings: ServerSettings) -> None:
    """Set what can be set on a server, and its name if one is given."""
    values: dict[str, object] = {"settings": settings, "inbound_domain": _folded_domain(settings)}
    if name is not None:
        values["name"] = name
    connection.execute(sa.update(server).where(server.c.id == server_id).values(values))


def _folded_domain(settings: ServerSettings) -> str | None:
    return settings.inbound_domain.lower() or None


class Shown(Struct, frozen=True, kw_only=True):
    """What showing a server needs beside its rows."""

    keyring: Keyring
    public_url: str
    inbound_domain: str


def show(connection: sa.Connection, server_id: int, by: Shown) -> Server:
    """Return a server as the API shows it."""
    [found] = _shown(connection, sa.select(server).where(server.c.id == server_id), by)
    return found


def page(
    connection: sa.Connection, account_id: int, part: str, count: int, offset: int, by: Shown
) -> tuple[int, list[Server]]:
    """Return how many servers of an account have a part in their name, and a page of them, oldest first."""
    where = (server.c.account_id == account_id, server.c.name.icontains(part, autoescape=True))
    total = connection.execute(sa.select(sa.func.count()).select_from(server).where(*where)).scalar_one()
    wanted = sa.select(server).where(*where).order_by(server.c.id).limit(count).offset(offset)
    return total, _shown(connection, wanted, by)


def _shown(connection: sa.Connection, wanted: sa.Select[Any], by: Shown) -> list[Server]:
    rows = connection.execute(wanted).all()
    tokens: dict[int, list[str]] = {row.id: [] for row in rows}
    ciphers = connection.execute(
        sa.select(server_token.c.server_id, server_token.c.cipher)
        .where(server_token.c.server_id.in_(tokens))
        .order_by(server_token.c.created_at)
    )
    for server_id, cipher in ciphers:
        tokens[server_id].append(by.keyring.unseal(cipher))
    return [_server(row, tokens[row.id], by) for row in rows]


def _server(row: Any, tokens: list[str], by: Shown) -> Server:
    settings = ServerSettings(**row.settings)
    return Server(
        id=row.id,
        name=row.name,
        api_tokens=tokens,
        delivery_type=row.delivery_type,
        server_link=f"{by.public_url}/servers/{row.id}/streams",
        inbound_hash=row.inbound_hash,
        inbound_address=f"{row.inbound_hash}@{by.inbound_domain}",
        **{name: getattr(settings, name) for name in settings.__struct_fields__},
    )
