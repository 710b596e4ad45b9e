"""What is posted of an event: Postmark's payloads, key by key.

They are made when the event happens, so that a post that is late or made again says the same.
https://postmarkapp.com/developer/webhooks/webhooks-overview
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from carom.server.rules.inbound import Received
from carom.server.rules.mail import text_of
from carom.taxonomy import Origin, SuppressionReason
from carom.wire.bounces import Bounce
from carom.wire.endpoint import encode_json
from carom.wire.messages import Click, Open
from carom.wire.times import Timestamp


class About(Struct, frozen=True, kw_only=True):
    """The message and the recipient that an event is about."""

    server_id: int
    stream: str
    message_id: UUID
    recipient: str
    tag: str | None
    metadata: Mapping[str, str] | None


class Event(Struct, frozen=True, kw_only=True):
    """Something that hooks are told. ``kind`` is its RecordType; ``digest`` is that of the raw mail that goes along to
    those who want it."""

    kind: str
    server_id: int
    stream: str
    at: datetime
    email: str
    message_id: UUID | None
    payload: str
    digest: bytes | None = None


def delivered(of: About, at: datetime, details: str) -> Event:
    """Tell that the next system has taken a message for a recipient; ``details`` is what it said."""
    shown = {
        "RecordType": "Delivery",
        "MessageStream": of.stream,
        "ServerID": of.server_id,
        "MessageID": str(of.message_id),
        "Recipient": of.recipient,
        "Tag": of.tag or "",
        "DeliveredAt": Timestamp.of(at),
        "Details": details,
        "Metadata": of.metadata or {},
    }
    return _event("Delivery", of, at, shown)


_NOT_SHOWN = frozenset({"Content", "RecordType"})
"""Of a bounce as the API shows it: the content goes along where it is wanted, and a complaint is none of its records."""


def returned(kind: str, bounce: Bounce, of: About, digest: bytes | None) -> Event:
    """Tell that a message has come back, or was complained about: the fields of a bounce, and metadata."""
    shown = {
        "RecordType": kind,
        "MessageStream": of.stream,
        **{name: value for name, value in bounce.to_dict(wire=True).items() if name not in _NOT_SHOWN},
        "Tag": of.tag or "",
        "Metadata": of.metadata or {},
    }
    return _event(kind, of, bounce.bounced_at, shown, digest)


def opened(found: Open, of: About, *, first: bool) -> Event:
    """Tell that a recipient has opened a message."""
    shown = {
        **found.to_dict(wire=True),
        "RecordType": "Open",
        "FirstOpen": first,
        "ReadSeconds": found.read_seconds or 0,
        "Tag": of.tag or "",
        "Metadata": of.metadata or {},
    }
    return _event("Open", of, found.received_at, shown)


def clicked(found: Click, of: About) -> Event:
    """Tell that a recipient has followed a link."""
    shown = {**found.to_dict(wire=True), "RecordType": "Click", "Tag": of.tag or "", "Metadata": of.metadata or {}}
    return _event("Click", of, found.received_at, shown)


class Change(Struct, frozen=True, kw_only=True):
    """A change of what a stream sends to an address. ``reason`` is None when it may be sent to again."""

    server_id: int
    stream: str
    address: str
    reason: SuppressionReason | None
    origin: Origin


def changed(change: Change, at: datetime, of: About | None) -> Event:
    """Tell that a stream does not send to an address any more, or sends to it again. Only what a recipient has caused
    names a message."""
    known = of if change.reason is not None and change.origin is Origin.RECIPIENT else None
    shown = {
        "RecordType": "SubscriptionChange",
        "MessageID": None if known is None else str(known.message_id),
        "ServerID": change.server_id,
        "MessageStream": change.stream,
        "ChangedAt": Timestamp.of(at),
        "Recipient": change.address,
        "Origin": change.origin.value,
        "SuppressSending": change.reason is not None,
        "SuppressionReason": None if change.reason is None else change.reason.value,
        "Tag": None if known is None else known.tag or "",
        "Metadata": {} if known is None else known.metadata or {},
    }
    return Event(
        kind="SubscriptionChange",
        server_id=change.server_id,
        stream=change.stream,
        at=at,
        email=change.address,
        message_id=None if of is None else of.message_id,
        payload=_text(shown),
    )


class InboundFacts(Struct, frozen=True):
    """What the payload of a received mail is made from, beside the mail: what stands in its place until it is posted,
    since the mail is kept already and may be large."""

    mail_from: str
    recipient: str
    raw_email: bool


def received(facts: InboundFacts, server_id: int, message_id: UUID, at: datetime, digest: bytes | None) -> Event:
    """Tell that a mail has come in."""
    return Event(
        kind="Inbound",
        server_id=server_id,
        stream="",
        at=at,
        email=facts.recipient,
        message_id=message_id,
        payload=msgspec.json.encode(facts).decode(),
        digest=digest,
    )


def inbound_body(mail: Received, raw: bytes, *, raw_email: bool) -> bytes:
    """Return the body that is posted of a received mail, files and all."""
    shown = mail.details.to_dict(wire=True)
    left_out = ("Status", "BlockedReason", "Attachments")
    body = {
        **{name: value for name, value in shown.items() if name not in left_out},
        "TextBody": mail.text_body,
        "HtmlBody": mail.html_body,
        "Attachments": [
            {
                "Name": listed.name,
                "Content": file.content,
                "ContentType": listed.content_type,
                "ContentLength": listed.content_length,
                "ContentID": listed.content_id,
            }
            for listed, file in zip(mail.details.attachments, mail.files, strict=True)
        ],
    }
    if raw_email:
        body["RawEmail"] = text_of(raw).replace("\r\n", "\n")
    return encode_json(body)


def with_content(payload: str, raw: bytes) -> bytes:
    """Return the body that is posted of a bounce together with its raw mail."""
    return b"".join((payload[:-1].encode(), b',"Content":', msgspec.json.encode(text_of(raw)), b"}"))


def _event(kind: str, of: About, at: datetime, shown: Mapping[str, Any], digest: bytes | None = None) -> Event:
    return Event(
        kind=kind,
        server_id=of.server_id,
        stream=of.stream,
        at=at,
        email=of.recipient,
        message_id=of.message_id,
        payload=_text(shown),
        digest=digest,
    )


def _text(shown: Mapping[str, Any]) -> str:
    return encode_json(shown).decode()
