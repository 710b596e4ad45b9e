"""Counts by day, whose keys are partly data: names of programs, seconds."""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from carom.wire._kinds import is_list, is_object
from carom.wire.stats import STATS


class DayCounts(NamedTuple):
    """The counts of one day; a count of zero may be left out. Keys are Postmark's, verbatim."""

    date: date | None
    counts: Mapping[str, int]


class StatsCounts:
    """Counts: those of each day that has any, and the sums over all days. Keys are Postmark's, verbatim:
    ``counts["HardBounce"]``, ``counts["Apple Mail"]``; one that is not there is 0."""

    def __init__(self, raw: Mapping[str, object]) -> None:
        """Take the answer."""
        self.raw = raw
        days = raw.get("Days")
        self.days = [_day(day) for day in days if is_object(day)] if is_list(days) else []
        self.counts: Mapping[str, int] = _numbers(raw)

    def __getitem__(self, key: str) -> int:
        """Return a sum; 0 where there is none."""
        return self.counts.get(key, 0)

    def __repr__(self) -> str:
        """Return the sums."""
        return f"StatsCounts({dict(self.counts)!r}, {len(self.days)} days)"


def _day(raw: Mapping[str, object]) -> DayCounts:
    try:
        at = date.fromisoformat(str(raw.get("Date"))[:10])
    except ValueError:
        at = None
    return DayCounts(at, _numbers(raw))


def _numbers(raw: Mapping[str, object]) -> dict[str, int]:
    return {key: int(value) for key, value in raw.items() if isinstance(value, (int, float))}


def path_of(stat: str, kind: str | None) -> str:
    """Return the path of a count. Raises ValueError for one that there is not."""
    if stat not in STATS:
        raise ValueError(f"stat is one of {', '.join(STATS)}, not {stat!r}")
    if kind is None:
        return f"/stats/outbound/{stat}"
    if kind not in STATS[stat]:
        raise ValueError(f"type of {stat} is one of {', '.join(STATS[stat]) or 'none'}, not {kind!r}")
    return f"/stats/outbound/{stat}/{kind}"
