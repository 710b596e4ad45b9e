"""Putting messages into a store, and settling what becomes of them."""

from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from carom.server.pipeline.stages.accept import Accepted, accept
from carom.server.rules.refusals import Refusal
from carom.server.rules.sending import check
from carom.server.store.schema import recipient
from carom.wire.email import SendEmail
from tests.stores import NOW, Store


async def submit(store: Store, to: str, *, confirmed_sender: bool = False, **fields: Any) -> Accepted | Refusal:
    """Accept a message and return the answer."""
    values: dict[str, Any] = {"from_": "Me <me@example.com>", "to": to, "subject": "Hi", "text_body": "Hello", **fields}
    [answer] = await store.database.write(
        accept, store.tenant, [check(SendEmail(**values))], confirmed_sender=confirmed_sender, now=NOW, new_id=uuid4
    )
    return answer


async def sent(store: Store, to: str, **fields: Any) -> UUID:
    """Accept a message and return its id."""
    answer = await submit(store, to, **fields)
    assert isinstance(answer, Accepted)
    return answer.message_id


async def recipient_ids(store: Store, message_id: UUID) -> list[int]:
    """Return the recipients of a message."""
    wanted = sa.select(recipient.c.id).where(recipient.c.message_id == message_id).order_by(recipient.c.id)
    return await store.database.read(lambda c: list(c.scalars(wanted)))
