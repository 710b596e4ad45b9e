"""What the built-in remote sends later: a delivery status notification to the return path, by SMTP, like any remote."""

from collections.abc import Callable
from datetime import datetime
from hashlib import sha256

import sqlalchemy as sa

from carom.server.outbound.session import Route
from carom.server.pipeline.deps import Deps
from carom.server.pipeline.jobs import Answer
from carom.server.pipeline.worker import add_job
from carom.server.rules.report import ReportedRecipient, ReportFacts, write_report
from carom.server.sandbox.remote import Captured, Remote, plan_for, remote_listener
from carom.server.store import received
from carom.server.store.database import Database
from carom.server.store.received import Incoming

REMOTE_NAME = "remote.carom.test"


class NotTaken(Exception):
    """Our own listener did not take a mail."""


class Sandbox:
    """The built-in remote with its store and its answers. ``wake`` tells the worker that one is due."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        """Keep captured mail in a database."""
        self._database, self._clock = database, clock
        self._listener = remote_listener(REMOTE_NAME, Remote(self._keep))
        self.wake: Callable[[], None] = lambda: None

    async def start(self) -> Route:
        """Listen, and return where."""
        return Route(*await self._listener.start())

    async def stop(self, grace: float) -> None:
        """Stop listening."""
        await self._listener.stop(grace)

    async def _keep(self, taken: list[Captured]) -> None:
        await self._database.write(_store, taken, self._clock())
        self.wake()

    async def answer(self, job: Answer, deps: Deps) -> None:
        """Send the notification for a captured mail to its return path. Raises NotTaken to be called again."""
        mail = await deps.database.read(received.read_captured, job.captured_id)
        attempt = await deps.connections.deliver(deps.home, "", mail.mail_from, write_answer(mail, deps.clock()))
        if attempt.outcome == "deferred":
            raise NotTaken(attempt.error or attempt.transcript)


def _store(connection: sa.Connection, taken: list[Captured], now: datetime) -> None:
    for one in taken:
        captured_id = received.capture(connection, one.mail_from, one.recipient, one.content, now)
        if one.scenario.at == "later":
            add_job(connection, Answer(captured_id), now)


def write_answer(mail: Incoming, at: datetime) -> bytes:
    """Write what the scenario of a captured mail promised."""
    plan = plan_for(mail.recipient, mail.content)
    return write_report(
        ReportFacts(
            reporting_mta=REMOTE_NAME,
            from_address=f"MAILER-DAEMON@{REMOTE_NAME}",
            to_address=mail.mail_from,
            recipients=(
                ReportedRecipient(
                    final_recipient=mail.recipient,
                    original_recipient=mail.recipient,
                    action=plan.action,
                    status=plan.status,
                    diagnostic=f"{plan.code} {plan.status} {plan.text}",
                    last_attempt=at,
                ),
            ),
            arrival_date=at,
            at=at,
            returned=mail.content,
            report_id=sha256(mail.content + mail.recipient.encode()).hexdigest()[:24],
        )
    )
