"""Who may send: the sender signatures of an account, and what its confirmed addresses and domains let pass."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from carom.server.rules.senders import domain_of
from carom.server.store import domains, servers
from carom.server.store.domains import Expected
from carom.server.store.schema import domain, sender
from carom.server.store.types import insert_new
from carom.wire.senders import Sender, SenderSummary


class NewSender(Struct, frozen=True, kw_only=True):
    """A signature to add."""

    email: str
    name: str
    reply_to: str
    note: str


class Found(Struct, frozen=True):
    """A signature as it is found by its number."""

    id: int
    email: str
    name: str
    note: str
    confirmed: bool

    @property
    def domain(self) -> str:
        """The domain of its address."""
        return domain_of(self.email)


def allow(connection: sa.Connection, account_id: int, name: str, now: datetime) -> None:
    """Confirm an address (``a@b``) or a domain by hand."""
    given, name = name, name.lower()
    if "@" in name:
        row = {"account_id": account_id, "address": name, "email": given, "name": "", "created_at": now}
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


def find(connection: sa.Connection, account_id: int, sender_id: int) -> Found | None:
    """Return a signature of an account."""
    return _found(connection, sender.c.id == sender_id, sender.c.account_id == account_id)


def by_id(connection: sa.Connection, sender_id: int) -> Found | None:
    """Return a signature, whosever it is."""
    return _found(connection, sender.c.id == sender_id)


def _found(connection: sa.Connection, *where: sa.ColumnElement[bool]) -> Found | None:
    row = connection.execute(sa.select(sender).where(*where)).first()
    return None if row is None else Found(row.id, row.email, row.name, row.note, row.confirmed_at is not None)


def page(connection: sa.Connection, account_id: int, count: int, offset: int) -> tuple[int, list[SenderSummary]]:
    """Return how many signatures an account has, and a page of them, oldest first."""
    where = sender.c.account_id == account_id
    total = connection.execute(sa.select(sa.func.count()).select_from(sender).where(where)).scalar_one()
    rows = connection.execute(sa.select(sender).where(where).order_by(sender.c.id).limit(count).offset(offset))
    return total, [SenderSummary(**_summary(row)) for row in rows]


def add(connection: sa.Connection, account_id: int, new: NewSender, now: datetime) -> int | None:
    """Add a signature that is not confirmed, and return its id; None if the account has one of the address."""
    row = {
        "account_id": account_id,
        "address": new.email.lower(),
        "email": new.email,
        "name": new.name,
        "reply_to": new.reply_to,
        "note": new.note,
        "created_at": now,
    }
    added: int | None = connection.scalar(insert_new(connection, sender, row).returning(sender.c.id))
    return added


def change(connection: sa.Connection, sender_id: int, values: dict[str, str]) -> None:
    """Set some columns of a signature."""
    if values:
        connection.execute(sa.update(sender).where(sender.c.id == sender_id).values(values))


def remove(connection: sa.Connection, account_id: int, sender_id: int) -> str | None:
    """Remove a signature and return its address; None if the account has none of this id."""
    mine = (sender.c.id == sender_id, sender.c.account_id == account_id)
    return connection.scalar(sa.delete(sender).where(*mine).returning(sender.c.email))


def confirm(connection: sa.Connection, sender_id: int, now: datetime) -> str | None:
    """Confirm a signature and return its address; None if there is none of this id any more."""
    first = sa.update(sender).where(sender.c.id == sender_id, sender.c.confirmed_at.is_(None))
    connection.execute(first.values(confirmed_at=now))
    return connection.scalar(sa.select(sender.c.email).where(sender.c.id == sender_id))


def show(connection: sa.Connection, sender_id: int, by: Expected) -> Sender:
    """Return a signature as the API shows it."""
    row = connection.execute(sa.select(sender).where(sender.c.id == sender_id)).one()
    summary = _summary(row)
    return Sender(
        **summary,
        confirmation_personal_note=row.note,
        **domains.records(connection, row.account_id, summary["domain"], by),
    )


def _summary(row: Any) -> dict[str, Any]:
    return {
        "id": row.id,
        "domain": domain_of(row.address),
        "email_address": row.email,
        "reply_to_email_address": row.reply_to,
        "name": row.name,
        "confirmed": row.confirmed_at is not None,
    }
