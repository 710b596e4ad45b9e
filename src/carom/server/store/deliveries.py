"""Messages on their way: what an attempt needs, and what follows a bounce home."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from msgspec import Struct

from carom.server.rules.lifecycle import Event, State
from carom.server.rules.posts import OF_SENT_MAIL
from carom.server.rules.senders import signed
from carom.server.rules.sending import given
from carom.server.rules.stats import Kind, day_of, keys_of_tracking
from carom.server.rules.tracking import Wanted, wanted
from carom.server.store import intake, servers, stats
from carom.server.store.schema import domain, event, message, recipient, sender, server, stream, suppression, webhook
from carom.server.store.stats import Fact
from carom.taxonomy import BY_CODE, BounceType
from carom.wire.addresses import parse_address
from carom.wire.email import SendEmail


class Delivery(Struct, frozen=True):
    """A message and one of its recipients, with all that an attempt needs."""

    recipient_id: int
    address: str
    state: State
    requested_type: BounceType | None
    message_id: UUID
    server_id: int
    account_id: int
    delivery_type: str
    stream: str
    submitted_at: datetime
    email: SendEmail
    suppressed: bool
    unsubscribe_handling: str
    wanted: Wanted
    tracking_domain: str


class Tracked(Struct, frozen=True):
    """What is tracked in a mail that goes out: a pixel; so many links, None when its links are as they were."""

    opens: bool
    links: int | None


class Sent(Struct, frozen=True):
    """A message and one of its recipients, as a bounce of it is recorded. ``hooked`` is false when no hook is told what
    becomes of it."""

    recipient_id: int
    address: str
    state: State
    requested_type: BounceType | None
    message_id: UUID
    server_id: int
    stream: str
    from_address: str
    subject: str
    tag: str | None
    submitted_at: datetime
    metadata: dict[str, str] | None
    hooked: bool


_OF_RECIPIENT = recipient.join(message, message.c.id == recipient.c.message_id)


_LOAD = (
    sa.select(
        recipient.c.address,
        recipient.c.state,
        recipient.c.requested_type,
        recipient.c.stream,
        message.c.id,
        message.c.server_id,
        message.c.submitted_at,
        message.c.content,
        server.c.account_id,
        server.c.delivery_type,
        server.c.settings,
        message.c.from_address,
        stream.c.unsubscribe_handling,
    )
    .select_from(
        _OF_RECIPIENT.join(server, server.c.id == message.c.server_id).outerjoin(
            stream, (stream.c.server_id == message.c.server_id) & (stream.c.id == message.c.stream)
        )
    )
    .where(recipient.c.id == sa.bindparam("recipient_id"))
)


# One trip for both: a row for the suppression of the address, and one for the signature of the sender.
_ABOUT = sa.union_all(
    sa.select(sa.literal(True).label("suppressed"), suppression.c.reason, suppression.c.origin).where(
        suppression.c.server_id == sa.bindparam("server_id"),
        suppression.c.stream == sa.bindparam("stream"),
        suppression.c.email == sa.bindparam("email"),
    ),
    sa.select(sa.literal(False), sender.c.name, sender.c.reply_to).where(
        sender.c.account_id == sa.bindparam("account_id"), sender.c.address == sa.bindparam("sender")
    ),
)


def load(connection: sa.Connection, recipient_id: int) -> Delivery:
    """Return what an attempt needs. Raises sqlalchemy.exc.NoResultFound."""
    row = connection.execute(_LOAD, {"recipient_id": recipient_id}).one()
    email = intake.unpack_email(row.content)
    from_ = parse_address(given(email.from_), "From")
    asked = {"server_id": row.server_id, "stream": row.stream, "email": row.address.lower()}
    about = connection.execute(_ABOUT, {**asked, "account_id": row.account_id, "sender": from_.email.lower()}).all()
    for _, name, reply_to in (one for one in about if not one.suppressed):
        email = signed(email, from_, name, reply_to)
    settings = servers.ServerSettings(**row.settings)
    wants = wanted(email, server_opens=settings.track_opens, server_links=settings.track_links)
    return Delivery(
        recipient_id=recipient_id,
        address=row.address,
        state=row.state,
        requested_type=_type(row.requested_type),
        message_id=row.id,
        server_id=row.server_id,
        account_id=row.account_id,
        delivery_type=row.delivery_type,
        stream=row.stream,
        submitted_at=row.submitted_at,
        email=email,
        suppressed=any(one.suppressed for one in about),
        unsubscribe_handling=row.unsubscribe_handling or "",
        wanted=wants,
        tracking_domain=_tracking_domain(connection, row) if wants.opens or wants.html or wants.text else "",
    )


_TRACKING_DOMAIN = sa.select(domain.c.tracking_domain).where(
    domain.c.account_id == sa.bindparam("account_id"),
    domain.c.name == sa.bindparam("name"),
    domain.c.tracking_verified_at.is_not(None),
)


def _tracking_domain(connection: sa.Connection, row: Any) -> str:
    """Return the domain's own name for tracked links, if DNS has it."""
    name = parse_address(row.from_address, "From").domain
    return connection.scalar(_TRACKING_DOMAIN, {"account_id": row.account_id, "name": name}) or ""


_SENT = sa.select(
    recipient.c.id.label("recipient_id"),
    recipient.c.address,
    recipient.c.state,
    recipient.c.requested_type,
    recipient.c.message_id,
    recipient.c.server_id,
    recipient.c.stream,
    message.c.from_address,
    message.c.subject,
    message.c.tag,
    message.c.submitted_at,
    message.c.metadata,
    # With the rest, since most servers have no hooks and need not be asked for them by themselves.
    server.c.settings,
    sa.exists()
    .where(webhook.c.server_id == recipient.c.server_id, webhook.c.stream == recipient.c.stream)
    .label("has_webhooks"),
).select_from(_OF_RECIPIENT.outerjoin(server, server.c.id == recipient.c.server_id))
_SENT_ONE = _SENT.where(recipient.c.id == sa.bindparam("recipient_id"))
_SENT_ALL = _SENT.where(recipient.c.message_id == sa.bindparam("message_id")).order_by(recipient.c.id)


def sent(connection: sa.Connection, recipient_id: int) -> Sent | None:
    """Return a recipient with its message, or None when it is no longer kept."""
    row = connection.execute(_SENT_ONE, {"recipient_id": recipient_id}).first()
    return None if row is None else _read_sent(row)


def sent_message(connection: sa.Connection, message_id: UUID) -> list[Sent]:
    """Return the recipients of a message."""
    return [_read_sent(row) for row in connection.execute(_SENT_ALL, {"message_id": message_id})]


def _read_sent(row: Any) -> Sent:
    return Sent(
        recipient_id=row.recipient_id,
        address=row.address,
        state=row.state,
        requested_type=_type(row.requested_type),
        message_id=row.message_id,
        server_id=row.server_id,
        stream=row.stream,
        from_address=row.from_address,
        subject=row.subject,
        tag=row.tag,
        submitted_at=row.submitted_at,
        metadata=row.metadata,
        hooked=bool(row.has_webhooks) or any((row.settings or {}).get(name) for name in OF_SENT_MAIL),
    )


def _type(code: int | None) -> BounceType | None:
    return None if code is None else BY_CODE[code]


def track(connection: sa.Connection, recipient_id: int, *, opens: bool, links: int | None) -> None:
    """Note that a mail goes out with a pixel, or with so many links that lead through us; None when its links are as they
    were. Only the first time counts: a delivery may be tried again."""
    of = sent(connection, recipient_id)
    new = (recipient.c.id == recipient_id, recipient.c.tracks_opens.is_(None))
    noted = sa.update(recipient).where(*new).values(tracks_opens=opens, tracked_links=links)
    if of is not None and connection.execute(noted).rowcount:
        day = day_of(of.submitted_at)
        counted = keys_of_tracking(opens=opens, links=links)
        stats.add(connection, [Fact(of.server_id, kind, of.tag, day, of.stream, key, n) for kind, key, n in counted])


_MOVE = sa.update(recipient).where(recipient.c.id == sa.bindparam("recipient_id"))


def move(connection: sa.Connection, of: Sent, state: State, *, dequeue: bool) -> None:
    """Set a recipient's state; only settling does. ``dequeue`` when there is nothing more to send."""
    left = {"due_at": None, "lease_owner": None} if dequeue else {}
    connection.execute(_MOVE, {"recipient_id": of.recipient_id, "state": state, **left})
    if state is State.FAILED:
        stats.add(connection, [Fact(of.server_id, Kind.UNSENT, of.tag, day_of(of.submitted_at), of.stream, "")])


_RECORD = sa.insert(event)


def record(connection: sa.Connection, of: Sent, kind: Event, at: datetime, details: dict[str, str]) -> None:
    """Add to the events of a message."""
    values: dict[str, object] = {
        "server_id": of.server_id,
        "message_id": of.message_id,
        "recipient_id": of.recipient_id,
        "kind": kind,
        "at": at,
        "details": details,
    }
    connection.execute(_RECORD, values)
