"""The keys with which the service signs all mail beside the senders' own: one for each domain that its return paths have
been at. All nodes of a store sign with the same."""

from datetime import datetime

import sqlalchemy as sa

from carom.server.keyring import Keyring, SigningKey
from carom.server.rules import dkim
from carom.server.store.domains import ActiveKey
from carom.server.store.schema import service_key
from carom.server.store.types import insert_new


def add(connection: sa.Connection, keyring: Keyring, name: str, key: SigningKey, now: datetime) -> None:
    """Give a domain its key, unless another node was faster."""
    row = {
        "domain": name.lower(),
        "selector": dkim.selector(now, ()),
        "public": key.public,
        "private_cipher": keyring.seal(key.private),
        "created_at": now,
    }
    connection.execute(insert_new(connection, service_key, row))


def find(connection: sa.Connection, keyring: Keyring, name: str) -> ActiveKey | None:
    """Return the key of a domain."""
    row = connection.execute(sa.select(service_key).where(service_key.c.domain == name.lower())).first()
    return None if row is None else ActiveKey(row.domain, row.selector, keyring.unseal(row.private_cipher))


def record(connection: sa.Connection, name: str) -> tuple[str, str] | None:
    """Return the TXT record that lets receivers check a domain's key: its name and its text."""
    columns = (service_key.c.domain, service_key.c.selector, service_key.c.public)
    row = connection.execute(sa.select(*columns).where(service_key.c.domain == name.lower())).first()
    return None if row is None else (dkim.host(row.selector, row.domain), dkim.text_value(row.public))
