"""Requests to erase what is known of a recipient: taken, and told how far they are."""

from datetime import datetime

import sqlalchemy as sa

from carom.server.http.calls import Call
from carom.server.http.routes import routes
from carom.server.pipeline.jobs import Erase
from carom.server.pipeline.worker import add_job
from carom.server.rules.erasing import PENDING
from carom.server.rules.refusals import Refusal
from carom.server.rules.sending import given
from carom.server.store import data_removals
from carom.wire.addresses import BadAddress, check_address
from carom.wire.data_removals import (
    GET_DATA_REMOVAL_STATUS,
    REQUEST_DATA_REMOVAL,
    DataRemoval,
    GetDataRemoval,
    RequestDataRemoval,
)

BAD_REQUEST = 1300
NOT_FOUND = 1301


@routes.serve(REQUEST_DATA_REMOVAL)
async def request_data_removal(call: Call, request: RequestDataRemoval) -> DataRemoval:
    """Take a request; a job erases."""
    asked_by = _check(given(request.requested_by), "RequestedBy")
    asked_for = _check(given(request.requested_for), "RequestedFor")
    notify, context = request.notify_when_completed is True, call.context
    removal_id = await context.database.write(
        _add, call.account_id, asked_by, asked_for, context.clock(), notify=notify
    )
    context.wake()
    return DataRemoval(id=removal_id, status=PENDING)


def _check(email: str, field: str) -> str:
    if not email.strip():
        raise Refusal(BAD_REQUEST, text=f"The required field '{field}' is missing or empty.")
    try:
        return check_address(email.strip(), field)
    except BadAddress as error:
        raise Refusal(BAD_REQUEST, text=str(error)) from error


def _add(
    connection: sa.Connection, account_id: int, asked_by: str, asked_for: str, now: datetime, *, notify: bool
) -> int:
    removal_id = data_removals.add(connection, account_id, asked_by, asked_for, now, notify=notify)
    add_job(connection, Erase(removal_id), now)
    return removal_id


@routes.serve(GET_DATA_REMOVAL_STATUS)
async def get_data_removal_status(call: Call, request: GetDataRemoval) -> DataRemoval:
    """Tell how far a request is."""
    found = await call.context.database.read(data_removals.get, call.account_id, request.data_removal_id)
    if found is None:
        raise Refusal(NOT_FOUND)
    return found
