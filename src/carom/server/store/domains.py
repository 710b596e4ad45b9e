"""The sending domains of an account, with their DKIM keys. A domain that is verified may send: see
:func:`carom.server.store.senders.may_send`."""

from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from msgspec import Struct

from carom.server.keyring import Keyring, SigningKey
from carom.server.rules import dkim
from carom.server.rules.dkim import WHEN_VERIFIED, KeyState
from carom.server.rules.domains import spf_value
from carom.server.store.schema import domain, domain_key
from carom.server.store.types import insert_new
from carom.wire.domains import Domain, DomainKey, DomainSpf, DomainSummary


class Expected(Struct, frozen=True, kw_only=True):
    """What this installation wants DNS to say, and the time: what showing a domain needs beside its rows."""

    return_path: str
    tracking: str
    now: datetime


class Named(Struct, frozen=True):
    """A domain as it is found by name or number."""

    id: int
    name: str
    return_path_domain: str
    tracking_domain: str


class Pending(Struct, frozen=True):
    """A key that waits to be seen in DNS."""

    host: str
    selector: str
    public: str


class ActiveKey(Struct, frozen=True):
    """What signs a domain's mail. ``private`` is the base64 of a PKCS#8 DER."""

    domain: str
    selector: str
    private: str


def _mine(account_id: int, domain_id: int) -> tuple[sa.ColumnElement[bool], ...]:
    return domain.c.id == domain_id, domain.c.account_id == account_id


def find(connection: sa.Connection, account_id: int, domain_id: int) -> Named | None:
    """Return a domain of an account."""
    return _named(connection, *_mine(account_id, domain_id))


def by_name(connection: sa.Connection, account_id: int, name: str) -> Named | None:
    """Return a domain of an account by its name."""
    return _named(connection, domain.c.account_id == account_id, domain.c.name == name.lower())


def _named(connection: sa.Connection, *where: sa.ColumnElement[bool]) -> Named | None:
    query = sa.select(domain.c.id, domain.c.name, domain.c.return_path_domain, domain.c.tracking_domain).where(*where)
    row = connection.execute(query).first()
    return None if row is None else Named(*row)


def page(connection: sa.Connection, account_id: int, count: int, offset: int) -> tuple[int, list[DomainSummary]]:
    """Return how many domains an account has, and a page of them, oldest first."""
    where = domain.c.account_id == account_id
    total = connection.execute(sa.select(sa.func.count()).select_from(domain).where(where)).scalar_one()
    rows = connection.execute(sa.select(domain).where(where).order_by(domain.c.id).limit(count).offset(offset))
    return total, [
        DomainSummary(
            id=row.id,
            name=row.name,
            spf_verified=row.spf_verified,
            dkim_verified=row.verified_at is not None,
            weak_dkim=False,
            return_path_domain_verified=row.return_path_verified_at is not None,
        )
        for row in rows
    ]


def add(
    connection: sa.Connection, keyring: Keyring, account_id: int, name: str, key: SigningKey, now: datetime
) -> int | None:
    """Add a domain with a key that waits to be seen in DNS, and return its id; None if the account has it."""
    if insert_domain(connection, account_id, name, now):
        added = by_name(connection, account_id, name)
        assert added is not None, "it was written a moment ago, in the same transaction"
        add_key(connection, keyring, added.id, key, now)
        return added.id
    return None


def insert_domain(connection: sa.Connection, account_id: int, name: str, now: datetime) -> bool:
    """Add a domain without a key; False if the account has it."""
    row = {"account_id": account_id, "name": name.lower(), "created_at": now}
    return connection.execute(insert_new(connection, domain, row)).rowcount > 0


def remove(connection: sa.Connection, account_id: int, domain_id: int) -> str | None:
    """Remove a domain with its keys and return its name; None if the account has none of this id."""
    found = find(connection, account_id, domain_id)
    if found is None:
        return None
    connection.execute(sa.delete(domain_key).where(domain_key.c.domain_id == domain_id))
    connection.execute(sa.delete(domain).where(domain.c.id == domain_id))
    return found.name


Part = Literal["return_path", "tracking"]
"""What of a domain is an alias of ours: the domain of its return paths, and that of its tracked links."""


def set_alias(connection: sa.Connection, domain_id: int, part: Part, value: str) -> None:
    """Set a domain that is to be an alias of ours; another one than before is not verified."""
    column = domain.c[f"{part}_domain"]
    changed = sa.update(domain).where(domain.c.id == domain_id, column != value)
    connection.execute(changed.values({column: value, domain.c[f"{part}_verified_at"]: None}))


def mark_alias(connection: sa.Connection, domain_id: int, part: Part, value: str, verified_at: datetime | None) -> None:
    """Say whether DNS has an alias, unless another one was set in the meantime."""
    where = (domain.c.id == domain_id, domain.c[f"{part}_domain"] == value)
    connection.execute(sa.update(domain).where(*where).values({domain.c[f"{part}_verified_at"]: verified_at}))


def mark_spf(connection: sa.Connection, domain_id: int) -> None:
    """Say that SPF is verified."""
    connection.execute(sa.update(domain).where(domain.c.id == domain_id).values(spf_verified=True))


def add_key(connection: sa.Connection, keyring: Keyring, domain_id: int, key: SigningKey, now: datetime) -> bool:
    """Give a domain a key that waits to be seen in DNS; False if one waits already."""
    taken = set(connection.scalars(sa.select(domain_key.c.selector).where(domain_key.c.domain_id == domain_id)))
    row = {
        "domain_id": domain_id,
        "selector": dkim.selector(now, taken),
        "state": KeyState.PENDING,
        "since": now,
        "public": key.public,
        "private_cipher": keyring.seal(key.private),
    }
    return connection.execute(insert_new(connection, domain_key, row)).rowcount > 0


def pending_key(connection: sa.Connection, domain_id: int, name: str) -> Pending | None:
    """Return the key of a domain that waits to be seen in DNS."""
    row = connection.execute(
        sa.select(domain_key.c.selector, domain_key.c.public).where(*_key(domain_id, KeyState.PENDING))
    ).first()
    return None if row is None else Pending(dkim.host(row.selector, name), row.selector, row.public)


def verify_key(connection: sa.Connection, domain_id: int, selector: str, now: datetime) -> None:
    """Record that DNS holds the pending key, if it is still this one: it signs from now on, and the domain may send."""
    pending = sa.select(domain_key.c.selector).where(*_key(domain_id, KeyState.PENDING))
    if connection.scalar(pending.with_for_update()) != selector:
        return
    for state, following in WHEN_VERIFIED.items():
        if following is None:
            connection.execute(sa.delete(domain_key).where(*_key(domain_id, state)))
        else:
            moved = sa.update(domain_key).where(*_key(domain_id, state))
            connection.execute(moved.values(state=following, since=now))
    first = sa.update(domain).where(domain.c.id == domain_id, domain.c.verified_at.is_(None))
    connection.execute(first.values(verified_at=now))


def verified_return_path(connection: sa.Connection, account_id: int, name: str) -> str | None:
    """Return the domain that a sending domain's return paths are at, None while DNS has no alias of ours there."""
    mine = sa.select(domain.c.return_path_domain).where(
        domain.c.account_id == account_id, domain.c.name == name.lower(), domain.c.return_path_verified_at.is_not(None)
    )
    return connection.scalar(mine) or None


def is_return_path(connection: sa.Connection, name: str) -> bool:
    """Tell whether bounces of some account's mail come to a domain."""
    where = (domain.c.return_path_domain == name.lower(), domain.c.return_path_verified_at.is_not(None))
    return connection.scalar(sa.select(domain.c.id).where(*where).limit(1)) is not None


def active_key(connection: sa.Connection, keyring: Keyring, account_id: int, name: str) -> ActiveKey | None:
    """Return what signs the mail of a domain, None while DNS holds no key of it."""
    row = connection.execute(
        sa.select(domain.c.name, domain_key.c.selector, domain_key.c.private_cipher)
        .join(domain_key, domain_key.c.domain_id == domain.c.id)
        .where(
            domain.c.account_id == account_id,
            domain.c.name == name.lower(),
            domain_key.c.state == KeyState.ACTIVE,
        )
    ).first()
    return None if row is None else ActiveKey(row.name, row.selector, keyring.unseal(row.private_cipher))


def _key(domain_id: int, state: KeyState) -> tuple[sa.ColumnElement[bool], ...]:
    return domain_key.c.domain_id == domain_id, domain_key.c.state == state


def show(connection: sa.Connection, domain_id: int, by: Expected) -> Domain:
    """Return a domain as the API shows it."""
    row = connection.execute(sa.select(domain).where(domain.c.id == domain_id)).one()
    return Domain(
        id=row.id,
        name=row.name,
        custom_tracking_domain=row.tracking_domain,
        custom_tracking_domain_cname_value=by.tracking,
        custom_tracking_verified=row.tracking_verified_at is not None,
        **records(connection, row.account_id, row.name, by),
    )


def show_key(connection: sa.Connection, domain_id: int, by: Expected) -> DomainKey:
    """Return a domain as the answer to a new key shows it."""
    shown = show(connection, domain_id, by)
    return DomainKey(**{name: getattr(shown, name) for name in DomainKey.__struct_fields__})


def show_spf(connection: sa.Connection, domain_id: int, by: Expected) -> DomainSpf:
    """Return what is known of a domain's SPF."""
    shown = show(connection, domain_id, by)
    return DomainSpf(**{name: getattr(shown, name) for name in DomainSpf.__struct_fields__})


def records(connection: sa.Connection, account_id: int, name: str, by: Expected) -> dict[str, Any]:
    """Return what DNS should hold of a domain, as fields of DomainRecords; of one that the account has not, what it would
    be without keys."""
    row = connection.execute(sa.select(domain).where(domain.c.account_id == account_id, domain.c.name == name)).first()
    keys = {} if row is None else _keys(connection, row.id)
    pending, active, revoked = (keys.get(state) for state in KeyState)
    verified = row is not None and row.verified_at is not None
    return {
        "dkim_verified": verified,
        "weak_dkim": False,  # below 1024 bits; none is made
        "dkim_host": _host(active, name),
        "dkim_text_value": _text(active),
        "dkim_pending_host": _host(pending, name),
        "dkim_pending_text_value": _text(pending),
        "dkim_revoked_host": _host(revoked, name),
        "dkim_revoked_text_value": _text(revoked),
        "safe_to_remove_revoked_key_from_dns": revoked is not None and dkim.safe_to_remove(revoked.since, by.now),
        "dkim_update_status": "Pending" if pending is not None or not verified else "Verified",
        "spf_verified": row is not None and row.spf_verified,
        "spf_host": name,
        "spf_text_value": spf_value(by.return_path),
        "return_path_domain": "" if row is None else row.return_path_domain,
        "return_path_domain_verified": row is not None and row.return_path_verified_at is not None,
        "return_path_domain_cname_value": by.return_path,
    }


def _keys(connection: sa.Connection, domain_id: int) -> dict[KeyState, Any]:
    columns = (domain_key.c.state, domain_key.c.selector, domain_key.c.public, domain_key.c.since)
    return {
        row.state: row for row in connection.execute(sa.select(*columns).where(domain_key.c.domain_id == domain_id))
    }


def _host(key: Any, name: str) -> str:
    return "" if key is None else dkim.host(key.selector, name)


def _text(key: Any) -> str:
    return "" if key is None else dkim.text_value(key.public)
