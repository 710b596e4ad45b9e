"""Where mail comes in from outside: to return paths, as bounces do, and to the inbound addresses of servers. It is
stored before its 250, and read later."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from carom.bounce.verp import PREFIX
from carom.server import metrics
from carom.server.config import Settings
from carom.server.failpoints import failpoint
from carom.server.pipeline.jobs import Digest, Receive
from carom.server.pipeline.worker import add_job
from carom.server.smtp import replies
from carom.server.smtp.replies import Reply
from carom.server.smtp.session import Envelope, Listener, Rules
from carom.server.store import inbound, received
from carom.server.store.database import Database

MAX_SIZE = 35_000_000


class Homecoming:
    """The handler. ``wake`` tells the worker that there is something to read."""

    def __init__(self, database: Database, settings: Settings, clock: Callable[[], datetime]) -> None:
        """Store what comes in a database."""
        self._database, self._settings, self._clock = database, settings, clock
        self.wake: Callable[[], None] = lambda: None

    async def login(self, user: str, password: str) -> Any:
        """Refuse: nobody logs in here."""
        del user, password

    async def recipient(self, login: Any, mail_from: str, address: str) -> Reply | None:
        """Take anything in the form of a return path, and the inbound addresses that there are. Whether a return path is
        a true one is for whoever reads the mail: a damaged one still names a bounce that a person wants to see."""
        del login, mail_from
        local, _, domain = address.rpartition("@")
        if self._is_home(address):
            return None if local.lower().startswith(PREFIX) else replies.NO_SUCH_USER
        inbound_domain = self._settings.inbound_domain
        if await self._database.read(inbound.server_of, address, inbound_domain) is not None:
            return None
        return replies.NO_SUCH_USER if domain.lower() == inbound_domain.lower() else replies.NO_RELAY

    async def message(self, envelope: Envelope) -> Reply:
        """Store a mail with the job that reads it, in one transaction."""
        ids = await self._database.write(self._store, envelope)
        failpoint("receive.after-commit")
        metrics.RECEIVED.inc(len(ids))
        self.wake()
        return Reply(250, "2.0.0", f"OK, kept as {', '.join(map(str, ids))}")

    def _store(self, connection: sa.Connection, envelope: Envelope) -> list[int]:
        now = self._clock()
        ids = received.receive(connection, envelope.mail_from, list(envelope.recipients), envelope.content, now)
        for received_id, recipient in zip(ids, envelope.recipients, strict=True):
            add_job(connection, Digest(received_id) if self._is_home(recipient) else Receive(received_id), now)
        return ids

    def _is_home(self, address: str) -> bool:
        return address.rpartition("@")[2].lower() == self._settings.return_path.lower()


def mx_listener(settings: Settings, handler: Homecoming, has_room: Callable[[], bool]) -> Listener:
    """Return the listener of ``--mx``."""
    return Listener(settings.mx.host, settings.mx.port, handler, Rules(settings.hostname, MAX_SIZE, has_room=has_room))
