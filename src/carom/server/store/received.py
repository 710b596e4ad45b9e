"""Raw mails that came in: from outside, waiting to be read; and at the built-in remote, captured."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from msgspec import Struct

from carom.server.store import bodies
from carom.server.store.schema import captured, job, received


class Incoming(Struct, frozen=True):
    """A mail that came in, for one envelope recipient."""

    at: datetime
    mail_from: str
    recipient: str
    digest: bytes
    content: bytes


class Arrived(NamedTuple):
    """A mail that comes from outside, before it is stored: once for each envelope recipient, with the kind of the job that
    reads it there."""

    at: datetime
    mail_from: str
    recipients: Sequence[tuple[str, str]]
    content: bytes


def receive(connection: sa.Connection, arrived: Sequence[Arrived]) -> list[list[int]]:
    """Store mails, each with the jobs that read it, by as few statements as for one; return the rows' ids."""
    kept = bodies.keep_all(connection, [(one.content, one.at) for one in arrived])
    rows = [
        {"at": one.at, "mail_from": one.mail_from, "rcpt_to": recipient, "digest": digest}
        for one, digest in zip(arrived, kept, strict=True)
        for recipient, _ in one.recipients
    ]
    added = sa.insert(received).returning(received.c.id, sort_by_parameter_order=True)
    ids = iter(connection.scalars(added, rows).all())
    found = [[next(ids) for _ in one.recipients] for one in arrived]
    connection.execute(
        sa.insert(job),
        [
            {"kind": kind, "payload": {"received_id": received_id}, "due_at": one.at}
            for one, numbers in zip(arrived, found, strict=True)
            for received_id, (_, kind) in zip(numbers, one.recipients, strict=True)
        ],
    )
    return found


def read_received(connection: sa.Connection, received_id: int) -> Incoming:
    """Return a mail that came from outside. Raises sqlalchemy.exc.NoResultFound."""
    row = connection.execute(
        sa.select(received.c.at, received.c.mail_from, received.c.rcpt_to, received.c.digest).where(
            received.c.id == received_id
        )
    ).one()
    return Incoming(row.at, row.mail_from, row.rcpt_to, row.digest, bodies.fetch(connection, row.digest) or b"")


def conclude(connection: sa.Connection, received_id: int, outcome: str) -> None:
    """Note what a mail turned out to be."""
    connection.execute(sa.update(received).where(received.c.id == received_id).values(outcome=outcome))


def capture(connection: sa.Connection, mail_from: str, recipient: str, content: bytes, now: datetime) -> int:
    """Store a mail that the built-in remote took, and return its id."""
    digest = bodies.keep(connection, content, now)
    captured_id: int = connection.execute(
        sa.insert(captured)
        .values(at=now, mail_from=mail_from, recipient=recipient, digest=digest)
        .returning(captured.c.id)
    ).scalar_one()
    return captured_id


def read_captured(connection: sa.Connection, captured_id: int) -> Incoming:
    """Return a mail that the built-in remote took. Raises sqlalchemy.exc.NoResultFound."""
    row = connection.execute(
        sa.select(captured.c.at, captured.c.mail_from, captured.c.recipient, captured.c.digest).where(
            captured.c.id == captured_id
        )
    ).one()
    return Incoming(row.at, row.mail_from, row.recipient, row.digest, bodies.fetch(connection, row.digest) or b"")
