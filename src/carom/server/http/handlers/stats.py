"""Statistics of sent mail, by days of US Eastern."""

from collections.abc import Mapping
from typing import NamedTuple

import sqlalchemy as sa

from carom.server.http.calls import Call
from carom.server.http.filters import bounds
from carom.server.http.routes import routes
from carom.server.rules.refusals import Refusal
from carom.server.rules.sending import given
from carom.server.rules.stats import (
    AGAIN,
    BOUNCES,
    FIRST,
    TRACKED,
    Counted,
    Kind,
    by_day,
    check_span,
    day_of,
    totals,
)
from carom.server.store import stats, streams
from carom.server.store.stats import Span
from carom.taxonomy import BounceType
from carom.wire.endpoint import Endpoint
from carom.wire.stats import (
    GET_BOUNCE_COUNTS,
    GET_CLICK_BROWSERFAMILIES,
    GET_CLICK_COUNTS,
    GET_CLICK_LOCATIONS,
    GET_CLICK_PLATFORMS,
    GET_OPEN_COUNTS,
    GET_OPEN_EMAILCLIENTS,
    GET_OPEN_PLATFORMS,
    GET_OPEN_READTIMES,
    GET_SENDS,
    GET_SPAM_COUNTS,
    GET_STATS_TOTALS,
    GET_TRACKED_COUNTS,
    Counts,
    GetStats,
    StatsTotals,
)

BAD_DATE = 900
NO_STREAM = 1226

Shown = Mapping[str, tuple[str, ...]]
"""The keys of the answer that a stored key counts under."""


class Row(NamedTuple):
    """A kind of count: its endpoint, what is counted, and the keys that are always there. Stored keys are shown as they are,
    or as ``shown`` says, and then no others."""

    endpoint: Endpoint[GetStats, Counts]
    kind: Kind
    keys: tuple[str, ...]
    shown: Shown | None = None


_COMPLAINT = BounceType.SPAM_COMPLAINT.value
_BOUNCES = tuple(kind.value for kind in BOUNCES)

# Programs, browsers and reading times are keys only where some were seen.
COUNTED = (
    Row(GET_SENDS, Kind.SENT, ("Sent",), {"": ("Sent",)}),
    Row(GET_BOUNCE_COUNTS, Kind.BOUNCE, _BOUNCES, {name: (name,) for name in _BOUNCES}),
    Row(GET_SPAM_COUNTS, Kind.BOUNCE, (_COMPLAINT,), {_COMPLAINT: (_COMPLAINT,)}),
    Row(GET_TRACKED_COUNTS, Kind.TRACKED, (TRACKED,), {TRACKED: (TRACKED,)}),
    Row(GET_OPEN_COUNTS, Kind.OPEN, ("Opens", "Unique"), {FIRST: ("Opens", "Unique"), AGAIN: ("Opens",)}),
    Row(GET_OPEN_PLATFORMS, Kind.OPEN_PLATFORM, ("Desktop", "Mobile", "Unknown", "WebMail")),
    Row(GET_OPEN_EMAILCLIENTS, Kind.OPEN_CLIENT, ()),
    Row(GET_OPEN_READTIMES, Kind.OPEN_READING, ()),
    Row(GET_CLICK_COUNTS, Kind.CLICK, ("Clicks", "Unique"), {FIRST: ("Clicks", "Unique"), AGAIN: ("Clicks",)}),
    Row(GET_CLICK_BROWSERFAMILIES, Kind.CLICK_BROWSER, ()),
    Row(GET_CLICK_PLATFORMS, Kind.CLICK_PLATFORM, ("Desktop", "Mobile", "Unknown")),
    Row(GET_CLICK_LOCATIONS, Kind.CLICK_LOCATION, ("HTML", "Text")),
)


@routes.serve(GET_STATS_TOTALS)
async def get_stats_totals(call: Call, request: GetStats) -> StatsTotals:
    """Show all counts together."""
    return await call.context.database.read(_totals, call.tenant.server_id, _span(call, request))


def _totals(connection: sa.Connection, server_id: int, span: Span) -> StatsTotals:
    _check_stream(connection, server_id, span)
    sums: dict[Kind, dict[str, int]] = {}
    for kind in Kind:
        of_kind = sums.setdefault(kind, {})
        for row in stats.counted(connection, server_id, span, kind):
            of_kind[row.key] = of_kind.get(row.key, 0) + row.number
    return totals(sums)


def _serve(row: Row) -> None:
    def counted(connection: sa.Connection, server_id: int, span: Span) -> list[Counted]:
        _check_stream(connection, server_id, span)
        found = stats.counted(connection, server_id, span, row.kind)
        if row.kind is Kind.SENT:
            unsent = stats.counted(connection, server_id, span, Kind.UNSENT)
            found += [one._replace(number=-one.number) for one in unsent]
        if row.shown is None:
            return found
        shown = row.shown
        return [one._replace(key=key) for one in found for key in shown.get(one.key, ())]

    @routes.serve(row.endpoint)
    async def get_counts(call: Call, request: GetStats) -> Counts:
        found = await call.context.database.read(counted, call.tenant.server_id, _span(call, request))
        return by_day(found, row.keys)


for _row in COUNTED:
    _serve(_row)


def _span(call: Call, request: GetStats) -> Span:
    first, last = bounds(request.fromdate, request.todate, BAD_DATE)
    check_span(first, last, call.context.clock())
    return Span(
        stream=given(request.message_stream) or None,
        tag=given(request.tag) or None,
        first=None if first is None else day_of(first),
        last=None if last is None else day_of(last),
    )


def _check_stream(connection: sa.Connection, server_id: int, span: Span) -> None:
    if span.stream is not None and not streams.exists(connection, server_id, span.stream):
        raise Refusal(NO_STREAM)
