"""The servers of an account: listed, made, shown, changed and removed."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from carom.server.http.calls import Call
from carom.server.http.handlers.server import change, check_free, read_settings, shown_by
from carom.server.http.routes import routes
from carom.server.pipeline.jobs import Purge
from carom.server.pipeline.worker import add_job
from carom.server.rules.paging import check_page, shown_total
from carom.server.rules.sending import given
from carom.server.rules.servers import check_name, no_server
from carom.server.store import removal, servers
from carom.server.store.servers import ServerSettings, Shown
from carom.wire.acks import Ack
from carom.wire.server import Server
from carom.wire.servers import (
    CREATE_SERVER,
    DELETE_SERVER,
    GET_SERVER_BY_ID,
    GET_SERVERS,
    UPDATE_SERVER_BY_ID,
    CreateServer,
    GetServers,
    OneServer,
    ServerPage,
    UpdateServerById,
)

BAD_LIST = 600


@routes.serve(GET_SERVERS)
async def get_servers(call: Call, request: GetServers) -> ServerPage:
    """List the account's servers, oldest first."""
    count, offset = check_page(request.count, request.offset, BAD_LIST)
    total, found = await call.context.database.read(
        servers.page, call.account_id, given(request.name), count, offset, shown_by(call.context)
    )
    return ServerPage(total_count=shown_total(total, count), servers=found)


@routes.serve(CREATE_SERVER)
async def create_server(call: Call, request: CreateServer) -> Server:
    """Make a server with a token and the default streams; both work at once."""
    context = call.context
    wanted = read_settings(request, context)
    check_name(given(request.name))
    return await context.database.write(_create, call.account_id, wanted, shown_by(context), context.clock())


def _create(connection: sa.Connection, account_id: int, wanted: dict[str, Any], by: Shown, now: datetime) -> Server:
    check_free(connection, account_id, wanted)
    settings = {name: value for name, value in wanted.items() if name in ServerSettings.__struct_fields__}
    server_id = servers.create(
        connection,
        by.keyring,
        account_id,
        wanted["name"],
        now=now,
        delivery_type=wanted.get("delivery_type", "Live"),
        settings=ServerSettings(**settings),
    )
    return servers.show(connection, server_id, by)


@routes.serve(GET_SERVER_BY_ID)
async def get_server_by_id(call: Call, request: OneServer) -> Server:
    """Show a server as its own token sees it."""
    return await call.context.database.read(_show, call.account_id, request.server_id, shown_by(call.context))


def _show(connection: sa.Connection, account_id: int, server_id: int, by: Shown) -> Server:
    if not servers.belongs(connection, account_id, server_id):
        raise no_server()
    return servers.show(connection, server_id, by)


@routes.serve(UPDATE_SERVER_BY_ID)
async def update_server_by_id(call: Call, request: UpdateServerById) -> Server:
    """Change a server; what is not given stays, what cannot be changed is ignored."""
    context = call.context
    wanted = read_settings(request, context)
    return await context.database.write(_change, call.account_id, request.server_id, wanted, shown_by(context))


def _change(connection: sa.Connection, account_id: int, server_id: int, wanted: dict[str, Any], by: Shown) -> Server:
    if not servers.belongs(connection, account_id, server_id):
        raise no_server()
    return change(connection, account_id, server_id, wanted, by)


@routes.serve(DELETE_SERVER)
async def delete_server(call: Call, request: OneServer) -> Ack:
    """Remove a server: from now on its token opens nothing and what it has queued is not sent. A job removes its mail."""
    context = call.context
    name = await context.database.write(_delete, call.account_id, request.server_id, context.clock())
    context.wake()
    return Ack(error_code=0, message=f"Server {name} removed.")


def _delete(connection: sa.Connection, account_id: int, server_id: int, now: datetime) -> str:
    name = removal.remove_server(connection, account_id, server_id)
    if name is None:
        raise no_server()
    add_job(connection, Purge(server_id), now)
    return name
