"""deliver: one attempt to hand a message to the next hop, for one recipient. No transaction is open while it runs."""

from datetime import datetime

import structlog
from sqlalchemy.exc import NoResultFound

from carom.bounce import classify
from carom.bounce.verp import proof, return_path
from carom.server.config import Settings
from carom.server.failpoints import failpoint
from carom.server.keyring import Keyring
from carom.server.metrics import DELIVER_SECONDS, timed
from carom.server.outbound.attempt import Attempt
from carom.server.pipeline.deps import SANDBOX_SERVER, Deps
from carom.server.pipeline.jobs import Bounced, Deliver, Settle
from carom.server.rules.compose import Facts, compose
from carom.server.rules.lifecycle import Event
from carom.server.rules.report import ReportedRecipient, ReportFacts, write_report
from carom.server.rules.retry import DELIVERY, retry_delay
from carom.server.store import deliveries
from carom.server.store.deliveries import Delivery
from carom.taxonomy import BounceType

log = structlog.get_logger("carom.deliver")

BEFORE_MAIL = frozenset({"connect", "greeting", "ehlo"})
"""What a remote refuses there says nothing about the recipient: it is tried again, also after a 5xx."""


async def deliver(job: Deliver, deps: Deps) -> list[Settle]:
    """Send a message to one recipient and say what became of it."""
    try:
        delivery = await deps.database.read(deliveries.load, job.recipient_id)
    except NoResultFound:  # its server was removed, or what was known of the recipient: nobody wants it sent any more
        return []
    if delivery.suppressed:
        return [Settle(job.recipient_id, Event.SUPPRESSED, deps.clock())]
    home = return_path(
        delivery.recipient_id, deps.settings.return_path, deps.keyring.return_path_keys, deps.keyring.version
    )
    next_hop = deps.next_hop(delivery.address, stays=delivery.delivery_type == SANDBOX_SERVER)
    content = source(delivery, deps.keyring, deps.settings)
    failpoint("deliver.before-connect")
    with timed(DELIVER_SECONDS):
        attempt = await deps.connections.deliver(next_hop, home, delivery.address, content)
    if attempt.outcome == "accepted":
        failpoint("deliver.after-250")
    log.debug(
        "tried",
        message_id=str(delivery.message_id),
        recipient_id=job.recipient_id,
        outcome=attempt.outcome,
        phase=attempt.phase,
        remote=attempt.remote_name,
    )
    return [_outcome(job, delivery, attempt, home, content, deps)]


def source(delivery: Delivery, keyring: Keyring, settings: Settings) -> bytes:
    """Return a message as one recipient gets it."""
    facts = Facts(
        message_id=delivery.message_id,
        server_id=delivery.server_id,
        account_id=delivery.account_id,
        recipient=delivery.address,
        submitted_at=delivery.submitted_at,
        hostname=settings.hostname,
        proof=proof(delivery.recipient_id, keyring.return_path_keys, keyring.version),
    )
    return compose(delivery.email, facts)


def _outcome(job: Deliver, delivery: Delivery, attempt: Attempt, home: str, content: bytes, deps: Deps) -> Settle:
    now = deps.clock()
    details = {
        "DeliveryMessage": _details(attempt),
        "DestinationServer": attempt.remote_name or "",
        "DestinationIP": attempt.remote_ip or "",
    }
    if attempt.outcome == "accepted":
        return Settle(job.recipient_id, Event.ACCEPTED, now, details)
    if attempt.outcome == "deferred" or attempt.phase in BEFORE_MAIL:
        wait = retry_delay(DELIVERY, job.attempts, deps.chance)
        if wait is not None:
            return Settle(job.recipient_id, Event.DEFERRED, now, details, retry_at=now + wait)
    bounced = _bounced(delivery, attempt, home, content, deps, now)
    return Settle(job.recipient_id, Event.REFUSED, now, {"Summary": bounced.details}, bounced)


def _bounced(delivery: Delivery, attempt: Attempt, home: str, content: bytes, deps: Deps, now: datetime) -> Bounced:
    """Classify a refusal, or the reply that was the last one when we give up, and write the DSN that is its dump."""
    reply = attempt.reply
    verdict = classify(
        reply=reply.code if reply else None,
        status=reply.status if reply else None,
        text=reply.text if reply else attempt.error or "",
        command=attempt.phase,
    )
    gave_up = attempt.outcome == "deferred" or attempt.phase in BEFORE_MAIL
    kind = BounceType.SOFT_BOUNCE if gave_up and verdict.type is BounceType.UNKNOWN else verdict.type
    status = verdict.status or ("4.4.7" if gave_up else "5.0.0")
    dump = write_report(
        ReportFacts(
            reporting_mta=deps.settings.hostname,
            from_address=f"MAILER-DAEMON@{deps.settings.hostname}",
            to_address=home,
            recipients=(
                ReportedRecipient(
                    final_recipient=delivery.address,
                    action="failed",
                    status=status,
                    remote_mta=attempt.remote_name,
                    diagnostic=_said(attempt),
                    last_attempt=now,
                ),
            ),
            arrival_date=delivery.submitted_at,
            at=now,
            transcript=attempt.transcript,
            returned=content,
            report_id=f"{delivery.message_id}.{delivery.recipient_id}",
        )
    )
    return Bounced(kind, _details(attempt), dump, verdict.rule, verdict.matched, verdict.status)


def _said(attempt: Attempt) -> str:
    """Return what the remote said, or what went wrong."""
    return str(attempt.reply) if attempt.reply else attempt.error or attempt.outcome


def _details(attempt: Attempt) -> str:
    """Return the same as a Diagnostic-Code, its type in front: only what a remote said is SMTP's."""
    return f"{'smtp' if attempt.reply else 'x-carom'};{_said(attempt)}"
