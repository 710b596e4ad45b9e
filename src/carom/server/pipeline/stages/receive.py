"""receive: a mail that came for an inbound address becomes a message of its server.

A hook for inbound mail is not posted to yet: a message of a server that has one stays Queued, and the job that posts it
will be written here, in the same transaction.
"""

import asyncio
from collections.abc import Callable

import sqlalchemy as sa

from carom.server.keyring import new_message_id
from carom.server.pipeline.deps import Deps
from carom.server.pipeline.jobs import Receive
from carom.server.rules.inbound import read_inbound, screened
from carom.server.store import inbound, received


async def receive(job: Receive, deps: Deps) -> Callable[[sa.Connection], None]:
    """Read a mail, on a thread since a large one takes its time, and return what stores the message."""
    came = await deps.database.read(received.read_received, job.received_id)
    message_id = new_message_id(int(came.at.timestamp() * 1000))
    message = await asyncio.to_thread(read_inbound, came.content, came.mail_from, came.recipient, message_id)

    def store(connection: sa.Connection) -> None:
        server_id = inbound.server_of(connection, came.recipient, deps.settings.inbound_domain)
        if server_id is None:
            received.conclude(connection, job.received_id, "no server")
            return
        shown = screened(message, inbound.screen_of(connection, server_id))
        inbound.add(connection, server_id, shown, came.at, came.digest)
        received.conclude(connection, job.received_id, f"inbound {shown.status.lower()}")

    return store
