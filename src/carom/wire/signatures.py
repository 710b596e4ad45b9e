"""How Carom signs what it posts to a hook; Postmark signs nothing.

``X-Carom-Signature: t=1790000000,v1=5257a8...``: the second of the attempt, and HMAC-SHA256 in hexadecimal digits, keyed with
the endpoint's secret, over that number, a full stop and the body as it was posted. While the installation's secret is being
changed there are two ``v1``, and one of them is enough.
"""

import hmac
from collections.abc import Iterable

EVENT_ID = "X-Carom-Event-Id"
"""Names the event, the same for all its attempts, for all endpoints that are told of it, and when it is replayed."""
SIGNATURE = "X-Carom-Signature"
RETRIES_REMAINING = "X-PM-Retries-Remaining"
TRACE_ID = "X-PM-Webhook-Trace-Id"
TOLERANCE_SECONDS = 300


def sign(body: bytes, secrets: Iterable[str], timestamp: int) -> str:
    """Return the value of the header for some secrets."""
    return ",".join((f"t={timestamp}", *(f"v1={_mac(body, secret, timestamp)}" for secret in secrets)))


def is_signed(header: str | None, body: bytes, secret: str, now: float, tolerance: float = TOLERANCE_SECONDS) -> bool:
    """Tell whether a header signs a body, no longer ago than ``tolerance`` seconds; compares in constant time."""
    parts = [part.strip().partition("=") for part in (header or "").split(",")]
    stamps = [value for name, _, value in parts if name == "t"]
    if len(stamps) != 1 or not (stamps[0].isascii() and stamps[0].isdigit() and len(stamps[0]) < 16):
        return False
    timestamp = int(stamps[0])
    if abs(now - timestamp) > tolerance:
        return False
    expected = _mac(body, secret, timestamp).encode()
    matches = [hmac.compare_digest(value.encode(), expected) for name, _, value in parts if name == "v1"]
    return any(matches)


def _mac(body: bytes, secret: str, timestamp: int) -> str:
    return hmac.new(secret.encode(), b"%d." % timestamp + body, "sha256").hexdigest()
