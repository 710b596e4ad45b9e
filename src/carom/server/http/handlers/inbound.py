"""Received messages: searched, shown, their sources; released when a rule has blocked them, tried again when their hook
has failed."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from carom.server.http.calls import Call
from carom.server.http.filters import bounds
from carom.server.http.handlers.messages import BAD_LIST, NOT_FOUND, message_id
from carom.server.http.routes import routes
from carom.server.pipeline import notify
from carom.server.rules import inbound as rules
from carom.server.rules.events import InboundFacts
from carom.server.rules.mail import text_of
from carom.server.rules.paging import check_page, shown_total
from carom.server.rules.posts import INBOUND
from carom.server.rules.refusals import Refusal
from carom.server.rules.sending import given
from carom.server.store import inbound, posts
from carom.wire.acks import Ack
from carom.wire.errors import CANNOT_BYPASS, CANNOT_RETRY
from carom.wire.messages import (
    BYPASS_INBOUND_MESSAGE,
    DUMP_INBOUND_MESSAGE,
    GET_INBOUND_MESSAGE,
    GET_INBOUND_MESSAGES,
    RETRY_INBOUND_MESSAGE,
    GetInboundMessages,
    InboundDetails,
    InboundPage,
    MessageDump,
    OfMessage,
)


@routes.serve(GET_INBOUND_MESSAGES)
async def get_inbound_messages(call: Call, request: GetInboundMessages) -> InboundPage:
    """Search the received messages, newest first; those that were processed unless a status is asked for."""
    count, offset = check_page(request.count, request.offset, BAD_LIST)
    total, found = await call.context.database.read(
        inbound.page, call.tenant.server_id, _filter(request), count, offset
    )
    return InboundPage(total_count=shown_total(total, count), inbound_messages=found)


@routes.serve(GET_INBOUND_MESSAGE)
async def get_inbound_message(call: Call, request: OfMessage) -> InboundDetails:
    """Show a message with its bodies and headers."""
    found = await call.context.database.read(inbound.get, call.tenant.server_id, message_id(request.message_id))
    if found is None:
        raise Refusal(NOT_FOUND)
    return found


@routes.serve(DUMP_INBOUND_MESSAGE)
async def dump_inbound_message(call: Call, request: OfMessage) -> MessageDump:
    """Show the raw mail."""
    raw = await call.context.database.read(inbound.source, call.tenant.server_id, message_id(request.message_id))
    if raw is None:
        raise Refusal(NOT_FOUND)
    return MessageDump(body=text_of(raw))


@routes.serve(BYPASS_INBOUND_MESSAGE)
async def bypass_inbound_message(call: Call, request: OfMessage) -> Ack:
    """Let a message through that a rule has blocked, to the hook where there is one."""
    await _release(call, request, having=rules.BLOCKED, refusal=CANNOT_BYPASS)
    return Ack(error_code=0, message=f"Successfully bypassed message: {request.message_id}.")


@routes.serve(RETRY_INBOUND_MESSAGE)
async def retry_inbound_message(call: Call, request: OfMessage) -> Ack:
    """Post a message again whose hook has failed."""
    await _release(call, request, having=rules.FAILED, refusal=CANNOT_RETRY)
    return Ack(error_code=0, message=f"Successfully rescheduled failed message: {request.message_id}.")


async def _release(call: Call, request: OfMessage, *, having: str, refusal: str) -> None:
    try:
        wanted = message_id(request.message_id)
    except Refusal:
        raise Refusal(NOT_FOUND, refusal) from None
    context = call.context
    if not await context.database.write(_released, call.tenant.server_id, wanted, having, context.clock()):
        raise Refusal(NOT_FOUND, refusal)
    context.wake()


def _released(connection: sa.Connection, server_id: int, wanted: UUID, having: str, now: datetime) -> bool:
    screen = inbound.screen_of(connection, server_id)
    if not inbound.release(connection, server_id, wanted, having=having, to=rules.released(hook=screen.hook)):
        return False
    if screen.hook:
        _post(connection, server_id, wanted, screen.raw_email, now)
    return True


def _post(connection: sa.Connection, server_id: int, wanted: UUID, raw_email: bool, now: datetime) -> None:
    """Post a message, as the event that it was if it has been one before."""
    if posts.replay(connection, posts.Filter(type=INBOUND, message_id=wanted), now):
        return
    came = inbound.envelope(connection, server_id, wanted)
    if came is not None:
        facts = InboundFacts(came.mail_from, came.recipient, raw_email)
        notify.received(connection, server_id, wanted, now, facts, came.digest)


def _filter(request: GetInboundMessages) -> inbound.Filter:
    status = given(request.status).lower() or rules.PROCESSED.lower()
    if status not in rules.STATUSES:
        raise Refusal(BAD_LIST, text=f"The status '{status}' is none of {', '.join(rules.STATUSES)}.")
    first, last = bounds(request.fromdate, request.todate, BAD_LIST)
    return inbound.Filter(
        status=rules.STATUSES[status],
        recipient=given(request.recipient) or None,
        from_email=given(request.fromemail) or None,
        subject=given(request.subject) or None,
        mailbox_hash=given(request.mailboxhash) or None,
        tag=given(request.tag) or None,
        first=first,
        last=last,
    )
