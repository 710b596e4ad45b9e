"""SMTP tokens: an Access Key as user and a Secret Key as password, one a message stream. Of the secret only a hash is kept:
it is random and long, so that one without salt and iterations will do.

https://postmarkapp.com/developer/user-guide/send-email-with-smtp
"""

import hashlib
import secrets
from datetime import datetime

import sqlalchemy as sa
from msgspec import Struct

from carom.server.store.schema import server, smtp_token
from carom.server.store.servers import Tenant
from carom.server.store.types import insert_new

SECRET_BYTES = 32


class SmtpToken(Struct, frozen=True, kw_only=True):
    """A token without its secret."""

    access_key: str
    server_id: int
    server: str
    stream: str
    created_at: datetime


class Keys(Struct, frozen=True):
    """A new token as it is shown this once."""

    access_key: str
    secret_key: str


class Holder(Struct, frozen=True):
    """Whose a token is."""

    tenant: Tenant
    stream: str
    secret_hash: bytes


def secret_hash(secret_key: str) -> bytes:
    """Return what is kept of a secret."""
    return hashlib.sha256(secret_key.encode()).digest()


def create(connection: sa.Connection, server_id: int, stream: str, now: datetime) -> Keys | None:
    """Make the token of a stream, None if the stream has one."""
    keys = Keys(f"PM-{stream}-{secrets.token_hex(8)}", secrets.token_urlsafe(SECRET_BYTES))
    row = {
        "access_key": keys.access_key,
        "server_id": server_id,
        "stream": stream,
        "secret_hash": secret_hash(keys.secret_key),
        "created_at": now,
    }
    return keys if connection.execute(insert_new(connection, smtp_token, row)).rowcount else None


def all_(connection: sa.Connection) -> list[SmtpToken]:
    """Return all tokens, by server and stream."""
    rows = connection.execute(
        sa.select(smtp_token, server.c.name)
        .join(server, server.c.id == smtp_token.c.server_id)
        .order_by(smtp_token.c.server_id, smtp_token.c.stream)
    )
    return [
        SmtpToken(
            access_key=row.access_key,
            server_id=row.server_id,
            server=row.name,
            stream=row.stream,
            created_at=row.created_at,
        )
        for row in rows
    ]


def revoke(connection: sa.Connection, access_key: str) -> bool:
    """Make a token worthless at once; False if there is none."""
    return connection.execute(sa.delete(smtp_token).where(smtp_token.c.access_key == access_key)).rowcount > 0


_HOLDER = (
    sa.select(
        server.c.id, server.c.account_id, server.c.name, server.c.delivery_type,
        smtp_token.c.stream, smtp_token.c.secret_hash,
    )
    .join(server, server.c.id == smtp_token.c.server_id)
    .where(smtp_token.c.access_key == sa.bindparam("access_key"))
)  # fmt: skip


def holder(connection: sa.Connection, access_key: str) -> Holder | None:
    """Return whose a token is. Whether the secret is right is the caller's to find out."""
    row = connection.execute(_HOLDER, {"access_key": access_key}).first()
    if row is None:
        return None
    tenant = Tenant(server_id=row.id, account_id=row.account_id, name=row.name, delivery_type=row.delivery_type)
    return Holder(tenant, row.stream, row.secret_hash)
