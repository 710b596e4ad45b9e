"""What the lists' query parameters have in common."""

from datetime import datetime

from msgspec import UnsetType

from carom.server.rules.refusals import Refusal
from carom.server.rules.sending import given
from carom.wire.times import filter_bound


def bounds(
    fromdate: str | UnsetType, todate: str | UnsetType, code: int, **values: object
) -> tuple[datetime | None, datetime | None]:
    """Read both ends of a span of time, each included. Raises Refusal with the list's own code; ``values`` are what its
    text needs beside ``text`` and ``fields``."""
    return (
        _bound(given(fromdate), "fromdate", code, values, end=False),
        _bound(given(todate), "todate", code, values, end=True),
    )


def _bound(text: str, name: str, code: int, values: dict[str, object], *, end: bool) -> datetime | None:
    try:
        return filter_bound(text, end=end) if text else None
    except (ValueError, OverflowError):
        reason = f"'{name}' is no date: '{text}'. Write 2026-11-23 or 2026-11-23T16:00:00."
        raise Refusal(code, text=reason, fields=f"'{name}'", **values) from None
