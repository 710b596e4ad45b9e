"""What follows when somebody reads a mail, in one transaction: it is recorded and counted, and hooks are told of it."""

import sqlalchemy as sa

from carom.server.links import Followed, Opened
from carom.server.pipeline import notify
from carom.server.store import clicks, opens
from carom.server.store.visits import Visit


def opened(connection: sa.Connection, link: Opened, visit: Visit) -> opens.Recorded | None:
    """Record that a pixel was asked for, None where the mail is no longer kept."""
    recorded = opens.record(connection, link.recipient_id, visit)
    if recorded is not None:
        notify.opened(connection, link.recipient_id, recorded.open, first=recorded.first)
    return recorded


def followed(connection: sa.Connection, link: Followed, visit: Visit) -> clicks.Recorded | None:
    """Record that a link was followed, None where the mail is no longer kept."""
    recorded = clicks.record(connection, link.recipient_id, visit, link.url, link.location)
    if recorded is not None and recorded.first:
        notify.clicked(connection, link.recipient_id, recorded.click)
    return recorded
