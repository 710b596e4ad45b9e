"""The bounce page: counts, the list, one bounce, its dump, and reactivation."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from msgspec import UNSET, UnsetType

from carom.server.http.calls import Call
from carom.server.http.filters import bounds
from carom.server.http.routes import routes
from carom.server.pipeline import notify
from carom.server.rules.mail import text_of
from carom.server.rules.paging import check_page, shown_total
from carom.server.rules.refusals import Refusal
from carom.server.rules.sending import given
from carom.server.store import bounces, suppressions
from carom.taxonomy import BounceType
from carom.wire.bounces import (
    ACTIVATE_BOUNCE,
    DUMP_BOUNCE,
    GET_BOUNCE,
    GET_BOUNCE_TAGS,
    GET_BOUNCES,
    GET_DELIVERY_STATS,
    ActivateBounce,
    ActivatedBounce,
    Bounce,
    BounceDump,
    BouncePage,
    DeliveryStats,
    DumpBounce,
    GetBounce,
    GetBounces,
    GetBounceTags,
    GetDeliveryStats,
)
from carom.wire.errors import OK

BAD_LIST = 1000
NOT_FOUND = 1001
NOT_ACTIVATED = 1003

_TYPES = {kind.value.lower(): kind for kind in BounceType}


@routes.serve(GET_DELIVERY_STATS)
async def get_delivery_stats(call: Call, request: GetDeliveryStats) -> DeliveryStats:
    """Count inactive addresses, and bounces by type."""
    del request
    return await call.context.database.read(_stats, call.tenant.server_id)


def _stats(connection: sa.Connection, server_id: int) -> DeliveryStats:
    return DeliveryStats(
        inactive_mails=suppressions.count(connection, server_id), bounces=bounces.counts(connection, server_id)
    )


@routes.serve(GET_BOUNCES)
async def get_bounces(call: Call, request: GetBounces) -> BouncePage:
    """List bounces, newest first."""
    wanted = _filter(request)
    by_message = wanted.message_id is not None and request.count is UNSET
    count, offset = (500, 0) if by_message else check_page(request.count, request.offset, BAD_LIST)
    total, found = await call.context.database.read(bounces.page, call.tenant.server_id, wanted, count, offset)
    return BouncePage(total_count=shown_total(total, count), bounces=found)


@routes.serve(GET_BOUNCE_TAGS)
async def get_bounce_tags(call: Call, request: GetBounceTags) -> list[str]:
    """List no tags: the list is retired."""
    del call, request
    return []


@routes.serve(GET_BOUNCE)
async def get_bounce(call: Call, request: GetBounce) -> Bounce:
    """Show one bounce, with its raw mail."""
    found = await call.context.database.read(bounces.get, call.tenant.server_id, request.bounce_id)
    if found is None:
        raise Refusal(NOT_FOUND, bounce_id=request.bounce_id)
    return found


@routes.serve(DUMP_BOUNCE)
async def dump_bounce(call: Call, request: DumpBounce) -> BounceDump:
    """Show the raw mail of a bounce."""
    raw = await call.context.database.read(bounces.dump, call.tenant.server_id, request.bounce_id)
    if isinstance(raw, UnsetType):
        raise Refusal(NOT_FOUND, bounce_id=request.bounce_id)
    return BounceDump(body="" if raw is None else text_of(raw))


@routes.serve(ACTIVATE_BOUNCE)
async def activate_bounce(call: Call, request: ActivateBounce) -> ActivatedBounce:
    """Let the address of a bounce be mailed again; on an active one nothing changes."""
    context = call.context
    found = await context.database.write(_activate, call.tenant.server_id, request.bounce_id, context.clock())
    context.wake()
    return ActivatedBounce(message=OK, bounce=found)


def _activate(connection: sa.Connection, server_id: int, bounce_id: int, now: datetime) -> Bounce:
    found = bounces.get(connection, server_id, bounce_id, content=False)
    if found is None:
        raise Refusal(NOT_FOUND, bounce_id=bounce_id)
    if not found.can_activate:
        raise Refusal(NOT_ACTIVATED)
    if bounces.activate(connection, server_id, found) and found.message_stream is not None:
        notify.reactivated(connection, server_id, found.message_stream, found.email, now)
    activated = bounces.get(connection, server_id, bounce_id, content=False)
    assert activated is not None, "it was there a moment ago, in the same transaction"
    return activated


def _filter(request: GetBounces) -> bounces.Filter:
    kind = given(request.type)
    if kind and kind.lower() not in _TYPES:
        raise Refusal(BAD_LIST, text=f"The bounce type '{kind}' is not known.")
    first, last = bounds(request.fromdate, request.todate, BAD_LIST)
    return bounces.Filter(
        type=_TYPES.get(kind.lower()),
        inactive=None if isinstance(request.inactive, UnsetType) else request.inactive,
        email=given(request.email_filter) or None,
        tag=given(request.tag) or None,
        message_id=_message_id(given(request.message_id)),
        first=first,
        last=last,
        stream=given(request.message_stream) or None,
    )


def _message_id(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        raise Refusal(BAD_LIST, text=f"The message ID '{text}' is no UUID.") from None
