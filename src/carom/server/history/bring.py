"""Lines of a history into a store. What is there already is left alone, so that a file can be brought again."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from carom.server.history.lines import (
    BadLine,
    BounceLine,
    ClickLine,
    File,
    InboundLine,
    Line,
    MessageLine,
    OpenLine,
)
from carom.server.places import Places
from carom.server.rules.agents import MAX_LENGTH
from carom.server.rules.lifecycle import Event, State
from carom.server.rules.listing import recipients
from carom.server.rules.refusals import Refusal
from carom.server.rules.stats import Kind, day_of
from carom.server.store import (
    bodies,
    bounces,
    clicks,
    deliveries,
    inbound,
    intake,
    opens,
    rollup,
    stats,
    streams,
    suppressions,
)
from carom.server.store.deliveries import Sent
from carom.server.store.schema import event, message, recipient
from carom.server.store.stats import Fact
from carom.server.store.types import insert_new
from carom.server.store.visits import Visit
from carom.taxonomy import BounceType
from carom.wire.addresses import Address, BadAddress, parse_address, parse_addresses
from carom.wire.email import Attachment, SendEmail
from carom.wire.messages import Geo, Mailbox

BROUGHT_RULE = "brought"
"""The rule of a bounce whose type somebody else found."""
_EVENTS = {"Delivered": Event.ACCEPTED, "Transient": Event.DEFERRED}
_TYPES = {kind.value.lower(): kind for kind in BounceType}


def bring(
    connection: sa.Connection, server_id: int, lines: Sequence[tuple[int, Line]], now: datetime, places: Places
) -> int:
    """Store numbered lines, and return how many were new. Raises BadLine."""
    rollup.hold_mark(connection)
    return sum(_bring_one(connection, server_id, number, line, now, places) for number, line in lines)


def _bring_one(
    connection: sa.Connection, server_id: int, number: int, line: Line, now: datetime, places: Places
) -> bool:
    try:
        match line:
            case MessageLine():
                return _message(connection, server_id, line, now)
            case OpenLine():
                return _open(connection, server_id, line, places)
            case ClickLine():
                return _click(connection, server_id, line, places)
            case BounceLine():
                return _bounce(connection, server_id, line)
            case InboundLine():
                _id_of(line.message_id)
                return inbound.add(connection, server_id, line, line.received_at)
    except (BadAddress, Refusal, ValueError) as error:
        raise BadLine(number, str(error)) from error


def _id_of(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise ValueError(f"the MessageID '{text}' is no UUID") from None


def _message(connection: sa.Connection, server_id: int, line: MessageLine, now: datetime) -> bool:
    message_id, email = _id_of(line.message_id), _email(line)
    if line.received_at > now:
        raise ValueError(f"ReceivedAt lies in the future: {line.received_at.isoformat()}")
    if not streams.exists(connection, server_id, line.message_stream):
        raise ValueError(f"the server has no stream '{line.message_stream}': make it first, or correct MessageStream")
    addresses = recipients(email.to, email.cc, email.bcc)
    if not addresses:
        raise ValueError("no recipient in To, Cc and Bcc")
    row = {
        "id": message_id,
        "server_id": server_id,
        "stream": line.message_stream,
        "submitted_at": line.received_at,
        "from_address": str(parse_address(line.from_, "From")),
        "subject": line.subject,
        "tag": line.tag or None,
        "metadata": line.metadata or None,
        "content": intake.pack_email(email),
    }
    if connection.execute(insert_new(connection, message, row).returning(message.c.id)).first() is None:
        return False
    for address in addresses:
        _recipient(connection, server_id, message_id, line, address)
    if line.received_at < stats.mark(connection):
        day = day_of(line.received_at)
        counted = ((Kind.MESSAGE, 1), (Kind.SENT, len(addresses)))
        facts = [Fact(server_id, kind, line.tag, day, line.message_stream, "", number) for kind, number in counted]
        stats.add(connection, facts)
    return True


def _recipient(connection: sa.Connection, server_id: int, message_id: UUID, line: MessageLine, address: str) -> None:
    happened = [
        one
        for one in sorted(line.message_events, key=lambda one: one.received_at)
        if one.type in _EVENTS and one.recipient.lower() == address.lower()
    ]
    row = {
        "message_id": message_id,
        "server_id": server_id,
        "stream": line.message_stream,
        "address": address,
        "email": address.lower(),
        "bucket": address.rpartition("@")[2].lower(),
        "state": State.DELIVERED,
        "attempts": max(len(happened), 1),
    }
    made = sa.insert(recipient).values(row).returning(recipient.c.id)
    recipient_id = connection.execute(made).scalar_one()
    events = [
        {
            "server_id": server_id,
            "message_id": message_id,
            "recipient_id": recipient_id,
            "kind": _EVENTS[one.type],
            "at": one.received_at,
            "details": one.details,
        }
        for one in happened
    ]
    if events:
        connection.execute(sa.insert(event), events)
    if line.track_opens or line.track_links != "None":
        links = None if line.track_links == "None" else 0
        deliveries.track(connection, recipient_id, opens=line.track_opens, links=links)


def _email(line: MessageLine) -> SendEmail:
    return SendEmail(
        from_=line.from_,
        to=_text(line.to, "To"),
        cc=_text(line.cc, "Cc"),
        bcc=_text(line.bcc, "Bcc"),
        subject=line.subject,
        tag=line.tag or "",
        text_body=line.text_body or "",
        html_body=line.html_body or "",
        track_opens=line.track_opens,
        track_links=line.track_links,
        metadata=line.metadata or {},
        attachments=[_attachment(one) for one in line.attachments],
    )


def _attachment(one: File | str) -> Attachment:
    file = File(one) if isinstance(one, str) else one
    return Attachment(name=file.name, content=file.content, content_type=file.content_type)


def _text(mailboxes: list[Mailbox] | str, field: str) -> str:
    if isinstance(mailboxes, str):
        parse_addresses(mailboxes, field)
        return mailboxes
    return ", ".join(str(Address(one.name or "", one.email)) for one in mailboxes)


def _sent(connection: sa.Connection, server_id: int, message_text: str, email: str) -> Sent:
    """Return the recipient that a line is about."""
    wanted = sa.select(recipient.c.id).where(
        recipient.c.message_id == _id_of(message_text),
        recipient.c.server_id == server_id,
        recipient.c.email == email.lower(),
    )
    recipient_id = connection.scalar(wanted)
    of = None if recipient_id is None else deliveries.sent(connection, recipient_id)
    if of is None:
        raise ValueError(f"there is no message {message_text} to {email}: its Message line must come before")
    return of


def _visit(line: OpenLine | ClickLine, places: Places) -> Visit:
    """Return who came; a place of which the line has no more than the address is looked up."""
    geo = line.geo
    if geo.ip is not None and geo == Geo(ip=geo.ip):
        geo = places.place(geo.ip)
    return Visit(at=line.received_at, user_agent=line.user_agent[:MAX_LENGTH], geo=geo)


def _open(connection: sa.Connection, server_id: int, line: OpenLine, places: Places) -> bool:
    of = _sent(connection, server_id, line.message_id, line.recipient)
    visit = _visit(line, places)
    recorded = opens.record(connection, of.recipient_id, visit, line.read_seconds, only_first=True)
    return recorded is not None and recorded.first


def _click(connection: sa.Connection, server_id: int, line: ClickLine, places: Places) -> bool:
    of = _sent(connection, server_id, line.message_id, line.recipient)
    visit = _visit(line, places)
    recorded = clicks.record(
        connection, of.recipient_id, visit, line.original_link, line.click_location, only_first=True
    )
    return recorded is not None and recorded.first


def _bounce(connection: sa.Connection, server_id: int, line: BounceLine) -> bool:
    kind = _TYPES.get(line.type.lower())
    if kind is None:
        raise ValueError(f"the bounce type '{line.type}' is not known")
    of, raw = _sent(connection, server_id, line.message_id, line.email), line.content
    found = bounces.Found(
        type=kind,
        details=line.details,
        dump=None if raw is None else bodies.keep(connection, raw.encode(), line.bounced_at),
        proven=True,
        verdict=kind,
        rule=BROUGHT_RULE,
        matched="",
        status=None,
    )
    bounce_id = bounces.add(connection, of, found, line.bounced_at)
    if bounce_id is None:
        return False
    details = {"Summary": line.details, "BounceID": str(bounce_id)}
    deliveries.record(connection, (of, Event.RETURNED, line.bounced_at, details))
    if kind.suppresses is not None:
        deliveries.move(connection, of, State.BOUNCED, dequeue=True)
        if line.inactive:
            suppressions.add(connection, server_id, of.stream, of.address, kind.suppresses, line.bounced_at, bounce_id)
    return True
