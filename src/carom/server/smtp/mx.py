"""Where mail comes in from outside: to return paths, as bounces do, and to the inbound addresses of servers. It is
stored before its 250, and read later."""

import re
import ssl
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from carom.bounce.verp import PREFIX
from carom.server import metrics
from carom.server.config import Settings
from carom.server.failpoints import failpoint
from carom.server.pipeline.jobs import Digest, Receive
from carom.server.rules.compose import COMPLAINTS
from carom.server.smtp import replies
from carom.server.smtp.replies import Reply
from carom.server.smtp.session import Claim, Envelope, Listener, Rules
from carom.server.store import domains, inbound, received
from carom.server.store.database import Database
from carom.server.store.grouping import Groups
from carom.server.store.received import Arrived

MAX_SIZE = 35_000_000
MAX_HOPS = 100
"""Received fields of a mail that is still taken (RFC 5321 section 6.3)."""
_HEAD = 256 * 1024
_RECEIVED = re.compile(rb"^received:", re.IGNORECASE | re.MULTILINE)
DIGEST, RECEIVE = (str(job.__struct_config__.tag) for job in (Digest, Receive))
"""The kinds of the jobs that read a mail."""


class Homecoming:
    """The handler. ``wake`` tells the worker that there is something to read."""

    def __init__(self, database: Database, settings: Settings, clock: Callable[[], datetime]) -> None:
        """Store what comes in a database."""
        self._database, self._settings, self._clock = database, settings, clock
        self._groups = Groups(self._store)
        self.wake: Callable[[], None] = lambda: None

    async def login(self, claim: Claim) -> Any:
        """Refuse: nobody logs in here."""
        del claim

    async def recipient(self, login: Any, mail_from: str, address: str) -> Reply | None:
        """Take anything in the form of a return path, and the inbound addresses that there are. Whether a return path is
        a true one is for whoever reads the mail: a damaged one still names a bounce that a person wants to see."""
        del login, mail_from
        if await self._comes_home(address):
            return None
        domain, inbound_domain = _domain(address), self._settings.inbound_domain.lower()
        if domain == self._settings.return_path.lower():
            return replies.NO_SUCH_USER
        if await self._database.read(inbound.server_of, address, inbound_domain) is not None:
            return None
        return replies.NO_SUCH_USER if domain == inbound_domain else replies.NO_RELAY

    async def message(self, envelope: Envelope) -> Reply:
        """Store a mail with the job that reads it, in one transaction."""
        if _hops(envelope.content) > MAX_HOPS:
            return replies.LOOP
        jobs = [(one, DIGEST if await self._comes_home(one) else RECEIVE) for one in envelope.recipients]
        ids = await self._groups.add(Arrived(self._clock(), envelope.mail_from, jobs, envelope.content))
        failpoint("receive.after-commit")
        metrics.RECEIVED.inc(len(ids))
        self.wake()
        return Reply(250, "2.0.0", f"OK, kept as {', '.join(map(str, ids))}")

    async def _store(self, arrived: Sequence[Arrived]) -> list[list[int]]:
        return await self._database.write(received.receive, arrived)

    async def _comes_home(self, address: str) -> bool:
        """Whether an address is a return path in its form, or takes complaints: at our own domain or at one that DNS leads
        to it."""
        local = address.rpartition("@")[0].lower()
        if not local.startswith(PREFIX) and local != COMPLAINTS:
            return False
        domain = _domain(address)
        return domain == self._settings.return_path.lower() or await self._database.read(domains.is_return_path, domain)


def _hops(content: bytes) -> int:
    head = content[:_HEAD].partition(b"\r\n\r\n")[0]
    return sum(1 for _ in _RECEIVED.finditer(head))


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()


def mx_listener(
    settings: Settings, handler: Homecoming, tls: ssl.SSLContext | None, has_room: Callable[[], bool]
) -> Listener:
    """Return the listener of ``--mx``."""
    rules = Rules(settings.hostname, MAX_SIZE, tls=tls, has_room=has_room)
    return Listener(settings.mx.host, settings.mx.port, handler, rules)
