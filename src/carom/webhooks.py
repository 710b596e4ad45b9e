"""Webhooks in your own application: read what Postmark posts, and check that it is Postmark who does.

Postmark signs nothing: it proves itself by a user and password, or by a header, that you give it. Carom signs as well:
``carom webhooks secret`` prints the secret.
"""

import hmac
import time
from base64 import b64decode
from binascii import Error as BadBase64
from collections.abc import Mapping
from typing import Any

import msgspec

from carom.client.errors import DecodeError
from carom.inbound import InboundMessage
from carom.wire._kinds import is_object
from carom.wire.hooks import (
    EVENTS,
    BounceEvent,
    ClickEvent,
    DeliveryEvent,
    Event,
    OpenEvent,
    SpamComplaintEvent,
    SubscriptionChangeEvent,
    UnknownEvent,
)
from carom.wire.signatures import TOLERANCE_SECONDS, is_signed
from carom.wire.tolerant import read
from carom.wire.value import Answer, attach

InboundEvent = InboundMessage

__all__ = [
    "BounceEvent",
    "ClickEvent",
    "DeliveryEvent",
    "Event",
    "InboundEvent",
    "OpenEvent",
    "SpamComplaintEvent",
    "SubscriptionChangeEvent",
    "UnknownEvent",
    "parse",
    "verify_basic_auth",
    "verify_header",
    "verify_signature",
]


def parse(body: bytes | str | Mapping[str, Any]) -> Event:
    """Read what was posted: an event by its RecordType, received mail, or UnknownEvent. What is missing is None.
    Raises DecodeError for what is no JSON object."""
    found, raw = posted(body)
    kind: type[Event] = EVENTS.get(str(found.get("RecordType")), UnknownEvent)
    if kind is UnknownEvent and "RecordType" not in found and "FromFull" in found:
        kind = InboundMessage
    event: Event = read(found, kind)
    attach(event, Answer(raw))
    return event


def posted(body: bytes | str | Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Return a posted object, and its bytes. Raises DecodeError."""
    raw = body.encode() if isinstance(body, str) else body if isinstance(body, bytes) else msgspec.json.encode(body)
    try:
        found = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DecodeError("The webhook's body is no JSON.", body=raw[:500]) from error
    if not is_object(found):
        raise DecodeError("The webhook's body is no JSON object.", body=raw[:500])
    return found, raw


def verify_basic_auth(header: str | None, user: str, password: str) -> bool:
    """Return whether an Authorization header has this user and password; compares in constant time."""
    scheme, _, encoded = (header or "").partition(" ")
    if scheme.lower() != "basic":
        return False
    try:
        given = b64decode(encoded.strip(), validate=True)
    except (BadBase64, ValueError):
        return False
    return hmac.compare_digest(given, f"{user}:{password}".encode())


def verify_header(value: str | None, secret: str) -> bool:
    """Return whether the header that you gave Postmark is there and right; compares in constant time."""
    return hmac.compare_digest((value or "").encode(), secret.encode())


def verify_signature(
    header: str | None,
    body: bytes | str,
    secret: str,
    *,
    tolerance: float = TOLERANCE_SECONDS,
    now: float | None = None,
) -> bool:
    """Return whether an ``X-Carom-Signature`` header signs a body as it came, byte for byte, at most ``tolerance`` seconds
    ago; compares in constant time."""
    raw = body.encode() if isinstance(body, str) else body
    return is_signed(header, raw, secret, time.time() if now is None else now, tolerance)
