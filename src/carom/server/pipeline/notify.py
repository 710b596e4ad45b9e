"""notify: an event is written down for the hooks that are told of it, in the transaction that makes it true. What is written
is posted by :mod:`carom.server.pipeline.notifier`.

A server without hooks costs nothing here: whoever looks up what an event is about knows that too
(:class:`carom.server.store.deliveries.Sent`).
"""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from carom.server.rules import events
from carom.server.rules.events import About, Change, Event, InboundFacts
from carom.server.rules.posts import INBOUND_HOOK, Taker, of_server
from carom.server.store import bounces, deliveries, posts
from carom.server.store.deliveries import Sent
from carom.taxonomy import BounceType, Origin, Suppresses
from carom.wire.messages import Click, Open


def delivered(connection: sa.Connection, of: Sent, at: datetime, details: str) -> None:
    """Tell that the next system has taken a message."""
    if of.hooked:
        _write(connection, events.delivered(_about(of), at, details))


def returned(connection: sa.Connection, of: Sent, bounce_id: int, kind: BounceType, dump: bytes | None) -> None:
    """Tell of a bounce or complaint that was recorded, after the suppression that it may have written; ``dump`` is the
    digest of its raw mail."""
    if of.hooked:
        _returned(connection, _about(of), bounce_id, kind, dump)


def refused(connection: sa.Connection, of: About, bounce_id: int, dump: bytes) -> None:
    """Tell of a mail that was taken by SMTP and is not sent, where its server asks to be told."""
    _returned(connection, of, bounce_id, BounceType.SMTP_API_ERROR, dump)


def _returned(connection: sa.Connection, of: About, bounce_id: int, kind: BounceType, dump: bytes | None) -> None:
    told = "SpamComplaint" if kind is BounceType.SPAM_COMPLAINT else "Bounce"
    takers = posts.takers(connection, of.server_id, of.stream).of(told, bounce=kind)
    shown = bounces.get(connection, of.server_id, bounce_id, content=False) if takers else None
    if shown is not None:
        posts.add(connection, takers, events.returned(told, shown, of, dump))


def suppressed(connection: sa.Connection, of: Sent, what: Suppresses, at: datetime) -> None:
    """Tell that a stream does not send to a recipient any more, for a reason that has to do with a message."""
    if of.hooked:
        change = Change(
            server_id=of.server_id, stream=of.stream, address=of.address, reason=what.reason, origin=what.origin
        )
        _write(connection, events.changed(change, at, _about(of)))


def changed(connection: sa.Connection, change: Change, at: datetime) -> None:
    """Tell that a stream does not send to an address any more, or sends to it again, as somebody wants it so."""
    _write(connection, events.changed(change, at, None))


def reactivated(
    connection: sa.Connection, server_id: int, stream: str, address: str, at: datetime, origin: Origin = Origin.CUSTOMER
) -> None:
    """Tell that a stream sends to an address again."""
    changed(connection, Change(server_id=server_id, stream=stream, address=address, reason=None, origin=origin), at)


def opened(connection: sa.Connection, recipient_id: int, found: Open, *, first: bool) -> None:
    """Tell that a recipient has opened a message: after :func:`carom.server.store.opens.record`, with what it returns."""
    of = deliveries.sent(connection, recipient_id)
    if of is not None and of.hooked:
        _write(connection, events.opened(found, _about(of), first=first), first=first)


def clicked(connection: sa.Connection, recipient_id: int, found: Click) -> None:
    """Tell that a recipient has followed a link for the first time: after :func:`carom.server.store.clicks.record`, with
    what it returns."""
    of = deliveries.sent(connection, recipient_id)
    if of is not None and of.hooked:
        _write(connection, events.clicked(found, _about(of)))


def received(
    connection: sa.Connection, server_id: int, message_id: UUID, at: datetime, facts: InboundFacts, digest: bytes | None
) -> None:
    """Tell that a mail has come in; ``digest`` is its own."""
    hook = Taker(of_server(server_id, INBOUND_HOOK), content=True)
    posts.add(connection, [hook], events.received(facts, server_id, message_id, at, digest))


def _write(connection: sa.Connection, event: Event, *, first: bool = True) -> None:
    told = posts.takers(connection, event.server_id, event.stream).of(event.kind, first=first)
    posts.add(connection, told, event)


def _about(of: Sent) -> About:
    return About(
        server_id=of.server_id,
        stream=of.stream,
        message_id=of.message_id,
        recipient=of.address,
        tag=of.tag,
        metadata=of.metadata,
    )
