"""receive: a mail that came for an inbound address becomes a message of its server, and is told to the server's hook."""

import asyncio
from collections.abc import Callable
from functools import partial
from uuid import UUID

import sqlalchemy as sa
from msgspec import structs

from carom.server.keyring import new_message_id
from carom.server.pipeline import notify
from carom.server.pipeline.deps import Deps
from carom.server.pipeline.jobs import Receive
from carom.server.rules.events import InboundFacts
from carom.server.rules.inbound import QUEUED, read_inbound, screened
from carom.server.store import inbound, received
from carom.server.store.received import Incoming
from carom.wire.messages import InboundDetails


async def receive(job: Receive, deps: Deps) -> Callable[[sa.Connection], None]:
    """Read a mail, on a thread since a large one takes its time, and return what stores the message."""
    came = await deps.database.read(received.read_received, job.received_id)
    message_id = new_message_id(int(came.at.timestamp() * 1000))
    mail = await asyncio.to_thread(read_inbound, came.content, came.mail_from, came.recipient, message_id)
    return partial(
        _store,
        received_id=job.received_id,
        came=structs.replace(came, content=b""),
        message_id=message_id,
        details=mail.details,
        inbound_domain=deps.settings.inbound_domain,
    )


def _store(
    connection: sa.Connection,
    *,
    received_id: int,
    came: Incoming,
    message_id: UUID,
    details: InboundDetails,
    inbound_domain: str,
) -> None:
    server_id = inbound.server_of(connection, came.recipient, inbound_domain)
    if server_id is None:
        received.conclude(connection, received_id, "no server")
        return
    screen = inbound.screen_of(connection, server_id)
    shown = screened(details, screen)
    if inbound.add(connection, server_id, shown, came.at, came.digest) and shown.status == QUEUED:
        facts = InboundFacts(came.mail_from, came.recipient, screen.raw_email)
        notify.received(connection, server_id, message_id, came.at, facts, came.digest)
    received.conclude(connection, received_id, f"inbound {shown.status.lower()}")
