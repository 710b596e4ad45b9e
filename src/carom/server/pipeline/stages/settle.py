"""settle: one fact about a message and a recipient, and all that follows from it, in one transaction: the lifecycle step,
the event, the bounce, the suppression, what hooks are told. The only place that moves a recipient's state."""

from collections.abc import Sequence

import sqlalchemy as sa

from carom.server.pipeline import notify
from carom.server.pipeline.jobs import Bounced, Settle
from carom.server.rules.lifecycle import WAITING, State, follow
from carom.server.rules.suppression import listed_type, suppresses
from carom.server.store import bodies, bounces, deliveries, suppressions
from carom.server.store.deliveries import Sent
from carom.server.store.queue import Claim

TEST_DOMAIN_RULE = "test-domain"
"""The rule of a bounce whose type the recipient's address asked for."""


def settle(connection: sa.Connection, fact: Settle) -> int | None:
    """Record a fact and return the id of the bounce that it makes, if it makes one that is new.

    The same fact told twice changes nothing more: a recipient has one bounce of a type.
    """
    of = deliveries.sent(connection, fact.recipient_id)
    if of is None:
        return None
    state = follow(of.state, fact.event)
    if state is not of.state:
        deliveries.move(connection, of, state, dequeue=state not in WAITING)
        if state is State.DELIVERED:
            notify.delivered(connection, of, fact.at, fact.details.get("DeliveryMessage", ""))
    bounce_id = None if fact.bounced is None else _bounce(connection, of, fact, fact.bounced)
    if bounce_id is not None or fact.bounced is None:
        details = fact.details if bounce_id is None else {**fact.details, "BounceID": str(bounce_id)}
        deliveries.record(connection, (of, fact.event, fact.at, details))
    return bounce_id


def settle_accepted(connection: sa.Connection, taken: Sequence[tuple[Claim, Settle]]) -> list[Claim]:
    """Record that remotes took some mails, all in three statements where no hook is told; return the claims that are no longer ours, of which nothing
    is recorded."""
    ours = deliveries.held(connection, [claim for claim, _ in taken])
    facts = [
        (of, fact, follow(of.state, fact.event)) for claim, fact in taken if (of := ours.get(claim.id)) is not None
    ]
    if facts:
        deliveries.move_out(connection, [(of, state) for of, _, state in facts])
        deliveries.record(connection, *((of, fact.event, fact.at, fact.details) for of, fact, _ in facts))
    for of, fact, state in facts:
        if state is State.DELIVERED and state is not of.state:
            notify.delivered(connection, of, fact.at, fact.details.get("DeliveryMessage", ""))
    return [claim for claim, _ in taken if claim.id not in ours]


def _bounce(connection: sa.Connection, of: Sent, fact: Settle, bounced: Bounced) -> int | None:
    kind = listed_type(bounced.type, of.requested_type, proven=bounced.proven)
    asked = bounced.proven and of.requested_type is not None
    found = bounces.Found(
        type=kind,
        details=bounced.details,
        dump=None if bounced.dump is None else bodies.keep(connection, bounced.dump, fact.at),
        proven=bounced.proven,
        verdict=bounced.type,
        rule=TEST_DOMAIN_RULE if asked else bounced.rule,
        matched=of.address if asked else bounced.matched,
        status=bounced.status,
    )
    bounce_id = bounces.add(connection, of, found, fact.at)
    what = suppresses(kind, proven=bounced.proven)
    if bounce_id is None:
        return None
    # The bounce is told as it is when the suppression is there, and before it.
    new = what is not None and suppressions.add(
        connection, of.server_id, of.stream, of.address, what, fact.at, bounce_id
    )
    notify.returned(connection, of, bounce_id, kind, found.dump)
    if what is not None and new:
        notify.suppressed(connection, of, what, fact.at)
    return bounce_id
