"""accept: a checked message becomes rows, or a refusal. What it answers is durable once its transaction is."""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from carom.server.rules.accepting import Accepted, Once, Submission
from carom.server.rules.refusals import Refusal
from carom.server.rules.sending import Checked
from carom.server.store import intake, senders
from carom.server.store.database import statements_of
from carom.server.store.servers import Tenant

__all__ = ["Accepted", "accept", "check_sender", "submission"]


def submission(
    tenant: Tenant,
    items: Sequence[Checked | Refusal],
    *,
    confirmed_sender: bool,
    now: datetime,
    new_id: Callable[[], UUID],
    token: bytes | None = None,
    once: Once | None = None,
) -> Submission:
    """Put together what a server hands in."""
    return Submission(
        server_id=tenant.server_id,
        account_id=tenant.account_id,
        items=tuple(items),
        message_ids=tuple([new_id() for _ in items]),
        now=now,
        confirmed_sender=confirmed_sender,
        token=token,
        once=once,
    )


def accept(
    connection: sa.Connection,
    tenant: Tenant,
    batch: Sequence[Checked],
    *,
    confirmed_sender: bool,
    now: datetime,
    new_id: Callable[[], UUID],
) -> list[Accepted | Refusal]:
    """Store each message that may be sent, in a transaction with what else belongs to it. ``confirmed_sender`` asks for a
    From that the account has confirmed."""
    handed = submission(tenant, batch, confirmed_sender=confirmed_sender, now=now, new_id=new_id)
    return intake.accept(connection, statements_of(connection), handed)


def check_sender(connection: sa.Connection, tenant: Tenant, address: str) -> None:
    """Raise a Refusal unless an account has confirmed a bare address."""
    confirmed = senders.may_send(connection, tenant.account_id, address)
    if confirmed:
        return
    raise Refusal(400 if confirmed is None else 401, address=address)
