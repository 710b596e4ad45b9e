"""Suppressions of a stream: dumped, written by hand, and lifted by those who may."""

from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa
from msgspec import UnsetType

from carom.server.http.calls import Call
from carom.server.http.filters import bounds
from carom.server.http.handlers.streams import there
from carom.server.http.routes import routes
from carom.server.pipeline import notify
from carom.server.rules import events
from carom.server.rules.refusals import Refusal
from carom.server.rules.sending import given
from carom.server.rules.streams import spelled
from carom.server.rules.suppressions import NO_ADDRESS, NO_AUTHORITY, may_lift, may_suppress_again
from carom.server.store import suppressions
from carom.server.store.suppressions import Filter
from carom.taxonomy import Origin, Suppresses, SuppressionReason
from carom.wire.addresses import BadAddress, check_address
from carom.wire.suppressions import (
    CREATE_SUPPRESSIONS,
    DELETE_SUPPRESSIONS,
    DUMP_SUPPRESSIONS,
    MAX_SUPPRESSIONS,
    CreateSuppressions,
    DeleteSuppressions,
    DumpSuppressions,
    Suppression,
    SuppressionEntry,
    SuppressionResult,
    SuppressionResults,
    Suppressions,
)
from carom.wire.times import Timestamp

BY_HAND = Suppresses(SuppressionReason.MANUAL_SUPPRESSION, Origin.CUSTOMER)
BAD_FIELD = 403

Change = Callable[[sa.Connection, int, str, str, datetime], SuppressionResult]


@routes.serve(DUMP_SUPPRESSIONS)
async def dump_suppressions(call: Call, request: DumpSuppressions) -> Suppressions:
    """Show the whole list of a stream, newest first."""
    wanted = _filter(request)
    return await call.context.database.read(_dump, call.tenant.server_id, request.stream_id, wanted)


@routes.serve(CREATE_SUPPRESSIONS)
async def create_suppressions(call: Call, request: CreateSuppressions) -> SuppressionResults:
    """Suppress addresses by hand, each with an answer of its own."""
    return await _changed(call, request, _suppress)


@routes.serve(DELETE_SUPPRESSIONS)
async def delete_suppressions(call: Call, request: DeleteSuppressions) -> SuppressionResults:
    """Let addresses be mailed again, where a customer may decide that."""
    return await _changed(call, request, _lift)


async def _changed(call: Call, request: CreateSuppressions | DeleteSuppressions, change: Change) -> SuppressionResults:
    emails, context = _emails(request.suppressions), call.context
    answer = await context.database.write(
        _change, call.tenant.server_id, request.stream_id, emails, change, context.clock()
    )
    context.wake()
    return answer


def _filter(request: DumpSuppressions) -> Filter:
    reason, origin = given(request.suppression_reason), given(request.origin)
    first, last = bounds(request.fromdate, request.todate, BAD_FIELD)
    wanted = Filter(
        reason=spelled(reason, SuppressionReason),
        origin=spelled(origin, Origin),
        email=given(request.email_address) or None,
        first=first,
        last=last,
    )
    if reason and wanted.reason is None:
        raise Refusal(1404, reason=reason)
    if origin and wanted.origin is None:
        raise Refusal(1405, origin=origin)
    return wanted


def _dump(connection: sa.Connection, server_id: int, stream_id: str, wanted: Filter) -> Suppressions:
    there(connection, server_id, stream_id)
    found = [
        Suppression(
            email_address=row.email,
            suppression_reason=row.reason,
            origin=row.origin,
            created_at=Timestamp.of(row.created_at),
        )
        for row in suppressions.dump(connection, server_id, stream_id, wanted)
    ]
    return Suppressions(suppressions=found)


def _emails(entries: list[SuppressionEntry] | UnsetType) -> list[str]:
    if isinstance(entries, UnsetType) or not entries:
        raise Refusal(1409)
    if len(entries) > MAX_SUPPRESSIONS:
        raise Refusal(1410, limit=MAX_SUPPRESSIONS)
    return [given(entry.email_address) for entry in entries]


def _change(
    connection: sa.Connection, server_id: int, stream_id: str, emails: list[str], change: Change, now: datetime
) -> SuppressionResults:
    there(connection, server_id, stream_id)
    return SuppressionResults(
        suppressions=[
            change(connection, server_id, stream_id, email, now) if _is_address(email) else _failed(email, NO_ADDRESS)
            for email in emails
        ]
    )


def _is_address(email: str) -> bool:
    try:
        check_address(email.strip(), "EmailAddress")
    except BadAddress:
        return False
    return True


def _suppress(
    connection: sa.Connection, server_id: int, stream_id: str, email: str, now: datetime
) -> SuppressionResult:
    address = email.strip()
    if suppressions.add(connection, server_id, stream_id, address, BY_HAND, now):
        notify.changed(
            connection,
            events.Change(
                server_id=server_id, stream=stream_id, address=address, reason=BY_HAND.reason, origin=BY_HAND.origin
            ),
            now,
        )
    else:
        found = suppressions.get(connection, server_id, stream_id, address)
        if found is not None and not may_suppress_again(found.reason):
            return _failed(email, NO_AUTHORITY)
    return SuppressionResult(email_address=email, status="Suppressed", message=None)


def _lift(connection: sa.Connection, server_id: int, stream_id: str, email: str, now: datetime) -> SuppressionResult:
    address = email.strip()
    found = suppressions.get(connection, server_id, stream_id, address)
    if found is not None and not may_lift(found.reason, found.origin):
        return _failed(email, NO_AUTHORITY)
    if suppressions.remove(connection, server_id, stream_id, address):
        notify.reactivated(connection, server_id, stream_id, address, now)
    return SuppressionResult(email_address=email, status="Deleted", message=None)


def _failed(email: str, message: str) -> SuppressionResult:
    return SuppressionResult(email_address=email, status="Failed", message=message)
