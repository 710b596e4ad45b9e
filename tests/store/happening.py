"""A little of everything that is counted, and a look at the sums."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from carom.server.pipeline.jobs import Bounced, Settle
from carom.server.pipeline.stages.settle import settle
from carom.server.rules.lifecycle import Event
from carom.server.store import clicks, deliveries, opens, rollup
from carom.server.store.schema import message, stat
from carom.server.store.visits import Visit
from carom.taxonomy import BounceType
from tests.store.sending import recipient_ids, sent
from tests.stores import Store

LINK = "https://example.com/a"


async def backdated(store: Store, to: str, at: datetime, **fields: Any) -> tuple[UUID, list[int]]:
    """Accept a message as if it had been at a time; return it and its recipients."""
    message_id = await sent(store, to, **fields)
    moved = sa.update(message).where(message.c.id == message_id).values(submitted_at=at)
    await store.database.write(lambda c: c.execute(moved).rowcount)
    return message_id, await recipient_ids(store, message_id)


async def delivered(store: Store, of: int, at: datetime) -> None:
    """Let a recipient's server take the message."""
    await store.database.write(settle, Settle(of, Event.ACCEPTED, at))


async def bounced(store: Store, of: int, kind: BounceType, at: datetime, dump: bytes | None = b"dump") -> None:
    """Let a message come back."""
    await store.database.write(settle, Settle(of, Event.RETURNED, at, {}, Bounced(kind, "smtp;550", dump, "rule")))


async def something_of_everything(store: Store, at: datetime) -> list[UUID]:
    """Make messages that were sent, bounced, opened and clicked on a day, with and without tag; return their ids."""
    first, [ann, bob] = await backdated(store, "ann@example.org, bob@example.org", at, tag="welcome")
    second, [carl] = await backdated(store, "carl@example.org", at, message_stream="broadcast")
    third, [dora] = await backdated(store, "dora@example.org", at)
    await store.database.write(deliveries.track, ann, opens=True, links=2)
    await delivered(store, ann, at)
    await bounced(store, bob, BounceType.SOFT_BOUNCE, at)
    await bounced(store, carl, BounceType.BLOCKED, at + timedelta(days=1))
    await store.database.write(settle, Settle(dora, Event.SUPPRESSED, at))
    visit = Visit(at=at, user_agent="Thunderbird/1.0")
    for _ in range(2):
        await store.database.write(opens.record, ann, visit, 3)
        await store.database.write(clicks.record, ann, visit, LINK, "Text")
    return [first, second, third]


async def sums(store: Store) -> dict[tuple[Any, ...], tuple[int, int]]:
    """Return all sums: what is kept, and what is past."""
    rows = await store.database.read(lambda c: list(c.execute(sa.select(stat))))
    return {tuple(row[:6]): (row.kept, row.past) for row in rows if row.kept or row.past}


async def check_against_rows(store: Store, now: datetime) -> None:
    """Check that counting anew finds what was counted."""
    before = await sums(store)
    await store.database.write(rollup.rebuild, now)
    assert await sums(store) == before
