"""Message streams: made, listed, changed, archived and brought back."""

from datetime import datetime

import sqlalchemy as sa
from msgspec import UnsetType

from carom.server.http.calls import Call
from carom.server.http.routes import routes
from carom.server.rules import streams as rules
from carom.server.rules.refusals import Refusal
from carom.server.rules.sending import given
from carom.server.store import streams
from carom.server.store.streams import NewStream
from carom.wire.streams import (
    ARCHIVE_MESSAGE_STREAM,
    CREATE_MESSAGE_STREAM,
    GET_MESSAGE_STREAM,
    GET_MESSAGE_STREAMS,
    UNARCHIVE_MESSAGE_STREAM,
    UPDATE_MESSAGE_STREAM,
    ArchivedStream,
    ArchiveMessageStream,
    AskedSubscriptionManagement,
    CreateMessageStream,
    GetMessageStream,
    GetMessageStreams,
    MessageStream,
    MessageStreamPage,
    UnarchiveMessageStream,
    UpdateMessageStream,
)
from carom.wire.times import Timestamp

NOT_FOUND = 1226


@routes.serve(GET_MESSAGE_STREAMS)
async def get_message_streams(call: Call, request: GetMessageStreams) -> MessageStreamPage:
    """List the streams, oldest first."""
    asked = given(request.message_stream_type)
    kind = rules.spelled(asked or "All", ("All", *rules.TYPES))
    if kind is None:
        raise Refusal(1221, kind=asked)
    found = await call.context.database.read(
        streams.all_of,
        call.tenant.server_id,
        None if kind == "All" else kind,
        archived=request.include_archived_streams is True,
    )
    return MessageStreamPage(message_streams=found, total_count=len(found))


@routes.serve(GET_MESSAGE_STREAM)
async def get_message_stream(call: Call, request: GetMessageStream) -> MessageStream:
    """Show a stream, archived or not."""
    return await call.context.database.read(there, call.tenant.server_id, request.stream_id)


@routes.serve(CREATE_MESSAGE_STREAM)
async def create_message_stream(call: Call, request: CreateMessageStream) -> MessageStream:
    """Make a stream."""
    new = _new(request)
    return await call.context.database.write(_create, call.tenant.server_id, new, call.context.clock())


@routes.serve(UPDATE_MESSAGE_STREAM)
async def update_message_stream(call: Call, request: UpdateMessageStream) -> MessageStream:
    """Change a stream; what is not given stays."""
    return await call.context.database.write(_update, call.tenant.server_id, request, call.context.clock())


@routes.serve(ARCHIVE_MESSAGE_STREAM)
async def archive_message_stream(call: Call, request: ArchiveMessageStream) -> ArchivedStream:
    """Archive a stream: it sends no more."""
    found = await call.context.database.write(_archive, call.tenant.server_id, request.stream_id, call.context.clock())
    assert found.expected_purge_date is not None, "it has just been archived"
    return ArchivedStream(id=found.id, server_id=found.server_id, expected_purge_date=found.expected_purge_date)


@routes.serve(UNARCHIVE_MESSAGE_STREAM)
async def unarchive_message_stream(call: Call, request: UnarchiveMessageStream) -> MessageStream:
    """Bring an archived stream back; one that is not archived is answered as it is."""
    return await call.context.database.write(_unarchive, call.tenant.server_id, request.stream_id, call.context.clock())


def there(connection: sa.Connection, server_id: int, stream_id: str) -> MessageStream:
    """Return a stream. Raises Refusal where the server has none of this id."""
    found = streams.get(connection, server_id, stream_id)
    if found is None:
        raise Refusal(NOT_FOUND)
    return found


def _new(request: CreateMessageStream) -> NewStream:
    stream_id = rules.check_id(given(request.id))
    name = rules.check_name(given(request.name))
    kind = rules.check_type(given(request.message_stream_type))
    return NewStream(
        id=stream_id,
        name=name,
        description=rules.check_description(given(request.description)),
        type=kind,
        unsubscribe_handling=rules.check_handling(_handling(request.subscription_management_configuration), kind),
    )


def _handling(asked: AskedSubscriptionManagement | UnsetType) -> str:
    return "" if isinstance(asked, UnsetType) else given(asked.unsubscribe_handling_type)


def _create(connection: sa.Connection, server_id: int, new: NewStream, now: datetime) -> MessageStream:
    if streams.exists(connection, server_id, new.id):
        raise Refusal(1230, stream=new.id)
    _check_room(connection, server_id)
    if not streams.add(connection, server_id, new, now):
        raise Refusal(1230, stream=new.id)
    return there(connection, server_id, new.id)


def _check_room(connection: sa.Connection, server_id: int) -> None:
    if streams.count_live(connection, server_id) >= rules.MAX_STREAMS:
        raise Refusal(1225, limit=rules.MAX_STREAMS)


def _update(connection: sa.Connection, server_id: int, request: UpdateMessageStream, now: datetime) -> MessageStream:
    found = there(connection, server_id, request.stream_id)
    values: dict[str, object] = {}
    if isinstance(request.name, str):
        values["name"] = rules.check_name(request.name)
    if isinstance(request.description, str):
        values["description"] = rules.check_description(request.description)
    handling = _handling(request.subscription_management_configuration)
    if handling:
        values["unsubscribe_handling"] = rules.check_handling(handling, found.message_stream_type)
    streams.change(connection, server_id, request.stream_id, values, now)
    return there(connection, server_id, request.stream_id)


def _archive(connection: sa.Connection, server_id: int, stream_id: str, now: datetime) -> MessageStream:
    there(connection, server_id, stream_id)
    if stream_id in rules.ALWAYS_THERE:
        raise Refusal(1229)
    streams.archive(connection, server_id, stream_id, now)
    return there(connection, server_id, stream_id)


def _unarchive(connection: sa.Connection, server_id: int, stream_id: str, now: datetime) -> MessageStream:
    found = there(connection, server_id, stream_id)
    if found.expected_purge_date is None:
        return found
    if found.expected_purge_date <= Timestamp.of(now):
        raise Refusal(1232)
    _check_room(connection, server_id)
    streams.archive(connection, server_id, stream_id, None)
    return there(connection, server_id, stream_id)
