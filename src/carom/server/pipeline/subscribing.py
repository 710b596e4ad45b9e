"""A recipient leaves a stream, or comes back to it. It holds for that stream alone, and hooks are told of it."""

from datetime import datetime

import sqlalchemy as sa

from carom.server.links import Subscriber
from carom.server.pipeline import notify
from carom.server.rules.events import Change
from carom.server.store import deliveries, streams, suppressions
from carom.taxonomy import BounceType, Origin, SuppressionReason

_LEFT = BounceType.UNSUBSCRIBE.suppresses


def leave(connection: sa.Connection, who: Subscriber, now: datetime) -> bool:
    """Suppress an address that asks for it; False where the stream is gone. One that is suppressed already stays so."""
    if _LEFT is None or not streams.exists(connection, who.server_id, who.stream):
        return False
    if suppressions.add(connection, who.server_id, who.stream, who.email, _LEFT, now):
        _tell(connection, who, now)
    return True


def _tell(connection: sa.Connection, who: Subscriber, now: datetime) -> None:
    assert _LEFT is not None, "leave has looked"
    of = deliveries.sent(connection, who.recipient_id)
    if of is not None:
        notify.suppressed(connection, of, _LEFT, now)
        return
    # The mail is no longer kept, so that there is no message to name.
    change = Change(
        server_id=who.server_id, stream=who.stream, address=who.email, reason=_LEFT.reason, origin=_LEFT.origin
    )
    notify.changed(connection, change, now)


def come_back(connection: sa.Connection, who: Subscriber, now: datetime) -> bool:
    """Lift what :func:`leave` has written, and nothing else; False where the stream is gone."""
    if not streams.exists(connection, who.server_id, who.stream):
        return False
    if has_left(connection, who):
        suppressions.lift(connection, who.server_id, who.stream, who.email, SuppressionReason.MANUAL_SUPPRESSION)
        notify.reactivated(connection, who.server_id, who.stream, who.email, now, Origin.RECIPIENT)
    return True


def has_left(connection: sa.Connection, who: Subscriber) -> bool:
    """Whether an address has left by itself."""
    row = suppressions.get(connection, who.server_id, who.stream, who.email)
    return row is not None and (row.reason, row.origin) == (
        SuppressionReason.MANUAL_SUPPRESSION.value,
        Origin.RECIPIENT.value,
    )
