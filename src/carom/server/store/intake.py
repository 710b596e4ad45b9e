"""The hot path: accepted mail, one row a message and one an address, which is its own entry in the queue."""

from datetime import datetime
from uuid import UUID

import msgspec
import sqlalchemy as sa

from carom.server.rules.lifecycle import State
from carom.server.rules.sending import Checked, Recipient, given
from carom.server.store import bodies
from carom.server.store.schema import message, recipient
from carom.server.store.servers import Tenant
from carom.wire.email import SendEmail

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(SendEmail)


def pack_email(email: SendEmail) -> bytes:
    """Return a message as it is stored."""
    return bodies.pack(_encoder.encode(email))


def unpack_email(packed: bytes) -> SendEmail:
    """Return a stored message."""
    return _decoder.decode(bodies.unpack(packed))


# Made once: what a statement costs is mostly its making.
_MESSAGE = sa.insert(message)
_RECIPIENT = sa.insert(recipient)


def store(
    connection: sa.Connection,
    tenant: Tenant,
    checked: Checked,
    recipients: list[Recipient],
    message_id: UUID,
    now: datetime,
) -> None:
    """Store a message that is due at once for each of some of its recipients."""
    email = checked.email
    connection.execute(
        _MESSAGE,
        {
            "id": message_id,
            "server_id": tenant.server_id,
            "stream": checked.stream,
            "submitted_at": now,
            "from_address": str(checked.from_),
            "subject": given(email.subject),
            "tag": given(email.tag) or None,
            "metadata": email.metadata if isinstance(email.metadata, dict) else None,
            "content": pack_email(email),
        },
    )
    connection.execute(
        _RECIPIENT,
        [
            {
                "message_id": message_id,
                "server_id": tenant.server_id,
                "stream": checked.stream,
                "address": one.email,
                "email": one.email.lower(),
                "bucket": one.domain,
                "state": State.QUEUED,
                "requested_type": None if one.requested_type is None else one.requested_type.code,
                "due_at": now,
            }
            for one in recipients
        ],
    )
