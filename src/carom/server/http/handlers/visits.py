"""Opens and clicks: of all messages of a stream, searched, and of one."""

from uuid import UUID

import sqlalchemy as sa

from carom.server.http.calls import Call
from carom.server.http.filters import bounds
from carom.server.http.handlers.messages import BAD_LIST, NOT_FOUND, message_id
from carom.server.http.routes import routes
from carom.server.rules.paging import check_page, shown_total
from carom.server.rules.refusals import Refusal
from carom.server.rules.sending import given
from carom.server.store import clicks, messages, opens
from carom.server.store.visits import Filter
from carom.wire.email import DEFAULT_STREAM
from carom.wire.messages import (
    GET_CLICKS,
    GET_CLICKS_OF_MESSAGE,
    GET_OPENS,
    GET_OPENS_OF_MESSAGE,
    Click,
    ClickPage,
    GetOpens,
    GetOpensOfMessage,
    Open,
    OpenPage,
)

PLATFORMS = frozenset({"webmail", "desktop", "mobile", "unknown"})


@routes.serve(GET_OPENS)
async def get_opens(call: Call, request: GetOpens) -> OpenPage:
    """Search the opens of a stream, newest first."""
    count, offset = check_page(request.count, request.offset, BAD_LIST)
    total, found = await call.context.database.read(opens.page, call.tenant.server_id, _filter(request), count, offset)
    return OpenPage(total_count=shown_total(total, count), opens=found)


@routes.serve(GET_CLICKS)
async def get_clicks(call: Call, request: GetOpens) -> ClickPage:
    """Search the clicks of a stream, newest first."""
    count, offset = check_page(request.count, request.offset, BAD_LIST)
    total, found = await call.context.database.read(clicks.page, call.tenant.server_id, _filter(request), count, offset)
    return ClickPage(total_count=shown_total(total, count), clicks=found)


@routes.serve(GET_OPENS_OF_MESSAGE)
async def get_opens_of_message(call: Call, request: GetOpensOfMessage) -> OpenPage:
    """List who opened a message."""
    count, offset = check_page(request.count, request.offset, BAD_LIST)
    wanted = message_id(request.message_id)
    total, found = await call.context.database.read(_opens_of, call.tenant.server_id, wanted, count, offset)
    return OpenPage(total_count=shown_total(total, count), opens=found)


@routes.serve(GET_CLICKS_OF_MESSAGE)
async def get_clicks_of_message(call: Call, request: GetOpensOfMessage) -> ClickPage:
    """List who followed which link of a message."""
    count, offset = check_page(request.count, request.offset, BAD_LIST)
    wanted = message_id(request.message_id)
    total, found = await call.context.database.read(_clicks_of, call.tenant.server_id, wanted, count, offset)
    return ClickPage(total_count=shown_total(total, count), clicks=found)


def _opens_of(
    connection: sa.Connection, server_id: int, wanted: UUID, count: int, offset: int
) -> tuple[int, list[Open]]:
    _check_message(connection, server_id, wanted)
    return opens.of_message(connection, server_id, wanted, count, offset)


def _clicks_of(
    connection: sa.Connection, server_id: int, wanted: UUID, count: int, offset: int
) -> tuple[int, list[Click]]:
    _check_message(connection, server_id, wanted)
    return clicks.of_message(connection, server_id, wanted, count, offset)


def _check_message(connection: sa.Connection, server_id: int, wanted: UUID) -> None:
    if not messages.exists(connection, server_id, wanted):
        raise Refusal(NOT_FOUND)


def _filter(request: GetOpens) -> Filter:
    platform = given(request.platform).lower()
    if platform and platform not in PLATFORMS:
        raise Refusal(BAD_LIST, text=f"The platform '{platform}' is none of WebMail, Desktop, Mobile and Unknown.")
    first, last = bounds(request.fromdate, request.todate, BAD_LIST)
    return Filter(
        stream=given(request.message_stream) or DEFAULT_STREAM,
        recipient=given(request.recipient) or None,
        tag=given(request.tag) or None,
        client_name=given(request.client_name) or None,
        client_company=given(request.client_company) or None,
        client_family=given(request.client_family) or None,
        os_name=given(request.os_name) or None,
        os_company=given(request.os_company) or None,
        os_family=given(request.os_family) or None,
        platform=platform or None,
        country=given(request.country) or None,
        region=given(request.region) or None,
        city=given(request.city) or None,
        first=first,
        last=last,
    )
