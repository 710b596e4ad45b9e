"""Raw mails by digest, compressed: the one module that knows how they are kept."""

import hashlib
import zlib
from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa

from carom.server.store.schema import body, bounce, captured, inbound_message, post, received
from carom.server.store.types import insert_or_update, padded

SMALL = 2048
_FAST = 1
_AS_IT_IS = b"\0"
"""No zlib stream begins so (RFC 1950, section 2.2)."""

REFERENCES = (bounce.c.dump, received.c.digest, captured.c.digest, inbound_message.c.digest, post.c.digest)
"""The columns that name a body. A body that none of them names any more can go."""


def pack(content: bytes) -> bytes:
    """Compress a mail for the store, unless it is so small that it costs more time than room."""
    return _AS_IT_IS + content if len(content) < SMALL else zlib.compress(content, _FAST)


def unpack(packed: bytes) -> bytes:
    """Return a mail as it was."""
    return packed[1:] if packed[:1] == _AS_IT_IS else zlib.decompress(packed)


def keep(connection: sa.Connection, content: bytes, now: datetime) -> bytes:
    """Store a mail and return its digest; the same mail is kept once."""
    [digest] = keep_all(connection, [(content, now)])
    return digest


def keep_all(connection: sa.Connection, mails: Sequence[tuple[bytes, datetime]]) -> list[bytes]:
    """Store some mails, each with its time, by one statement, and return their digests."""
    digests = [hashlib.sha256(content).digest() for content, _ in mails]
    rows = {
        digest: {"digest": digest, "size": len(content), "content": pack(content), "stored_at": at}
        for digest, (content, at) in zip(digests, mails, strict=True)
    }
    # A mail that is there is kept anew, so that whoever removes old ones leaves it: see forget.
    # In one order, so that two who keep the same mails do not wait for each other.
    connection.execute(insert_or_update(connection, body, None, ["stored_at"]), [rows[one] for one in sorted(rows)])
    return digests


def fetch(connection: sa.Connection, digest: bytes) -> bytes | None:
    """Return a mail, or None when it is no longer kept."""
    packed = connection.scalar(sa.select(body.c.content).where(body.c.digest == digest))
    return None if packed is None else unpack(packed)


def forget(connection: sa.Connection, digests: Collection[bytes], stored_before: datetime | None = None) -> None:
    """Remove those of some mails that nothing names any more; of those stored before a time, if one is given: a
    transaction that is not over yet may be about to name one that it has just kept anew."""
    if not digests:
        return
    digests = padded(digests)
    unnamed = [body.c.digest.not_in(sa.select(column).where(column.in_(digests))) for column in REFERENCES]
    old = [] if stored_before is None else [body.c.stored_at < stored_before]
    connection.execute(sa.delete(body).where(body.c.digest.in_(digests), *old, *unnamed))
