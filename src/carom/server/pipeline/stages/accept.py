"""accept: a checked message becomes rows, or a refusal. What it answers is durable once its transaction is."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from msgspec import Struct

from carom.server.rules.refusals import Refusal
from carom.server.rules.sending import Checked
from carom.server.store import intake, senders, streams, suppressions
from carom.server.store.servers import Tenant
from carom.wire.errors import OK, PARTLY_INACTIVE

SENDING_TYPES = frozenset({"Transactional", "Broadcasts"})


class Accepted(Struct, frozen=True):
    """A message that is stored. ``message`` is the answer's text, which names recipients that will not get it."""

    message_id: UUID
    to: str | None
    submitted_at: datetime
    message: str


def accept(
    connection: sa.Connection,
    tenant: Tenant,
    batch: list[Checked],
    *,
    confirmed_sender: bool,
    now: datetime,
    new_id: Callable[[], UUID],
) -> list[Accepted | Refusal]:
    """Store each message that may be sent. ``confirmed_sender`` asks for a From that the account has confirmed."""
    answers: list[Accepted | Refusal] = []
    for checked in batch:
        try:
            answers.append(_accept_one(connection, tenant, checked, confirmed_sender, now, new_id))
        except Refusal as refusal:
            answers.append(refusal)
    return answers


def _accept_one(
    connection: sa.Connection,
    tenant: Tenant,
    checked: Checked,
    confirmed_sender: bool,
    now: datetime,
    new_id: Callable[[], UUID],
) -> Accepted:
    if confirmed_sender:
        check_sender(connection, tenant, checked.from_.email)
    _check_stream(connection, tenant, checked)
    addresses = [one.email.lower() for one in checked.recipients]
    inactive = suppressions.suppressed(connection, tenant.server_id, checked.stream, addresses)
    listed = ", ".join(address for address in addresses if address in inactive)
    active = [one for one in checked.recipients if one.email.lower() not in inactive]
    if not active:
        raise Refusal(406, addresses=listed)
    message_id = new_id()
    intake.store(connection, tenant, checked, active, message_id, now)
    return Accepted(message_id, checked.to, now, PARTLY_INACTIVE.format(addresses=listed) if inactive else OK)


def check_sender(connection: sa.Connection, tenant: Tenant, address: str) -> None:
    """Raise a Refusal unless an account has confirmed a bare address."""
    confirmed = senders.may_send(connection, tenant.account_id, address)
    if confirmed:
        return
    raise Refusal(400 if confirmed is None else 401, address=address)


def _check_stream(connection: sa.Connection, tenant: Tenant, checked: Checked) -> None:
    kind = streams.live_type(connection, tenant.server_id, checked.stream)
    if kind is None:
        raise Refusal(1235, stream=checked.stream)
    if kind not in SENDING_TYPES:
        raise Refusal(1236, stream=checked.stream)
