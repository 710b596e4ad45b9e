"""Requests to erase what is known of a recipient."""

from datetime import datetime

import sqlalchemy as sa
from msgspec import Struct

from carom.server.rules.erasing import DONE, PENDING
from carom.server.store.schema import data_removal
from carom.wire.data_removals import DataRemoval


class Asked(Struct, frozen=True):
    """A request. ``requested_for`` is empty once it is done: the address is erased here too."""

    id: int
    account_id: int
    requested_by: str
    requested_for: str
    notify: bool
    done: bool


def add(
    connection: sa.Connection, account_id: int, requested_by: str, requested_for: str, now: datetime, *, notify: bool
) -> int:
    """Write a request down and return its id."""
    row = {
        "account_id": account_id,
        "requested_by": requested_by,
        "requested_for": requested_for.lower(),
        "notify": notify,
        "requested_at": now,
    }
    added: int = connection.execute(sa.insert(data_removal).values(row).returning(data_removal.c.id)).scalar_one()
    return added


def get(connection: sa.Connection, account_id: int, removal_id: int) -> DataRemoval | None:
    """Return how far a request of an account is."""
    mine = (data_removal.c.id == removal_id, data_removal.c.account_id == account_id)
    row = connection.execute(sa.select(data_removal.c.done_at).where(*mine)).first()
    return None if row is None else DataRemoval(id=removal_id, status=PENDING if row.done_at is None else DONE)


def asked(connection: sa.Connection, removal_id: int) -> Asked:
    """Return a request. Raises sqlalchemy.exc.NoResultFound."""
    row = connection.execute(sa.select(data_removal).where(data_removal.c.id == removal_id)).one()
    return Asked(row.id, row.account_id, row.requested_by, row.requested_for, row.notify, row.done_at is not None)


def finish(connection: sa.Connection, removal_id: int, now: datetime) -> None:
    """Record that a request is done, and forget whom it was about."""
    done = sa.update(data_removal).where(data_removal.c.id == removal_id)
    connection.execute(done.values(done_at=now, requested_for=""))
