"""What follows when somebody reads a mail, in one transaction: it is recorded and counted."""

import sqlalchemy as sa

from carom.server.links import Followed, Opened
from carom.server.store import clicks, opens
from carom.server.store.visits import Visit


def opened(connection: sa.Connection, link: Opened, visit: Visit) -> opens.Recorded | None:
    """Record that a pixel was asked for, None where the mail is no longer kept."""
    return opens.record(connection, link.recipient_id, visit)


def followed(connection: sa.Connection, link: Followed, visit: Visit) -> clicks.Recorded | None:
    """Record that a link was followed, None where the mail is no longer kept."""
    return clicks.record(connection, link.recipient_id, visit, link.url, link.location)
