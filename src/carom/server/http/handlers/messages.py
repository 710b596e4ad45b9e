"""Sent messages: searched, shown with their events, and their sources. What was accepted can be read at once."""

from uuid import UUID

from msgspec import UnsetType, structs

from carom.server.http.calls import Call
from carom.server.http.filters import bounds
from carom.server.http.routes import routes
from carom.server.pipeline.deps import SANDBOX_SERVER
from carom.server.pipeline.outgoing import source
from carom.server.rules.paging import check_page, shown_total
from carom.server.rules.refusals import Refusal
from carom.server.rules.sending import given
from carom.server.store import messages
from carom.server.store.deliveries import Delivery
from carom.wire.email import DEFAULT_STREAM
from carom.wire.messages import (
    DUMP_OUTBOUND_MESSAGE,
    GET_OUTBOUND_MESSAGE,
    GET_OUTBOUND_MESSAGES,
    GetOutboundMessages,
    MessageDump,
    OfMessage,
    OutboundMessageDetails,
    OutboundPage,
)

BAD_LIST = 700
NOT_FOUND = 701

QUEUED = {"": None, "queued": True, "sent": False, "processed": False}
"""Whether a status that can be searched for means waiting; sent and processed are the same."""


@routes.serve(GET_OUTBOUND_MESSAGES)
async def get_outbound_messages(call: Call, request: GetOutboundMessages) -> OutboundPage:
    """Search the messages of a stream, newest first."""
    count, offset = check_page(request.count, request.offset, BAD_LIST)
    total, found = await call.context.database.read(
        messages.page, call.tenant.server_id, _filter(request), count, offset, sandboxed=_sandboxed(call)
    )
    return OutboundPage(total_count=shown_total(total, count), messages=found)


@routes.serve(GET_OUTBOUND_MESSAGE)
async def get_outbound_message(call: Call, request: OfMessage) -> OutboundMessageDetails:
    """Show a message with its bodies, its source and its events."""
    found = await call.context.database.read(
        messages.get, call.tenant.server_id, message_id(request.message_id), sandboxed=_sandboxed(call)
    )
    if found is None:
        raise Refusal(NOT_FOUND)
    details, delivery = found
    return structs.replace(details, body=_source(call, delivery))


@routes.serve(DUMP_OUTBOUND_MESSAGE)
async def dump_outbound_message(call: Call, request: OfMessage) -> MessageDump:
    """Show the source of a message."""
    delivery = await call.context.database.read(
        messages.delivery, call.tenant.server_id, message_id(request.message_id)
    )
    if delivery is None:
        raise Refusal(NOT_FOUND)
    return MessageDump(body=_source(call, delivery))


def message_id(text: str) -> UUID:
    """Read a message's id. Raises Refusal: what is no id is not found."""
    try:
        return UUID(text)
    except ValueError:
        raise Refusal(NOT_FOUND) from None


def _source(call: Call, delivery: Delivery) -> str:
    return source(delivery, call.context.keyring, call.context.settings).decode("utf-8", "replace")


def _sandboxed(call: Call) -> bool:
    return call.tenant.delivery_type == SANDBOX_SERVER


def _filter(request: GetOutboundMessages) -> messages.Filter:
    status = given(request.status).lower()
    if status not in QUEUED:
        raise Refusal(BAD_LIST, text=f"The status '{status}' is none of queued, sent and processed.")
    first, last = bounds(request.fromdate, request.todate, BAD_LIST)
    return messages.Filter(
        stream=given(request.message_stream) or DEFAULT_STREAM,
        recipient=given(request.recipient) or None,
        from_email=given(request.fromemail) or None,
        tag=given(request.tag) or None,
        subject=given(request.subject) or None,
        queued=QUEUED[status],
        metadata=_metadata(request.metadata),
        first=first,
        last=last,
    )


def _metadata(asked: dict[str, str] | UnsetType) -> tuple[str, str] | None:
    if isinstance(asked, UnsetType):
        return None
    if len(asked) > 1:
        raise Refusal(BAD_LIST, text="A search takes one metadata field.")
    [member] = asked.items()
    return member
