# Generated from _async/stats.py by tools/generators/unasync.py: edit _async.
# type is the gem's name
"""Statistics of sent mail: https://postmarkapp.com/developer/api/stats-api."""

from typing import Unpack

from carom.client import _core
from carom.client._fields import wire_fields
from carom.client._sync.base import Client
from carom.client.filters import StatsFilters
from carom.client.stats import StatsCounts, path_of
from carom.wire import stats as wire
from carom.wire.endpoint import Encoded
from carom.wire.stats import StatsTotals


class Stats(Client):
    """The calls about statistics."""

    def get_stats_totals(self, **filters: Unpack[StatsFilters]) -> StatsTotals:
        """Return all counts together."""
        return self._call(wire.GET_STATS_TOTALS, wire.GetStats(), filters)

    def get_stats_counts(self, stat: str, *, type: str | None = None, **filters: Unpack[StatsFilters]) -> StatsCounts:
        """Return counts by day. ``stat`` is sends, bounces, spam, tracked, opens or clicks; ``type`` splits opens by
        platforms, emailclients or readtimes, clicks by platforms, browserfamilies or location."""
        query = {name: str(value) for name, value in wire_fields(wire.GetStats, filters, query=True).items()}
        request, reply = self._exchange(Encoded("GET", path_of(stat, type), query, b""))
        return StatsCounts(_core.decode(request, reply, dict[str, object], tell=False))
