"""Statistics of sent mail, by days of US Eastern. What is not recorded counts as nothing."""

from collections.abc import Callable

import sqlalchemy as sa

from carom.server.http.calls import Call
from carom.server.http.filters import bounds
from carom.server.http.routes import routes
from carom.server.rules.refusals import Refusal
from carom.server.rules.sending import given
from carom.server.rules.stats import BOUNCES, Hour, by_day, check_span, totals
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

Count = Callable[[sa.Connection, int, Span], list[Hour]]


def _bounces(connection: sa.Connection, server_id: int, span: Span) -> list[Hour]:
    return stats.bounces(connection, server_id, span, BOUNCES)


def _complaints(connection: sa.Connection, server_id: int, span: Span) -> list[Hour]:
    return stats.bounces(connection, server_id, span, (BounceType.SPAM_COMPLAINT,))


def _nothing(connection: sa.Connection, server_id: int, span: Span) -> list[Hour]:
    del connection, server_id, span
    return []


# Programs, browsers and reading times are keys only where some were seen.
COUNTED: tuple[tuple[Endpoint[GetStats, Counts], tuple[str, ...], Count], ...] = (
    (GET_SENDS, ("Sent",), stats.sends),
    (GET_BOUNCE_COUNTS, tuple(kind.value for kind in BOUNCES), _bounces),
    (GET_SPAM_COUNTS, (BounceType.SPAM_COMPLAINT.value,), _complaints),
    (GET_TRACKED_COUNTS, ("Tracked",), _nothing),
    (GET_OPEN_COUNTS, ("Opens", "Unique"), _nothing),
    (GET_OPEN_PLATFORMS, ("Desktop", "Mobile", "Unknown", "WebMail"), _nothing),
    (GET_OPEN_EMAILCLIENTS, (), _nothing),
    (GET_OPEN_READTIMES, (), _nothing),
    (GET_CLICK_COUNTS, ("Clicks", "Unique"), _nothing),
    (GET_CLICK_BROWSERFAMILIES, (), _nothing),
    (GET_CLICK_PLATFORMS, ("Desktop", "Mobile", "Unknown"), _nothing),
    (GET_CLICK_LOCATIONS, ("HTML", "Text"), _nothing),
)
"""Each kind of count: its endpoint, its keys, and how it is counted."""


@routes.serve(GET_STATS_TOTALS)
async def get_stats_totals(call: Call, request: GetStats) -> StatsTotals:
    """Show all counts together."""
    return await call.context.database.read(_totals, call.tenant.server_id, _span(call, request))


def _totals(connection: sa.Connection, server_id: int, span: Span) -> StatsTotals:
    _check_stream(connection, server_id, span)
    return totals(*(count(connection, server_id, span) for count in (stats.sends, _bounces, _complaints)))


def _serve(endpoint: Endpoint[GetStats, Counts], keys: tuple[str, ...], count: Count) -> None:
    def counted(connection: sa.Connection, server_id: int, span: Span) -> list[Hour]:
        _check_stream(connection, server_id, span)
        return count(connection, server_id, span)

    @routes.serve(endpoint)
    async def get_counts(call: Call, request: GetStats) -> Counts:
        hours = await call.context.database.read(counted, call.tenant.server_id, _span(call, request))
        return by_day(hours, keys)


for _row in COUNTED:
    _serve(*_row)


def _span(call: Call, request: GetStats) -> Span:
    first, last = bounds(request.fromdate, request.todate, BAD_DATE)
    check_span(first, last, call.context.clock())
    return Span(stream=given(request.message_stream) or None, tag=given(request.tag) or None, first=first, last=last)


def _check_stream(connection: sa.Connection, server_id: int, span: Span) -> None:
    if span.stream is not None and not streams.exists(connection, server_id, span.stream):
        raise Refusal(NO_STREAM)
