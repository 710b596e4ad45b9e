"""Erasing a person: what an account's servers keep about one address, save what keeps mail from it.

A message to this address alone goes whole. One that others got too loses this recipient: its row, what happened to it, its
address in To, Cc and Bcc, and every raw copy, since each shows all addresses of its head. What happened stays counted.
Suppressions stay, since without them the next message would be sent again; they no longer name a bounce.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from carom.server.rules.erasing import names, without
from carom.server.rules.stats import Kind
from carom.server.store import bodies, bulk, inbound, intake, posts, removal, rollup, stats
from carom.server.store.schema import (
    bounce,
    captured,
    clicked,
    event,
    inbound_message,
    message,
    opened,
    post,
    received,
    recipient,
    server,
    suppression,
)

Homes = Callable[[int], Iterable[str]]
"""The return paths that a recipient's mails may have had, in lower case."""


def erase_some(connection: sa.Connection, account_id: int, address: str, homes: Homes, limit: int) -> bool:
    """Erase some of what is kept about a lower-case address; False when there was nothing more."""
    servers = _servers(connection, account_id)
    return (
        _erase_sent(connection, servers, address, homes, limit)
        or _erase_bounces(connection, servers, address, limit)
        or _erase_visits(connection, opened, servers, address, limit)
        or _erase_visits(connection, clicked, servers, address, limit)
        or _erase_inbound(connection, servers, address, limit)
        or posts.erase(connection, servers, address, limit)
        or _let_bounces_go(connection, servers, address)
    )


def naming(
    connection: sa.Connection, account_id: int, address: str, after: UUID, limit: int
) -> tuple[list[UUID], UUID | None]:
    """Look some messages through for those that still name an address, and return these and where to go on, None at the
    end. An address that was suppressed when a message was accepted stands in To, and has no row that would tell."""
    mine = (message.c.server_id.in_(_servers(connection, account_id)), message.c.id > after)
    rows = connection.execute(
        sa.select(message.c.id, message.c.content).where(*mine).order_by(message.c.id).limit(limit)
    ).all()
    found = [row.id for row in rows if names(intake.unpack_email(row.content), address)]
    return found, rows[-1].id if len(rows) == limit else None


def blank(connection: sa.Connection, messages: Collection[UUID], address: str, homes: Homes) -> None:
    """Take an address out of messages that others got."""
    everyone = connection.scalars(sa.select(recipient.c.id).where(recipient.c.message_id.in_(messages)))
    _erase_raw(connection, [home for recipient_id in everyone for home in homes(recipient_id)])
    for message_id in messages:
        _blank(connection, message_id, address)


def forget_received(connection: sa.Connection, account_id: int, address: str, after: UUID, limit: int) -> UUID | None:
    """Take an address out of some of the mail that others sent to it too, and return where to go on, None at the end."""
    blanked = inbound.blank(connection, _servers(connection, account_id), address, after, limit)
    posts.remove(connection, _posts_of(connection, blanked.messages))
    _forget_dumps(connection, blanked.digests)
    return blanked.after


def _posts_of(connection: sa.Connection, messages: Collection[UUID]) -> Sequence[int]:
    return connection.scalars(sa.select(post.c.id).where(post.c.message_id.in_(messages))).all()


def forget_unsent(connection: sa.Connection, account_id: int, address: str, after: int, limit: int) -> int | None:
    """Take an address out of some bulk messages that are still to be sent, and return where to go on, None at the end."""
    return bulk.erase_from(connection, _servers(connection, account_id), address, after, limit)


def _servers(connection: sa.Connection, account_id: int) -> list[int]:
    return list(connection.scalars(sa.select(server.c.id).where(server.c.account_id == account_id)))


def _erase_sent(connection: sa.Connection, servers: list[int], address: str, homes: Homes, limit: int) -> bool:
    mine = (recipient.c.server_id.in_(servers), recipient.c.email == address)
    rows = connection.execute(sa.select(recipient.c.id, recipient.c.message_id).where(*mine).limit(limit)).all()
    if not rows:
        return False
    messages = {row.message_id for row in rows}
    everyone = connection.execute(
        sa.select(recipient.c.id, recipient.c.message_id, recipient.c.email).where(recipient.c.message_id.in_(messages))
    ).all()
    _erase_raw(connection, [home for row in everyone for home in homes(row.id)])
    shared = {row.message_id for row in everyone if row.email != address}
    removal.remove_messages(connection, messages - shared)
    _erase_recipients(connection, [row.id for row in rows if row.message_id in shared])
    for message_id in shared:
        _blank(connection, message_id, address)
    return True


def _erase_raw(connection: sa.Connection, homes: list[str]) -> None:
    """Erase the mails that were taken by the built-in remote from return paths, and those that came back to them."""
    for table, column in ((captured, captured.c.mail_from), (received, received.c.rcpt_to)):
        gone = sa.delete(table).where(sa.func.lower(column).in_(homes)).returning(table.c.digest)
        bodies.forget(connection, set(connection.scalars(gone)))


def _erase_recipients(connection: sa.Connection, ids: list[int]) -> None:
    these, since = recipient.c.id.in_(ids), message.c.submitted_at >= rollup.hold_mark(connection)
    stats.forget(connection, list(stats.accepted(connection, Kind.SENT, these, ~since)))
    stats.add(connection, list(stats.accepted(connection, Kind.SENT, these, since)), backed=False)
    stats.forget(connection, [*rollup.unsent(connection, these), *rollup.tracked(connection, these)])
    _remove_bounces(connection, bounce.c.recipient_id.in_(ids))
    for table in (opened, clicked):
        _remove_visits(connection, table, table.c.recipient_id.in_(ids))
    connection.execute(sa.delete(event).where(event.c.recipient_id.in_(ids)))
    connection.execute(sa.delete(recipient).where(these))


def _blank(connection: sa.Connection, message_id: UUID, address: str) -> None:
    """Take an address out of a message that others got too, and the raw copies of it out of their bounces."""
    packed = connection.execute(sa.select(message.c.content).where(message.c.id == message_id)).scalar_one()
    content = intake.pack_email(without(intake.unpack_email(packed), address))
    connection.execute(sa.update(message).where(message.c.id == message_id).values(content=content))
    theirs = (bounce.c.message_id == message_id, bounce.c.dump.is_not(None))
    dumps = set(connection.scalars(sa.select(bounce.c.dump).where(*theirs)))
    connection.execute(sa.update(bounce).where(*theirs).values(dump=None))
    _forget_dumps(connection, dumps | posts.drop_raw(connection, post.c.message_id == message_id))


def _erase_bounces(connection: sa.Connection, servers: list[int], address: str, limit: int) -> bool:
    """Erase bounces whose message is gone or was never known."""
    mine = sa.select(bounce.c.id).where(bounce.c.server_id.in_(servers), bounce.c.email == address).limit(limit)
    ids = connection.scalars(mine).all()
    _remove_bounces(connection, bounce.c.id.in_(ids))
    return bool(ids)


def _remove_bounces(connection: sa.Connection, *where: sa.ColumnElement[bool]) -> None:
    rollup.hold_mark(connection)
    rollup.forget_bounces(connection, *where)
    dumps = connection.scalars(sa.delete(bounce).where(*where).returning(bounce.c.dump)).all()
    _forget_dumps(connection, {dump for dump in dumps if dump is not None})


def _forget_dumps(connection: sa.Connection, dumps: Collection[bytes]) -> None:
    """Forget the dumps of bounces, and the mails that came in with the same bytes: those they were read from."""
    connection.execute(sa.delete(received).where(received.c.digest.in_(dumps), received.c.outcome.is_not(None)))
    bodies.forget(connection, dumps)


def _erase_visits(connection: sa.Connection, table: sa.Table, servers: list[int], address: str, limit: int) -> bool:
    mine = sa.select(table.c.id).where(table.c.server_id.in_(servers), table.c.email == address).limit(limit)
    ids = connection.scalars(mine).all()
    _remove_visits(connection, table, table.c.id.in_(ids))
    return bool(ids)


def _remove_visits(connection: sa.Connection, table: sa.Table, *where: sa.ColumnElement[bool]) -> None:
    rollup.hold_mark(connection)
    rollup.forget_visits(connection, table, *where)
    connection.execute(sa.delete(table).where(*where))


def _erase_inbound(connection: sa.Connection, servers: list[int], address: str, limit: int) -> bool:
    """Erase the mail that came from an address."""
    mine = (inbound_message.c.server_id.in_(servers), inbound_message.c.from_email == address)
    rows: list[Any] = list(
        connection.execute(sa.select(inbound_message.c.id, inbound_message.c.digest).where(*mine).limit(limit))
    )
    ids = [row.id for row in rows]
    connection.execute(sa.delete(inbound_message).where(inbound_message.c.id.in_(ids)))
    posts.remove(connection, _posts_of(connection, ids))
    bodies.forget(connection, {row.digest for row in rows if row.digest is not None})
    return bool(rows)


def _let_bounces_go(connection: sa.Connection, servers: list[int], address: str) -> bool:
    """Let suppressions stand by themselves: the bounces that they named are erased. Nothing is left to do after it."""
    mine = (suppression.c.server_id.in_(servers), suppression.c.email == address)
    connection.execute(sa.update(suppression).where(*mine).values(bounce_id=None))
    return False
