"""Counts as the Stats API shows them: by days of US Eastern, and together. https://postmarkapp.com/developer/api/stats-api"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from carom.server.rules.refusals import Refusal
from carom.taxonomy import BounceType
from carom.wire.stats import Counts, StatsTotals
from carom.wire.times import eastern

BOUNCES = (BounceType.HARD_BOUNCE, BounceType.SMTP_API_ERROR, BounceType.SOFT_BOUNCE, BounceType.TRANSIENT)
"""The types that are counted as bounces."""
FURTHEST = timedelta(days=366)
"""How far back a search may begin."""


class Hour(NamedTuple):
    """How often something happened in one hour. ``hour`` counts from 1970; US Eastern days begin with one of them."""

    hour: int
    key: str
    number: int


def check_span(first: datetime | None, last: datetime | None, now: datetime) -> None:
    """Raise Refusal for a span that begins too long ago or ends before it begins."""
    if first is not None and first < now - FURTHEST:
        raise Refusal(1500)
    if first is not None and last is not None and first > last:
        raise Refusal(1502)


def by_day(hours: Iterable[Hour], keys: Sequence[str]) -> Counts:
    """Return counts by day, oldest first, and their sums. A day has all keys or is left out."""
    days: dict[date, dict[str, int]] = {}
    totals = dict.fromkeys(keys, 0)
    for hour, key, number in hours:
        row = days.setdefault(_day(hour), dict.fromkeys(keys, 0))
        row[key] += number
        totals[key] += number
    return {"Days": [{"Date": day.isoformat(), **days[day]} for day in sorted(days)], **totals}


def _day(hour: int) -> date:
    return datetime.fromtimestamp(hour * 3600, UTC).astimezone(eastern()).date()


def totals(sends: Iterable[Hour], bounces: Iterable[Hour], complaints: Iterable[Hour]) -> StatsTotals:
    """Return all counts together. Errors of the SMTP API are counted apart from bounces."""
    sent, complained = _sum(sends), _sum(complaints)
    found = list(bounces)
    errors = _sum(row for row in found if row.key == BounceType.SMTP_API_ERROR.value)
    bounced = _sum(found) - errors
    return StatsTotals(
        sent=sent,
        bounced=bounced,
        smtp_api_errors=errors,
        bounce_rate=_percent(bounced, sent),
        spam_complaints=complained,
        spam_complaints_rate=_percent(complained, sent),
        opens=0,
        unique_opens=0,
        tracked=0,
        with_link_tracking=0,
        with_open_tracking=0,
        total_tracked_links_sent=0,
        unique_links_clicked=0,
        total_clicks=0,
        with_client_recorded=0,
        with_platform_recorded=0,
        with_read_time_recorded=0,
    )


def _sum(hours: Iterable[Hour]) -> int:
    return sum(row.number for row in hours)


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 3) if whole else 0.0
