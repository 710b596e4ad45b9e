"""deliver: one attempt to hand a message to the next hop, for one recipient. No transaction is open while it runs."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
import structlog

from carom.bounce import classify
from carom.bounce.verp import return_path
from carom.server.failpoints import failpoint
from carom.server.metrics import DELIVER_SECONDS, timed
from carom.server.outbound.attempt import BEFORE_MAIL, Attempt
from carom.server.pipeline.deps import SANDBOX_SERVER, Deps
from carom.server.pipeline.jobs import Bounced, Deliver, Settle
from carom.server.pipeline.outgoing import Outgoing, outgoing
from carom.server.pipeline.signing import Identity
from carom.server.rules.compose import sender_domain
from carom.server.rules.lifecycle import Event
from carom.server.rules.report import ReportedRecipient, ReportFacts, write_report
from carom.server.rules.retry import DELIVERY, retry_delay
from carom.server.store import deliveries
from carom.server.store.deliveries import Delivery
from carom.taxonomy import BounceType

log = structlog.get_logger("carom.deliver")


class Loaded(NamedTuple):
    """What an attempt needs."""

    delivery: Delivery
    identity: Identity


def load(connection: sa.Connection, recipient_ids: Sequence[int], deps: Deps) -> dict[int, Loaded]:
    """Return what attempts need, by recipient. One that is no longer kept is left out."""
    found: dict[int, Loaded] = {}
    identities: dict[tuple[int, str], Identity] = {}  # many mails are of one sender
    for recipient_id, delivery in deliveries.load_all(connection, recipient_ids).items():
        sender = delivery.account_id, sender_domain(delivery.email)
        identity = identities.get(sender)
        if identity is None:
            identity = identities[sender] = deps.identities.of(connection, *sender)
        found[recipient_id] = Loaded(delivery, identity)
    return found


async def deliver(job: Deliver, loaded: Loaded | None, deps: Deps) -> list[Settle]:
    """Send a message to one recipient and say what became of it."""
    if loaded is None:  # its server was removed, or what was known of the recipient: nobody wants it sent any more
        return []
    delivery, identity = loaded
    if delivery.suppressed:
        return [Settle(job.recipient_id, Event.SUPPRESSED, deps.clock())]
    home = return_path(delivery.recipient_id, identity.return_path, deps.keyring.return_path_keys, deps.keyring.version)
    hops = deps.next_hops(delivery.address, stays=delivery.delivery_type == SANDBOX_SERVER)
    mail = outgoing(delivery, deps)
    content = await deps.signing.signed(mail.content, identity.signers, deps.clock())
    failpoint("deliver.before-connect")
    with timed(DELIVER_SECONDS):
        attempt = await deps.failover.deliver(hops, home, delivery.address, content)
    fact = _outcome(job, delivery, attempt, home, Outgoing(content, mail.tracked), deps)
    if attempt.outcome == "accepted":
        deps.journal.note(job.claim, fact)
        failpoint("deliver.after-250")
    log.debug(
        "tried",
        message_id=str(delivery.message_id),
        recipient_id=job.recipient_id,
        outcome=attempt.outcome,
        phase=attempt.phase,
        remote=attempt.remote_name,
    )
    return [fact]


def _outcome(job: Deliver, delivery: Delivery, attempt: Attempt, home: str, mail: Outgoing, deps: Deps) -> Settle:
    now = deps.clock()
    details = {
        "DeliveryMessage": _details(attempt),
        "DestinationServer": attempt.remote_name or "",
        "DestinationIP": attempt.remote_ip or "",
        "TLS": attempt.tls or "none",
    }
    if attempt.outcome == "accepted":
        return Settle(job.recipient_id, Event.ACCEPTED, now, details, tracked=mail.tracked)
    if attempt.outcome == "deferred" or attempt.phase in BEFORE_MAIL:
        wait = retry_delay(DELIVERY, job.attempts, deps.chance)
        if wait is not None:
            return Settle(
                job.recipient_id, Event.DEFERRED, now, details, retry_at=now + wait, slow_down=_slow_down(attempt)
            )
    bounced = _bounced(delivery, attempt, home, mail.content, deps, now)
    return Settle(job.recipient_id, Event.REFUSED, now, {"Summary": bounced.details}, bounced)


def _slow_down(attempt: Attempt) -> str | None:
    """Return a reply that is about all our mail and not about this one: 421, or 4.7.x."""
    reply = attempt.reply
    asked = reply is not None and (reply.code == 421 or (reply.code < 500 and (reply.status or "").startswith("4.7.")))
    return str(reply) if asked else None


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
