"""Jobs: added in the transaction that they follow from, removed in the one that records what they did."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from carom.server.store.queue import Claim, settle_claim
from carom.server.store.schema import job


def add(connection: sa.Connection, kind: str, payload: dict[str, Any], due_at: datetime) -> None:
    """Write a job down."""
    connection.execute(sa.insert(job).values(kind=kind, payload=payload, due_at=due_at))


def read(connection: sa.Connection, job_id: int) -> tuple[str, dict[str, Any]]:
    """Return the kind and the payload of a job. Raises sqlalchemy.exc.NoResultFound."""
    row = connection.execute(sa.select(job.c.kind, job.c.payload).where(job.c.id == job_id)).one()
    return row.kind, row.payload


def finish(connection: sa.Connection, held: Claim) -> bool:
    """Remove a job that is done; False if it is no longer ours, and then nothing may follow from it."""
    mine = (job.c.id == held.id, job.c.fence == held.fence)
    return connection.execute(sa.delete(job).where(*mine)).rowcount == 1


def postpone(connection: sa.Connection, held: Claim, due_at: datetime | None, error: str) -> bool:
    """Keep a job that failed: due again at a time, or never, as a dead letter that can be looked at."""
    return settle_claim(connection, job, held, due_at=due_at, last_error=error)
