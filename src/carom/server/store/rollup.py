"""Adding up: accepted messages into ``stat`` once their minute is over, and everything anew from the rows.

A message is added when it is older by GRACE than the oldest transaction that is still open, so that none can be about to
bring an older one. The mark moves in the same transaction; on PostgreSQL it is a row lock, so that two nodes never add the
same minute.
"""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from carom.server.rules.lifecycle import State
from carom.server.rules.stats import FIRST, Kind, day_of_hour, keys_of_click, keys_of_open, keys_of_tracking
from carom.server.store.schema import bounce, clicked, message, opened, recipient, stat, stat_mark, stream
from carom.server.store.stats import Fact, accepted, add, forget, hour
from carom.server.store.types import padded
from carom.taxonomy import BY_CODE

GRACE = timedelta(minutes=2)
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""The mark of a store in which nothing was added up yet."""


def roll_up(connection: sa.Connection, now: datetime) -> None:
    """Add the messages since the mark that are older than GRACE."""
    begin = hold_mark(connection)
    until = _settled(connection, now)
    if begin == NEVER:
        rebuild(connection, now)
    elif until > begin:
        for kind in (Kind.MESSAGE, Kind.SENT):
            add(connection, list(accepted(connection, kind, *_accepted_in(begin, until))))
        _set_mark(connection, until)


def rebuild(connection: sa.Connection, now: datetime) -> None:
    """Count anew all that rows tell. What they no longer tell stays as it was counted when they went."""
    hold_mark(connection)
    until = _settled(connection, now)
    connection.execute(sa.update(stat).values(kept=0))
    for facts in (
        accepted(connection, Kind.MESSAGE, *_accepted_in(None, until)),
        accepted(connection, Kind.SENT, *_accepted_in(None, until)),
        unsent(connection),
        tracked(connection),
        bounces(connection),
        opens(connection),
        clicks(connection),
    ):
        add(connection, list(facts))
    connection.execute(sa.delete(stat).where(stat.c.kept == 0, stat.c.past == 0))
    _set_mark(connection, until)


def hold_mark(connection: sa.Connection) -> datetime:
    """Return the mark, and let nobody else add up or remove what is counted before the transaction ends."""
    until: datetime = connection.execute(sa.select(stat_mark.c.until).with_for_update()).scalar_one()
    return until


_OLDEST = sa.text(
    "SELECT min(xact_start) FROM pg_stat_activity"
    " WHERE datname = current_database() AND application_name = 'carom' AND pid <> pg_backend_pid()"
)
"""When the oldest transaction began that may still bring messages: on PostgreSQL a node may be long about it."""


def _settled(connection: sa.Connection, now: datetime) -> datetime:
    """Return the time up to which all messages are there. SQLite has one writer, whose transaction this is."""
    oldest: datetime | None = None if connection.dialect.name == "sqlite" else connection.scalar(_OLDEST)
    return (now if oldest is None else min(now, oldest)) - GRACE


def _set_mark(connection: sa.Connection, until: datetime) -> None:
    connection.execute(sa.update(stat_mark).values(until=until))


def _accepted_in(begin: datetime | None, until: datetime) -> list[sa.ColumnElement[bool]]:
    """Name the messages of a time, stream by stream: so they are found in the index of the lists."""
    conditions = [
        message.c.server_id == stream.c.server_id,
        message.c.stream == stream.c.id,
        message.c.submitted_at < until,
    ]
    return conditions if begin is None else [*conditions, message.c.submitted_at >= begin]


_OF_MESSAGE = (message.c.server_id, message.c.stream, message.c.tag, hour(message.c.submitted_at))
_RECIPIENTS = message.join(recipient, recipient.c.message_id == message.c.id)


def unsent(connection: sa.Connection, *where: sa.ColumnElement[bool]) -> Iterator[Fact]:
    """Count the recipients that were never sent to, on the day of their message."""
    found = sa.select(*_OF_MESSAGE, sa.func.count()).select_from(_RECIPIENTS).group_by(*_OF_MESSAGE)
    for server_id, name, tag, at, number in connection.execute(found.where(recipient.c.state == State.FAILED, *where)):
        yield Fact(server_id, Kind.UNSENT, tag, day_of_hour(at), name, "", number)


def tracked(connection: sa.Connection, *where: sa.ColumnElement[bool]) -> Iterator[Fact]:
    """Count the recipients of tracked mail, on the day of their message."""
    by = (*_OF_MESSAGE, recipient.c.tracks_opens, recipient.c.tracked_links)
    found = sa.select(*by, sa.func.count()).select_from(_RECIPIENTS).group_by(*by)
    wanted = found.where(recipient.c.tracks_opens.is_not(None), *where)
    for server_id, name, tag, at, opens_, links, number in connection.execute(wanted):
        for kind, key, each in keys_of_tracking(opens=opens_, links=links):
            yield Fact(server_id, kind, tag, day_of_hour(at), name, key, each * number)


def bounces(connection: sa.Connection, *where: sa.ColumnElement[bool]) -> Iterator[Fact]:
    """Count bounces by type."""
    by = (bounce.c.server_id, bounce.c.stream, bounce.c.tag, hour(bounce.c.bounced_at), bounce.c.type)
    for server_id, name, tag, at, code, number in connection.execute(
        sa.select(*by, sa.func.count()).where(*where).group_by(*by)
    ):
        yield Fact(server_id, Kind.BOUNCE, tag, day_of_hour(at), name, BY_CODE[code].value, number)


def opens(connection: sa.Connection, *where: sa.ColumnElement[bool]) -> Iterator[Fact]:
    """Count first opens."""
    reader = (opened.c.platform, opened.c.client_family, opened.c.read_seconds)
    by = (opened.c.server_id, opened.c.stream, opened.c.tag, hour(opened.c.at), *reader)
    for server_id, name, tag, at, platform, family, seconds, number in connection.execute(
        sa.select(*by, sa.func.count()).where(*where).group_by(*by)
    ):
        for kind, key in [(Kind.OPEN, FIRST), *keys_of_open(platform, family, seconds)]:
            yield Fact(server_id, kind, tag, day_of_hour(at), name, key, number)


def clicks(connection: sa.Connection, *where: sa.ColumnElement[bool]) -> Iterator[Fact]:
    """Count first clicks."""
    reader = (clicked.c.platform, clicked.c.client_family, clicked.c.location)
    by = (clicked.c.server_id, clicked.c.stream, clicked.c.tag, hour(clicked.c.at), *reader)
    for server_id, name, tag, at, platform, family, location, number in connection.execute(
        sa.select(*by, sa.func.count()).where(*where).group_by(*by)
    ):
        for kind, key in [(Kind.CLICK, FIRST), *keys_of_click(platform, family, location)]:
            yield Fact(server_id, kind, tag, day_of_hour(at), name, key, number)


def forget_messages(connection: sa.Connection, ids: Collection[UUID]) -> None:
    """Keep messages that are about to go counted, with their recipients."""
    these, since = message.c.id.in_(padded(ids)), message.c.submitted_at >= hold_mark(connection)
    for kind in (Kind.MESSAGE, Kind.SENT):
        forget(connection, list(accepted(connection, kind, these, ~since)))
        add(connection, list(accepted(connection, kind, these, since)), backed=False)
    forget(connection, [*unsent(connection, these), *tracked(connection, these)])


def forget_bounces(connection: sa.Connection, *where: sa.ColumnElement[bool]) -> None:
    """Keep bounces that are about to go counted."""
    forget(connection, list(bounces(connection, *where)))


def forget_visits(connection: sa.Connection, table: sa.Table, *where: sa.ColumnElement[bool]) -> None:
    """Keep opens or clicks that are about to go counted."""
    forget(connection, list((opens if table is opened else clicks)(connection, *where)))
