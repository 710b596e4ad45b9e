"""digest: read a mail that came to a return path, find the message that it answers, and say what it means.

Whose mail it is and whether that is proved are one question: a return path with a valid MAC, or our signed header in the
returned mail, proves it. A return path with a wrong MAC proves that somebody made it up, whatever else the mail holds.
"""

from uuid import UUID

import sqlalchemy as sa
from msgspec import Struct

from carom.bounce import Delayed, Event, Failed, Report, parse
from carom.bounce.verp import Forged, Proven, read_proof, read_return_path
from carom.server.pipeline.deps import Deps
from carom.server.pipeline.jobs import Bounced, Digest, Settle
from carom.server.rules.lifecycle import Event as Happened
from carom.server.store import deliveries, received
from carom.server.store.deliveries import Sent
from carom.server.store.received import Incoming
from carom.taxonomy import BounceType

UNREADABLE_RULE = "no-report"
"""The rule of a bounce that came home and that nothing could be read from."""


class Owner(Struct, frozen=True):
    """The recipients of ours that a mail may answer."""

    candidates: tuple[Sent, ...]
    proven: bool


async def digest(job: Digest, deps: Deps) -> tuple[list[Settle], str]:
    """Return what a mail means for our messages, and a word for what it turned out to be."""
    mail = await deps.database.read(received.read_received, job.received_id)
    report = parse(mail.content)
    owner = await deps.database.read(_owner, mail, report, deps)
    if not owner.candidates:
        return [], "unmatched"
    facts = _facts(owner, mail, report, deps)
    if not facts:
        return [], "no bounce"
    return facts, "bounce" if owner.proven else "unproven"


def _owner(connection: sa.Connection, mail: Incoming, report: Report, deps: Deps) -> Owner:
    keys = deps.keyring.return_path_keys
    claimed = read_return_path(mail.recipient, keys)
    if not isinstance(claimed, Forged):
        proven = claimed or _proven_by_header(report, deps)
        if isinstance(proven, Proven):
            sent = deliveries.sent(connection, proven.recipient_id)
            return Owner((sent,) if sent else (), proven=True)
    message_id = _message_id(report)
    return Owner(tuple(deliveries.sent_message(connection, message_id)) if message_id else (), proven=False)


def _proven_by_header(report: Report, deps: Deps) -> Proven | None:
    _, _, signed = report.returned.get("x-pm-message-options", "").partition(";")
    claimed = read_proof(signed.strip(), deps.keyring.return_path_keys)
    return claimed if isinstance(claimed, Proven) else None


def _message_id(report: Report) -> UUID | None:
    """Read our MessageID from the returned mail: its own header, else the left side of Message-ID."""
    for text in (report.returned.get("x-pm-message-id"), report.returned.get("message-id")):
        try:
            return UUID((text or "").strip(" <>").partition("@")[0])
        except ValueError:
            continue
    return None


def _facts(owner: Owner, mail: Incoming, report: Report, deps: Deps) -> list[Settle]:
    if not report.events:
        nothing = bool(report.delivered) or len(owner.candidates) != 1
        return [] if nothing else [_fact(owner.candidates[0], None, mail, deps, proven=owner.proven)]
    if owner.proven:
        ours = owner.candidates[0]
        return [_fact(ours, _concerning(ours, report.events), mail, deps, proven=True)]
    pairs = [(sent, event) for event in report.events if (sent := _recipient_of(owner.candidates, event))]
    return [_fact(sent, event, mail, deps, proven=False) for sent, event in pairs]


def _concerning(ours: Sent, events: tuple[Event, ...]) -> Event:
    """Choose the event about our recipient. Behind a forwarding or an alias the report names another address; the return
    path is one recipient's own, so what it says is about ours all the same."""
    named = [event for event in events if _names(event, ours)]
    final = [event for event in named or events if not isinstance(event, Delayed)]
    return (final or named or events)[0]


def _recipient_of(candidates: tuple[Sent, ...], event: Event) -> Sent | None:
    named = [sent for sent in candidates if _names(event, sent)]
    if named:
        return named[0]
    return candidates[0] if len(candidates) == 1 else None


def _names(event: Event, sent: Sent) -> bool:
    named = {(address or "").lower() for address in (event.recipient, event.original_recipient)}
    return sent.address.lower() in named


def _fact(sent: Sent, event: Event | None, mail: Incoming, deps: Deps, *, proven: bool) -> Settle:
    now = deps.clock()
    if event is None:
        bounced = Bounced(BounceType.UNKNOWN, "action: failed\r\n", mail.content, UNREADABLE_RULE, proven=proven)
    else:
        bounced = Bounced(
            event.type,
            _details(event),
            mail.content,
            event.rule,
            event.matched,
            event.status,
            proven=proven,
        )
    summary = {"Summary": bounced.details}
    return Settle(sent.recipient_id, _happened(event, proven=proven), now, summary, bounced)


def _happened(event: Event | None, *, proven: bool) -> Happened:
    if not proven:
        return Happened.REMARKED
    match event:
        case Failed():
            return Happened.RETURNED
        case Delayed():
            return Happened.DELAYED
        case _:
            return Happened.REMARKED


def _details(event: Event) -> str:
    """Return what Postmark shows: the Diagnostic-Code, else the text about the recipient, else the action."""
    kind, typed, text = event.diagnostic_code.partition(";")
    if typed and text.strip():
        return f"{kind.strip()};{text.strip()}"
    return event.diagnostic or f"action: {event.action or 'failed'}\r\n"
