"""Who may send: confirmed addresses and domains of an account."""

from datetime import datetime

import sqlalchemy as sa

from carom.server.store import servers
from carom.server.store.schema import domain, sender
from carom.server.store.types import insert_new


def allow(connection: sa.Connection, account_id: int, name: str, now: datetime) -> None:
    """Confirm an address (``a@b``) or a domain by hand."""
    name = name.lower()
    if "@" in name:
        row = {"account_id": account_id, "address": name, "name": "", "created_at": now}
        connection.execute(insert_new(connection, sender, row))
        mine = sa.and_(sender.c.account_id == account_id, sender.c.address == name)
        connection.execute(sa.update(sender).where(mine, sender.c.confirmed_at.is_(None)).values(confirmed_at=now))
    else:
        row = {"account_id": account_id, "name": name, "created_at": now}
        connection.execute(insert_new(connection, domain, row))
        mine = sa.and_(domain.c.account_id == account_id, domain.c.name == name)
        connection.execute(sa.update(domain).where(mine, domain.c.verified_at.is_(None)).values(verified_at=now))


def allow_first(connection: sa.Connection, name: str, now: datetime) -> None:
    """Confirm an address or a domain by hand for the account that the installation began with."""
    allow(connection, servers.first_account(connection), name, now)


def may_send(connection: sa.Connection, account_id: int, address: str) -> bool | None:
    """Tell whether a bare address is confirmed, by itself or by its domain; None when the account has no signature of
    it and its domain is not verified."""
    address = address.lower()
    its_domain = sa.select(domain.c.verified_at).where(
        domain.c.account_id == account_id, domain.c.name == address.rpartition("@")[2]
    )
    if connection.scalar(its_domain) is not None:
        return True
    own = sa.select(sender.c.confirmed_at).where(sender.c.account_id == account_id, sender.c.address == address)
    found = connection.execute(own).first()
    return None if found is None else found.confirmed_at is not None
