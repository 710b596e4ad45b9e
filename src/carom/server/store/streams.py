"""Message streams of a server."""

import sqlalchemy as sa

from carom.server.store.schema import stream


def live_type(connection: sa.Connection, server_id: int, stream_id: str) -> str | None:
    """Return the type of a stream, or None where there is none or it is archived."""
    return connection.scalar(
        sa.select(stream.c.type).where(
            stream.c.server_id == server_id, stream.c.id == stream_id, stream.c.archived_at.is_(None)
        )
    )
