"""What became of accepted mail, counted from outside: at the sink, and in the rows of the store."""

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa

from carom.server.config import Settings
from carom.server.rules.lifecycle import WAITING, State
from carom.server.store.opening import open_database
from carom.server.store.schema import bounce, recipient
from carom.testing.databases import finished
from tests.crash.load import Kind
from tests.peers.sink import Sink


class Ledger(NamedTuple):
    """The count. Each accepted mail is in one of ``delivered``, ``queued``, ``bounced``, ``failed`` and ``lost``;
    ``duplicated`` are the copies beyond the first that the sink got."""

    accepted: int
    delivered: int
    queued: int
    bounced: int
    failed: int
    lost: int
    duplicated: int


class _Rows(NamedTuple):
    states: dict[str, State]
    bounced: set[str]


def ledger(accepted: Mapping[str, Kind], sink: Sink, settings: Settings) -> Ledger:
    """Count what became of what was accepted."""
    rows = finished(_read(settings))
    arrived = Counter(message_id for message_id, _ in list(sink.deliveries))
    fates = Counter(_fate(message_id, kind, rows, arrived) for message_id, kind in accepted.items())
    copies = sum(times - 1 for times in arrived.values())
    return Ledger(
        accepted=len(accepted),
        delivered=fates["delivered"],
        queued=fates["queued"],
        bounced=fates["bounced"],
        failed=fates["failed"],
        lost=fates["lost"],
        duplicated=copies,
    )


def _fate(message_id: str, kind: Kind, rows: _Rows, arrived: Mapping[str, int]) -> str:
    """Say where a mail is. To be called delivered the sink must have it, whatever the store says."""
    state = rows.states.get(message_id)
    if state in WAITING:
        return "queued"
    if message_id in rows.bounced:
        return "bounced" if kind != "delivered" else "lost"
    if state is State.FAILED:
        return "failed"
    if state is State.DELIVERED and kind == "returned":
        return "queued"  # its bounce is on the way; whoever waits for the end waits for it
    return "delivered" if state is State.DELIVERED and arrived[message_id] else "lost"


async def _read(settings: Settings) -> _Rows:
    database = open_database(settings)
    try:
        return await database.read(_rows)
    finally:
        await database.close()


def _rows(connection: sa.Connection) -> _Rows:
    states = connection.execute(sa.select(recipient.c.message_id, recipient.c.state))
    bounced = connection.scalars(sa.select(bounce.c.message_id))
    return _Rows({_text(row[0]): State(row[1]) for row in states}, {_text(found) for found in bounced})


def _text(message_id: UUID) -> str:
    return str(message_id)
