"""Counts as the Stats API shows them: by days of US Eastern, and together. https://postmarkapp.com/developer/api/stats-api"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

from carom.server.rules.refusals import Refusal
from carom.taxonomy import BounceType
from carom.wire.stats import Counts, StatsTotals
from carom.wire.times import eastern

BOUNCES = (BounceType.HARD_BOUNCE, BounceType.SMTP_API_ERROR, BounceType.SOFT_BOUNCE, BounceType.TRANSIENT)
"""The types that are counted as bounces."""
FURTHEST = timedelta(days=366)
"""How far back a search may begin."""
LONGEST_READ = 20
"""From so many seconds on, reading times are one."""


class Kind(IntEnum):
    """What is counted. The numbers are stored; the keys of each kind stand in its docstring."""

    MESSAGE = 0
    """Messages accepted: no keys."""
    SENT = 1
    """Recipients of accepted messages: no keys."""
    UNSENT = 2
    """Those of them that were never sent to, since the address was suppressed in the meantime: no keys."""
    BOUNCE = 3
    """Bounces and complaints: the names of their types."""
    TRACKED = 4
    """Recipients of tracked mail: ``Tracked``, ``Opens``, ``Links``, and how many ``LinksSent``."""
    OPEN = 5
    """Opens: ``First`` of a recipient, or ``Again``."""
    OPEN_PLATFORM = 6
    """Opens: Desktop, Mobile, WebMail, Unknown."""
    OPEN_CLIENT = 7
    """Opens: families of programs."""
    OPEN_READING = 8
    """Opens: ``0s`` to ``19s``, ``20s+``, ``unknown``."""
    CLICK = 9
    """Clicks: ``First`` of a recipient on a link, or ``Again``."""
    CLICK_PLATFORM = 10
    """Clicks: Desktop, Mobile, Unknown."""
    CLICK_BROWSER = 11
    """Clicks: families of browsers."""
    CLICK_LOCATION = 12
    """Clicks: HTML, Text."""


FIRST, AGAIN = "First", "Again"
TRACKED, OPENS_TRACKED, LINKS_TRACKED, LINKS_SENT = "Tracked", "Opens", "Links", "LinksSent"
UNKNOWN = "unknown"


class Counted(NamedTuple):
    """How often something happened on a day. ``day`` counts from 1970, in US Eastern."""

    day: int
    key: str
    number: int


_EPOCH = date(1970, 1, 1)


def day_of(at: datetime) -> int:
    """Return the day of US Eastern in which a moment lies, counted from 1970."""
    return (at.astimezone(eastern()).date() - _EPOCH).days


@lru_cache(maxsize=100_000)
def day_of_hour(hour: int) -> int:
    """Return the day of an hour counted from 1970: US Eastern days begin with one."""
    return day_of(datetime.fromtimestamp(hour * 3600, UTC))


def day_begins(day: int) -> datetime:
    """Return when a day of US Eastern begins."""
    return datetime.combine(_EPOCH + timedelta(days=day), datetime.min.time(), tzinfo=eastern()).astimezone(UTC)


def reading_key(seconds: int | None) -> str:
    """Return the key under which a reading time is counted."""
    if seconds is None:
        return UNKNOWN
    return f"{LONGEST_READ}s+" if seconds >= LONGEST_READ else f"{seconds}s"


def keys_of_open(platform: str, family: str, read_seconds: int | None) -> list[tuple[Kind, str]]:
    """Return what an open counts as, beside being an open."""
    return [
        (Kind.OPEN_PLATFORM, platform),
        (Kind.OPEN_CLIENT, family),
        (Kind.OPEN_READING, reading_key(read_seconds)),
    ]


def keys_of_click(platform: str, family: str, location: str) -> list[tuple[Kind, str]]:
    """Return what a click counts as, beside being a click."""
    return [(Kind.CLICK_PLATFORM, platform), (Kind.CLICK_BROWSER, family), (Kind.CLICK_LOCATION, location)]


def keys_of_tracking(*, opens: bool, links: int | None) -> list[tuple[Kind, str, int]]:
    """Return what a mail counts as that went out with a pixel or with ``links`` that lead through us."""
    counted = [(TRACKED, int(opens or links is not None)), (OPENS_TRACKED, int(opens))]
    counted += [(LINKS_TRACKED, int(links is not None)), (LINKS_SENT, links or 0)]
    return [(Kind.TRACKED, key, number) for key, number in counted if number]


def check_span(first: datetime | None, last: datetime | None, now: datetime) -> None:
    """Raise Refusal for a span that begins too long ago or ends before it begins."""
    if first is not None and first < now - FURTHEST:
        raise Refusal(1500)
    if first is not None and last is not None and first > last:
        raise Refusal(1502)


def by_day(counted: Iterable[Counted], keys: Sequence[str]) -> Counts:
    """Return counts by day, oldest first, and their sums. A day has all keys or is left out."""
    days: dict[int, dict[str, int]] = {}
    totals = dict.fromkeys(keys, 0)
    for day, key, number in counted:
        row = days.setdefault(day, dict.fromkeys(keys, 0))
        row[key] = row.get(key, 0) + number
        totals[key] = totals.get(key, 0) + number
    return {
        "Days": [{"Date": (_EPOCH + timedelta(days=day)).isoformat(), **days[day]} for day in sorted(days)],
        **totals,
    }


def totals(sums: dict[Kind, dict[str, int]]) -> StatsTotals:
    """Return all counts together, from what was counted of each kind. Errors of the SMTP API are counted apart from
    bounces."""
    bounces, tracked = sums.get(Kind.BOUNCE, {}), sums.get(Kind.TRACKED, {})
    sent = _sum(sums, Kind.SENT) - _sum(sums, Kind.UNSENT)
    bounced = sum(bounces.get(kind.value, 0) for kind in BOUNCES if kind is not BounceType.SMTP_API_ERROR)
    complained = bounces.get(BounceType.SPAM_COMPLAINT.value, 0)
    return StatsTotals(
        sent=sent,
        bounced=bounced,
        smtp_api_errors=bounces.get(BounceType.SMTP_API_ERROR.value, 0),
        bounce_rate=_percent(bounced, sent),
        spam_complaints=complained,
        spam_complaints_rate=_percent(complained, sent),
        opens=_sum(sums, Kind.OPEN),
        unique_opens=sums.get(Kind.OPEN, {}).get(FIRST, 0),
        tracked=tracked.get(TRACKED, 0),
        with_link_tracking=tracked.get(LINKS_TRACKED, 0),
        with_open_tracking=tracked.get(OPENS_TRACKED, 0),
        total_tracked_links_sent=tracked.get(LINKS_SENT, 0),
        unique_links_clicked=sums.get(Kind.CLICK, {}).get(FIRST, 0),
        total_clicks=_sum(sums, Kind.CLICK),
        with_client_recorded=_known(sums, Kind.OPEN_CLIENT),
        with_platform_recorded=_known(sums, Kind.OPEN_PLATFORM),
        with_read_time_recorded=_known(sums, Kind.OPEN_READING),
    )


def _sum(sums: dict[Kind, dict[str, int]], kind: Kind) -> int:
    return sum(sums.get(kind, {}).values())


def _known(sums: dict[Kind, dict[str, int]], kind: Kind) -> int:
    return sum(number for key, number in sums.get(kind, {}).items() if key.lower() != UNKNOWN)


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 3) if whole else 0.0
