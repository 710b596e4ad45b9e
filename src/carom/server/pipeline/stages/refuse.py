"""refuse: mail that was taken by SMTP and may not be sent becomes bounces of the type SMTPApiError.

Postmark answers 250 to everything that SMTP allows, and tells the fault afterwards: what is wrong in short is the bounce's
Details, at length with its code and the mail as it came is the dump.
https://postmarkapp.com/developer/user-guide/send-email-with-smtp
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from msgspec import Struct

from carom.server.pipeline import notify
from carom.server.rules.events import About
from carom.server.rules.refusals import Refusal
from carom.server.rules.submitted import Summary
from carom.server.store import bodies, bounces
from carom.taxonomy import BounceType

RULE = "smtp-api-error"
"""The rule of a bounce that we write for a fault of the sender's."""


class Refused(Struct, frozen=True, kw_only=True):
    """A mail that is not sent to some recipients, or to none. ``message_id`` is that of the message, which is nowhere
    else when nobody gets it."""

    server_id: int
    message_id: UUID
    stream: str
    recipients: Sequence[str]
    summary: Summary
    content: bytes


def refuse(connection: sa.Connection, refused: Refused, why: Refusal, now: datetime) -> list[int]:
    """Record one bounce for each recipient that does not get a mail, and return their ids."""
    dump = bodies.keep(connection, _dump(refused, why), now)
    found = bounces.Found(
        type=BounceType.SMTP_API_ERROR,
        details=why.message,
        dump=dump,
        proven=True,
        verdict=BounceType.SMTP_API_ERROR,
        rule=RULE,
        matched=str(why.code),
        status=None,
    )
    ids: list[int] = []
    for address in refused.recipients:
        bounce_id = bounces.add(connection, _unsent(refused, address), found, now)
        if bounce_id is not None:
            notify.refused(connection, _about(refused, address), bounce_id, dump)
            ids.append(bounce_id)
    return ids


def _about(refused: Refused, address: str) -> About:
    return About(
        server_id=refused.server_id,
        stream=refused.stream,
        message_id=refused.message_id,
        recipient=address,
        tag=refused.summary.tag,
        metadata={},
    )


def _unsent(refused: Refused, address: str) -> bounces.Unsent:
    return bounces.Unsent(
        server_id=refused.server_id,
        stream=refused.stream,
        message_id=refused.message_id,
        address=address,
        from_address=refused.summary.from_,
        subject=refused.summary.subject,
        tag=refused.summary.tag,
    )


def _dump(refused: Refused, why: Refusal) -> bytes:
    head = f"SMTP API error {why.code}: {why.message}\r\nRecipients: {', '.join(refused.recipients)}\r\n\r\n"
    return head.encode("utf-8", "replace") + refused.content
