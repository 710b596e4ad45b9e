"""A recipient leaves a stream, or comes back to it. It holds for that stream alone."""

from datetime import datetime

import sqlalchemy as sa

from carom.server.links import Subscriber
from carom.server.store import streams, suppressions
from carom.taxonomy import BounceType, Origin, SuppressionReason

_LEFT = BounceType.UNSUBSCRIBE.suppresses


def leave(connection: sa.Connection, who: Subscriber, now: datetime) -> bool:
    """Suppress an address that asks for it; False where the stream is gone. One that is suppressed already stays so."""
    if _LEFT is None or not streams.exists(connection, who.server_id, who.stream):
        return False
    suppressions.add(connection, who.server_id, who.stream, who.email, _LEFT, now)
    return True


def come_back(connection: sa.Connection, who: Subscriber) -> bool:
    """Lift what :func:`leave` has written, and nothing else; False where the stream is gone."""
    if not streams.exists(connection, who.server_id, who.stream):
        return False
    if has_left(connection, who):
        suppressions.lift(connection, who.server_id, who.stream, who.email, SuppressionReason.MANUAL_SUPPRESSION)
    return True


def has_left(connection: sa.Connection, who: Subscriber) -> bool:
    """Whether an address has left by itself."""
    row = suppressions.get(connection, who.server_id, who.stream, who.email)
    return row is not None and (row.reason, row.origin) == (
        SuppressionReason.MANUAL_SUPPRESSION.value,
        Origin.RECIPIENT.value,
    )
