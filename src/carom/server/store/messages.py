"""Sent messages as they are listed and shown: searched, with their events, one by one."""

from datetime import datetime
from operator import itemgetter
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from msgspec import UNSET, Struct, UnsetType, structs

from carom.server.rules.lifecycle import State
from carom.server.rules.listing import (
    ListedFile,
    mailboxes,
    recipients,
    shown_click,
    shown_event,
    shown_open,
    shown_suppression,
    stored_body,
    tracking,
)
from carom.server.rules.stats import Kind
from carom.server.store import bodies, counting, deliveries, intake, servers, stats
from carom.server.store.deliveries import Delivery
from carom.server.store.schema import bounce, clicked, event, message, opened, recipient
from carom.server.store.servers import ServerSettings
from carom.taxonomy import BY_CODE
from carom.wire.endpoint import Ask
from carom.wire.messages import MessageEvent, OutboundMessage, OutboundMessageDetails
from carom.wire.times import Timestamp


class Filter(Struct, frozen=True, kw_only=True):
    """What a search asks for. ``first`` and ``last`` bound the time, both included; ``queued`` is None for any status."""

    stream: str
    recipient: str | None = None
    from_email: str | None = None
    tag: str | None = None
    subject: str | None = None
    queued: bool | None = None
    metadata: tuple[str, str] | None = None
    first: datetime | None = None
    last: datetime | None = None


class _Listed(Ask, frozen=True, kw_only=True):
    """Of a stored message what lists show: bodies and the content of files are passed over."""

    to: str | UnsetType = UNSET
    cc: str | UnsetType = UNSET
    bcc: str | UnsetType = UNSET
    track_opens: bool | UnsetType = UNSET
    track_links: str | UnsetType = UNSET
    attachments: list[ListedFile] | UnsetType = UNSET


_decode = msgspec.json.Decoder(_Listed).decode


def _recipients_in(*conditions: sa.ColumnElement[bool]) -> sa.Select[tuple[UUID]]:
    return sa.select(recipient.c.message_id).where(*conditions)


_STILL_QUEUED = (recipient.c.due_at.is_not(None), recipient.c.state == State.QUEUED)

_QUEUED = sa.exists().where(recipient.c.message_id == message.c.id, *_STILL_QUEUED).correlate(message)

_SHOWN = (
    message.c.id,
    message.c.server_id,
    message.c.stream,
    message.c.submitted_at,
    message.c.from_address,
    message.c.subject,
    message.c.tag,
    message.c.metadata,
    message.c.content,
    _QUEUED.label("queued"),
)


def page(
    connection: sa.Connection, server_id: int, wanted: Filter, count: int, offset: int, *, sandboxed: bool
) -> tuple[int, list[OutboundMessage]]:
    """Return how many messages match, and a page of them, newest first."""
    where = list(_conditions(server_id, wanted))
    newest = (message.c.submitted_at.desc(), message.c.id.desc())
    ids = sa.select(message.c.id).where(*where).order_by(*newest).limit(count).offset(offset).subquery()
    rows = connection.execute(sa.select(*_SHOWN).join(ids, ids.c.id == message.c.id).order_by(*newest))
    settings = servers.settings_of(connection, server_id)
    shown = [OutboundMessage(**_fields(row, settings, sandboxed=sandboxed)) for row in rows]
    return _total(connection, server_id, wanted, where), shown


_COUNTED = frozenset({"stream", "tag", "queued", "first", "last"})
"""The filters by which sums are kept; those of the others are counted one by one."""


def _total(connection: sa.Connection, server_id: int, wanted: Filter, where: list[sa.ColumnElement[bool]]) -> int:
    days = stats.whole_days(wanted.first, wanted.last)
    narrowed = any(getattr(wanted, name) is not None for name in set(Filter.__struct_fields__) - _COUNTED)
    if narrowed or wanted.queued or days is None:
        return counting.count(connection, message, where)
    span = stats.Span(stream=wanted.stream, tag=wanted.tag, first=days.first, last=days.last)
    every = stats.rows(connection, server_id, span, Kind.MESSAGE)
    if wanted.queued is None:
        return every
    waiting = _conditions(server_id, structs.replace(wanted, queued=True))
    return every - counting.count(connection, message, waiting)


def _conditions(server_id: int, wanted: Filter) -> list[sa.ColumnElement[bool]]:
    of_stream = recipient.c.stream == wanted.stream
    named = _recipients_in(
        recipient.c.server_id == server_id, of_stream, recipient.c.email == (wanted.recipient or "").lower()
    )
    # Adding nothing keeps SQLite from reading all recipients of the server instead of the few that are due.
    waiting = _recipients_in(recipient.c.server_id + 0 == server_id, of_stream, *_STILL_QUEUED)
    conditions: list[sa.ColumnElement[bool]] = []
    # A recipient's row names server and stream too. Asked of the message as well, they would have SQLite walk the list
    # of all messages and look each of them up among the few that are wanted.
    if wanted.recipient is not None:
        conditions.append(message.c.id.in_(named))
    if wanted.queued:
        conditions.append(message.c.id.in_(waiting))
    if not conditions:
        conditions += [message.c.server_id == server_id, message.c.stream == wanted.stream]
    if wanted.queued is False:
        conditions.append(~_QUEUED)
    if wanted.from_email is not None:
        conditions.append(_from(wanted.from_email.lower()))
    if wanted.tag is not None:
        conditions.append(message.c.tag == wanted.tag)
    if wanted.subject is not None:
        conditions.append(message.c.subject.icontains(wanted.subject, autoescape=True))
    if wanted.metadata is not None:
        conditions.append(_holds(*wanted.metadata))
    if wanted.first is not None:
        conditions.append(message.c.submitted_at >= wanted.first)
    if wanted.last is not None:
        conditions.append(message.c.submitted_at <= wanted.last)
    return conditions


def _from(email: str) -> sa.ColumnElement[bool]:
    """Match a stored From, which is ``a@b`` or ``Name <a@b>``."""
    stored = sa.func.lower(message.c.from_address)
    return sa.or_(stored == email, stored.endswith(f"<{email}>", autoescape=True))


def _holds(key: str, value: str) -> sa.ColumnElement[bool]:
    """Match stored metadata by one member. Its JSON text holds ``"key":"value"`` nowhere but as a member, since quotes
    inside a text are escaped; LIKE would not tell upper from lower case on SQLite."""
    member = msgspec.json.encode({key: value}).decode()[1:-1]
    stored = sa.type_coerce(message.c.metadata, sa.Text())
    return sa.func.replace(stored, member, "") != stored


def get(
    connection: sa.Connection, server_id: int, message_id: UUID, *, sandboxed: bool
) -> tuple[OutboundMessageDetails, Delivery] | None:
    """Return a message with its events, its source still to be written, and what that needs."""
    row = connection.execute(
        sa.select(*_SHOWN).where(message.c.server_id == server_id, message.c.id == message_id)
    ).first()
    if row is None:
        return None
    email = intake.unpack_email(row.content)
    details = OutboundMessageDetails(
        **_fields(row, servers.settings_of(connection, server_id), sandboxed=sandboxed),
        text_body=stored_body(email.text_body),
        html_body=stored_body(email.html_body),
        body="",
        message_events=_events(connection, message_id),
    )
    return details, _delivery(connection, message_id)


def exists(connection: sa.Connection, server_id: int, message_id: UUID) -> bool:
    """Tell whether a server has a message."""
    mine = sa.select(message.c.id).where(message.c.server_id == server_id, message.c.id == message_id)
    return connection.scalar(mine) is not None


def delivery(connection: sa.Connection, server_id: int, message_id: UUID) -> Delivery | None:
    """Return a message on its way to the first of its recipients."""
    return _delivery(connection, message_id) if exists(connection, server_id, message_id) else None


def _delivery(connection: sa.Connection, message_id: UUID) -> Delivery:
    first = sa.select(sa.func.min(recipient.c.id)).where(recipient.c.message_id == message_id)
    return deliveries.load(connection, connection.execute(first).scalar_one())


def _events(connection: sa.Connection, message_id: UUID) -> list[MessageEvent]:
    """Return what happened to a message, in order of time."""
    events = connection.execute(
        sa.select(event.c.kind, event.c.at, event.c.details, recipient.c.address)
        .join(recipient, recipient.c.id == event.c.recipient_id)
        .where(event.c.message_id == message_id)
        .order_by(event.c.id)
    )
    of_opens = sa.select(opened.c.at, opened.c.recipient, opened.c.user_agent)
    opens = connection.execute(of_opens.where(opened.c.message_id == message_id).order_by(opened.c.id))
    of_clicks = sa.select(clicked.c.at, clicked.c.recipient, clicked.c.link, clicked.c.location)
    clicks = connection.execute(of_clicks.where(clicked.c.message_id == message_id).order_by(clicked.c.id))
    of_bounces = sa.select(bounce.c.type, bounce.c.bounced_at.label("at"), bounce.c.email).order_by(bounce.c.id)
    bounces = connection.execute(of_bounces.where(bounce.c.message_id == message_id, bounce.c.proven))
    found = [
        *((row.at, row.address, shown_event(row.kind, row.details)) for row in events),
        *((row.at, row.recipient, shown_open(row.user_agent)) for row in opens),
        *((row.at, row.recipient, shown_click(row.link, row.location)) for row in clicks),
        *((row.at, row.email, shown_suppression(what)) for row in bounces if (what := BY_CODE[row.type].suppresses)),
    ]
    return [
        MessageEvent(recipient=address, type=what.type, received_at=Timestamp.of(at), details=what.details)
        for at, address, what in sorted(found, key=itemgetter(0))
        if what is not None
    ]


def _fields(row: Any, settings: ServerSettings, *, sandboxed: bool) -> dict[str, Any]:
    listed = _decode(bodies.unpack(row.content))
    opens, links = tracking(
        listed.track_opens, listed.track_links, server_opens=settings.track_opens, server_links=settings.track_links
    )
    return {
        "tag": row.tag,
        "message_id": str(row.id),
        "message_stream": row.stream,
        "to": mailboxes(listed.to, "To"),
        "cc": mailboxes(listed.cc, "Cc"),
        "bcc": mailboxes(listed.bcc, "Bcc"),
        "recipients": recipients(listed.to, listed.cc, listed.bcc),
        "received_at": Timestamp.of(row.submitted_at),
        "from_": row.from_address,
        "subject": row.subject,
        "attachments": [] if isinstance(listed.attachments, UnsetType) else [file.name for file in listed.attachments],
        "status": "Queued" if row.queued else "Sent",
        "track_opens": opens,
        "track_links": links,
        "metadata": row.metadata or {},
        "sandboxed": sandboxed,
    }
