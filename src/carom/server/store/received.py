"""Raw mails that came in: from outside, waiting to be read; and at the built-in remote, captured."""

from datetime import datetime

import sqlalchemy as sa
from msgspec import Struct

from carom.server.store import bodies
from carom.server.store.schema import captured, received


class Incoming(Struct, frozen=True):
    """A mail that came in, for one envelope recipient."""

    at: datetime
    mail_from: str
    recipient: str
    digest: bytes
    content: bytes


def receive(
    connection: sa.Connection, mail_from: str, recipients: list[str], content: bytes, now: datetime
) -> list[int]:
    """Store a mail that came from outside, once for each envelope recipient, and return the rows' ids."""
    digest = bodies.keep(connection, content, now)
    return [
        connection.execute(
            sa.insert(received)
            .values(at=now, mail_from=mail_from, rcpt_to=recipient, digest=digest)
            .returning(received.c.id)
        ).scalar_one()
        for recipient in recipients
    ]


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
