"""Received messages: added, searched, shown; released when they were blocked, tried again when they failed."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from carom.server.rules.erasing import without_received
from carom.server.rules.inbound import Screen, mailboxes_of
from carom.server.store import bodies, servers
from carom.server.store.schema import inbound_message, inbound_rule
from carom.server.store.types import insert_new
from carom.wire.email import Header
from carom.wire.endpoint import encode_json
from carom.wire.learnt import learn
from carom.wire.messages import InboundDetails, InboundSummary

learn(InboundSummary)


class Filter(Struct, frozen=True, kw_only=True):
    """What a search asks for. ``first`` and ``last`` bound the time, both included."""

    status: str
    recipient: str | None = None
    from_email: str | None = None
    subject: str | None = None
    mailbox_hash: str | None = None
    tag: str | None = None
    first: datetime | None = None
    last: datetime | None = None


class _Content(Struct, frozen=True, kw_only=True):
    """Of a message what lists do not show."""

    text_body: str
    html_body: str
    stripped_text_reply: str | None
    headers: list[Header]


_decode = msgspec.json.Decoder(_Content).decode


def server_of(connection: sa.Connection, address: str, inbound_domain: str) -> int | None:
    """Return the server that receives the mail of an address: by its hash, with or without ``+anything``, at the domain
    of all, or by its own domain."""
    local, _, domain = address.rpartition("@")
    if domain.lower() == inbound_domain.lower():
        return servers.by_inbound_hash(connection, local.partition("+")[0])
    return servers.by_inbound_domain(connection, domain) if domain else None


def screen_of(connection: sa.Connection, server_id: int) -> Screen:
    """Return what a server blocks."""
    settings = servers.settings_of(connection, server_id)
    rules = connection.scalars(sa.select(inbound_rule.c.folded).where(inbound_rule.c.server_id == server_id))
    return Screen(
        frozenset(rules),
        settings.inbound_spam_threshold,
        hook=bool(settings.inbound_hook_url),
        raw_email=settings.raw_email_enabled,
    )


def add(
    connection: sa.Connection,
    server_id: int,
    message: InboundDetails,
    received_at: datetime,
    digest: bytes | None = None,
) -> bool:
    """Store a received message under its own MessageID; False if it is there already. ``digest`` is that of the raw mail
    where it is kept (:mod:`carom.server.store.bodies`)."""
    row = {
        "id": UUID(message.message_id),
        "server_id": server_id,
        "received_at": received_at,
        "status": message.status,
        "blocked_reason": message.blocked_reason or "",
        "from_email": message.from_full.email.lower(),
        "subject": message.subject,
        "mailbox_hash": message.mailbox_hash,
        "tag": message.tag,
        "digest": digest,
        **_naming(message),
    }
    made = insert_new(connection, inbound_message, row).returning(inbound_message.c.id)
    return connection.execute(made).first() is not None


def _naming(message: InboundDetails) -> dict[str, Any]:
    """Return the columns that name to whom a message was sent."""
    listed = {name: getattr(message, name) for name in InboundSummary.__struct_fields__}
    return {
        "recipients": mailboxes_of(message),
        "summary": msgspec.to_builtins(InboundSummary(**listed)),
        "content": bodies.pack(encode_json(_content(message))),
    }


class Blanked(Struct, frozen=True):
    """Messages that no longer name an address, the raw mails that they no longer have, and where to go on, None at the
    end."""

    messages: list[UUID]
    digests: set[bytes]
    after: UUID | None


def blank(connection: sa.Connection, server_ids: Collection[int], address: str, after: UUID, limit: int) -> Blanked:
    """Take a lower-case address out of some of the messages that others sent and that name it; each loses its raw mail."""
    mine = (inbound_message.c.server_id.in_(server_ids), inbound_message.c.id > after)
    rows = connection.execute(
        sa.select(inbound_message).where(*mine).order_by(inbound_message.c.id).limit(limit).with_for_update()
    ).all()
    found = [row for row in rows if address in row.recipients or address in row.summary["ReplyTo"].lower()]
    for row in found:
        changed = {**_naming(without_received(_details(row), address)), "digest": None}
        connection.execute(sa.update(inbound_message).where(inbound_message.c.id == row.id).values(changed))
    digests = {row.digest for row in found if row.digest is not None}
    return Blanked([row.id for row in found], digests, rows[-1].id if len(rows) == limit else None)


def _content(message: InboundDetails) -> _Content:
    return _Content(
        text_body=message.text_body,
        html_body=message.html_body,
        stripped_text_reply=message.stripped_text_reply,
        headers=message.headers,
    )


def page(
    connection: sa.Connection, server_id: int, wanted: Filter, count: int, offset: int
) -> tuple[int, list[InboundSummary]]:
    """Return how many messages match, and a page of them, newest first."""
    where = list(_conditions(server_id, wanted))
    total = connection.execute(sa.select(sa.func.count()).select_from(inbound_message).where(*where)).scalar_one()
    rows = connection.execute(
        sa.select(inbound_message.c.summary, inbound_message.c.status)
        .where(*where)
        .order_by(inbound_message.c.received_at.desc(), inbound_message.c.id.desc())
        .limit(count)
        .offset(offset)
    )
    return total, [msgspec.convert({**row.summary, "Status": row.status}, InboundSummary) for row in rows]


def _conditions(server_id: int, wanted: Filter) -> Sequence[sa.ColumnElement[bool]]:
    table = inbound_message.c
    conditions: list[sa.ColumnElement[bool]] = [table.server_id == server_id, table.status == wanted.status]
    if wanted.recipient is not None:
        conditions.append(_names(wanted.recipient.lower()))
    if wanted.from_email is not None:
        conditions.append(table.from_email == wanted.from_email.lower())
    if wanted.subject is not None:
        conditions.append(table.subject.icontains(wanted.subject, autoescape=True))
    if wanted.mailbox_hash is not None:
        conditions.append(table.mailbox_hash == wanted.mailbox_hash)
    if wanted.tag is not None:
        conditions.append(table.tag == wanted.tag)
    if wanted.first is not None:
        conditions.append(table.received_at >= wanted.first)
    if wanted.last is not None:
        conditions.append(table.received_at <= wanted.last)
    return conditions


def _names(address: str) -> sa.ColumnElement[bool]:
    """Match stored recipients by one of them, which stands in their JSON text in quotes."""
    stored = sa.type_coerce(inbound_message.c.recipients, sa.Text())
    return sa.func.replace(stored, msgspec.json.encode(address).decode(), "") != stored


def get(connection: sa.Connection, server_id: int, message_id: UUID) -> InboundDetails | None:
    """Return a message with its bodies and headers."""
    row = connection.execute(sa.select(inbound_message).where(*_is(server_id, message_id))).first()
    return None if row is None else _details(row)


def _details(row: Any) -> InboundDetails:
    content = _decode(bodies.unpack(row.content))
    shown = msgspec.convert({**row.summary, "Status": row.status}, InboundSummary)
    return InboundDetails(
        **{name: getattr(shown, name) for name in shown.__struct_fields__},
        **{name: getattr(content, name) for name in content.__struct_fields__},
        blocked_reason=row.blocked_reason,
    )


def source(connection: sa.Connection, server_id: int, message_id: UUID) -> bytes | None:
    """Return the raw mail, empty when it is not kept; None where there is no such message."""
    row = connection.execute(sa.select(inbound_message.c.digest).where(*_is(server_id, message_id))).first()
    if row is None:
        return None
    return (bodies.fetch(connection, row.digest) if row.digest else None) or b""


class Envelope(Struct, frozen=True):
    """How a mail came in. ``digest`` is None where the raw mail is not kept."""

    mail_from: str
    recipient: str
    digest: bytes | None


def envelope(connection: sa.Connection, server_id: int, message_id: UUID) -> Envelope | None:
    """Return how a message came in."""
    row = connection.execute(sa.select(inbound_message).where(*_is(server_id, message_id))).first()
    if row is None:
        return None
    found = _details(row)
    path = next((header.value for header in found.headers if header.name == "Return-Path"), "")
    return Envelope(path.removeprefix("<").removesuffix(">"), found.original_recipient, row.digest)


def release(connection: sa.Connection, server_id: int, message_id: UUID, *, having: str, to: str) -> bool:
    """Give a message that has one status another, and forget why it was blocked; False if there is none that has it."""
    mine = (*_is(server_id, message_id), inbound_message.c.status == having)
    change = sa.update(inbound_message).where(*mine).values(status=to, blocked_reason="")
    return connection.execute(change).rowcount == 1


def _is(server_id: int, message_id: UUID) -> tuple[sa.ColumnElement[bool], ...]:
    return inbound_message.c.server_id == server_id, inbound_message.c.id == message_id
