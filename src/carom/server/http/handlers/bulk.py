"""Bulk requests: one message for many, accepted as a whole and sent in chunks; how far they have come."""

import asyncio
from datetime import datetime
from itertools import islice
from uuid import UUID

import sqlalchemy as sa
from msgspec import UNSET, Struct, UnsetType, structs

from carom.server.config import Settings
from carom.server.http.calls import Call
from carom.server.http.handlers.templated import Kept, Name, read_template
from carom.server.http.handlers.templates import parts_of
from carom.server.http.routes import routes
from carom.server.pipeline.jobs import SendChunk
from carom.server.pipeline.stages.accept import check_sender
from carom.server.pipeline.worker import add_job
from carom.server.rules import bulk as rules
from carom.server.rules.accepting import Accepted, Once
from carom.server.rules.paging import MAX_COUNT
from carom.server.rules.refusals import Refusal, Refusals
from carom.server.rules.sending import given
from carom.server.rules.templates import BAD_VALUE, Parts
from carom.server.store import bulk, intake, streams
from carom.server.store.servers import Tenant
from carom.wire.addresses import parse_address
from carom.wire.bulk import (
    GET_BULK,
    GET_BULKS,
    SEND_BULK,
    BulkPage,
    BulkRecipient,
    BulkRequest,
    GetBulk,
    GetBulks,
    SendBulk,
)
from carom.wire.errors import OK
from carom.wire.templates import LAYOUT

NOT_FOUND = 12
BAD_KEY = 13
DEFAULT_COUNT = 100


@routes.serve(SEND_BULK)
async def send_bulk(call: Call, request: SendBulk) -> BulkRequest:
    """Accept a request; nothing of it is when any field is wrong."""
    context, tenant = call.context, call.tenant
    found = await asyncio.to_thread(lambda: list(islice(rules.faults(request), rules.MAX_FAULTS)))
    stream = given(request.message_stream) or rules.DEFAULT_STREAM
    kept, more = await context.database.read(_looked_up, tenant, request, stream, context.settings)
    found += [fault for fault in more if fault[0] not in dict(found)]
    if found:
        raise Refusals.of(found)
    parts, layout = (rules.own_parts(request), None) if kept is None else _parts(kept)
    mailing = rules.mailing(request, stream, parts, layout)
    made = _Made(
        id=context.new_id(),
        mailing=mailing,
        chunks=_chunks(request),
        subject=None if rules.is_templated(request) else given(request.subject) or None,
    )
    bulk_id = await context.database.write(_add, tenant.server_id, made, call.once, context.clock())
    context.wake()
    answer = await get_bulk(call, GetBulk(bulk_request_id=str(bulk_id)))
    return structs.replace(answer, old_id=answer.id)


@routes.serve(GET_BULK)
async def get_bulk(call: Call, request: GetBulk) -> BulkRequest:
    """Show how far a request has come."""
    try:
        bulk_id = UUID(request.bulk_request_id)
    except ValueError:
        raise Refusal(NOT_FOUND, bulk_id=request.bulk_request_id) from None
    found = await call.context.database.read(bulk.get, call.tenant.server_id, bulk_id)
    if found is None:
        raise Refusal(NOT_FOUND, bulk_id=request.bulk_request_id)
    return found


@routes.serve(GET_BULKS)
async def get_bulks(call: Call, request: GetBulks) -> BulkPage:
    """List requests, newest first."""
    count = DEFAULT_COUNT if isinstance(request.count, UnsetType) else request.count
    if not 1 <= count <= MAX_COUNT:
        raise Refusal(403, fields="'count'")
    text = given(request.pagination_key)
    try:
        after = bulk.read_key(text) if text else None
    except ValueError:
        raise Refusal(BAD_KEY, key=text) from None
    found, more = await call.context.database.read(bulk.page, call.tenant.server_id, count, after)
    return BulkPage(requests=found, pagination_key=None if more is None else bulk.write_key(more))


def _looked_up(
    connection: sa.Connection, tenant: Tenant, request: SendBulk, stream: str, settings: Settings
) -> tuple[Kept | None, list[rules.Fault]]:
    """Return the template, and what is wrong with the things that a request names."""
    found: list[rules.Fault] = []
    kind = streams.live_type(connection, tenant.server_id, stream)
    if kind is None:
        found.append(("MessageStream", Refusal(1226)))
    elif kind != rules.STREAM_TYPE:
        found.append(("MessageStream", Refusal(1236, stream=stream)))
    try:
        if settings.needs_confirmed_sender:
            check_sender(connection, tenant, parse_address(given(request.from_), "From").email)
    except Refusal as refusal:
        found.append(("From", refusal))
    except ValueError:
        pass  # it is no address, which the rules have said
    if not rules.is_templated(request):
        return None, found
    name = Name(request.template_id or 0, given(request.template_alias))
    kept = read_template(connection, tenant.server_id, name)
    field = "TemplateId" if name.id else "TemplateAlias"
    if kept is None:
        found.append((field, name.not_found()))
    elif kept[0].template_type == LAYOUT:
        found.append((field, Refusal(BAD_VALUE, text="A layout cannot be sent by itself.")))
    return kept, found


def _parts(kept: Kept) -> tuple[Parts, Parts | None]:
    template, layout = kept
    return parts_of(template), None if layout is None else parts_of(layout)


def _chunks(request: SendBulk) -> list[list[BulkRecipient]]:
    assert request.messages is not UNSET, "the rules have seen some"
    messages = request.messages
    return [messages[start : start + rules.CHUNK] for start in range(0, len(messages), rules.CHUNK)]


class _Made(Struct, frozen=True, kw_only=True):
    """A request that is to be kept."""

    id: UUID
    mailing: rules.Mailing
    chunks: list[list[BulkRecipient]]
    subject: str | None


def _add(connection: sa.Connection, server_id: int, made: _Made, once: Once | None, now: datetime) -> UUID:
    """Keep a request and return its id; that of the first one where its key says that it is asked for again."""
    first = None if once is None else intake.first_answers(connection, server_id, once, now)
    if first is not None:
        return next(answer.message_id for answer in first if isinstance(answer, Accepted))
    chunks = bulk.add(connection, server_id, made.id, made.mailing, made.chunks, subject=made.subject, now=now)
    for chunk_id in chunks:
        add_job(connection, SendChunk(chunk_id), now)
    if once is not None:
        intake.keep_answers(connection, server_id, once, [Accepted(made.id, None, now, OK)], now)
    return made.id
