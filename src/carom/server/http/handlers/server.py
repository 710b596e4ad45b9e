"""The server that a token belongs to: shown and changed. How an account's servers are is here too: one way for both."""

from collections.abc import Callable
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import UNSET

from carom.server.http.calls import Call
from carom.server.http.routes import routes
from carom.server.pipeline.intake import Context
from carom.server.rules import servers as rules
from carom.server.rules.posts import SETTING
from carom.server.rules.refusals import Refusal
from carom.server.store import servers
from carom.server.store.servers import ServerSettings, Shown
from carom.wire.server import GET_SERVER, UPDATE_SERVER, GetServer, Server, UpdateServer

HOOKS = {setting: field for field, setting in SETTING.items()}
CHECKS: dict[str, Callable[[Any], object]] = {
    "name": rules.check_name,
    "delivery_type": rules.check_delivery_type,
    "color": rules.check_color,
    "track_links": rules.check_track_links,
    "inbound_spam_threshold": rules.check_spam_threshold,
    "inbound_domain": rules.check_inbound_domain,
}


@routes.serve(GET_SERVER)
async def get_server(call: Call, request: GetServer) -> Server:
    """Show the token's server."""
    del request
    return await call.context.database.read(servers.show, call.tenant.server_id, shown_by(call.context))


@routes.serve(UPDATE_SERVER)
async def update_server(call: Call, request: UpdateServer) -> Server:
    """Change the token's server; what is not given stays, what cannot be changed is ignored."""
    tenant, context = call.tenant, call.context
    wanted = read_settings(request, context)
    return await context.database.write(change, tenant.account_id, tenant.server_id, wanted, shown_by(context))


def shown_by(context: Context) -> Shown:
    """Return what showing a server needs."""
    return Shown(keyring=context.keyring, public_url=context.public_url, inbound_domain=context.settings.inbound_domain)


def read_settings(request: UpdateServer, context: Context) -> dict[str, Any]:
    """Return what is given of a server, checked, by the names of its settings and columns. Raises Refusal."""
    names = (*UpdateServer.__struct_fields__, "delivery_type")
    given = {name: value for name in names if (value := getattr(request, name, UNSET)) is not UNSET}
    if not given:
        raise Refusal(609)
    for name, check in CHECKS.items():
        if name in given:
            given[name] = check(given[name])
    for name in HOOKS.keys() & given.keys():
        given[name] = rules.check_hook_url(given[name], HOOKS[name], inside=context.settings.mode == "sandbox")
    return given


def check_free(connection: sa.Connection, account_id: int, given: dict[str, Any], server_id: int | None = None) -> None:
    """Raise Refusal when another server has the name or the inbound domain; none takes them before the transaction
    ends."""
    servers.hold_account(connection, account_id)
    name, domain = given.get("name"), given.get("inbound_domain")
    if name is not None and servers.name_taken(connection, account_id, name, server_id):
        raise Refusal(603, name=name)
    if domain and servers.inbound_domain_taken(connection, domain, server_id):
        raise Refusal(602, domain=domain)


def change(connection: sa.Connection, account_id: int, server_id: int, given: dict[str, Any], by: Shown) -> Server:
    """Change a server and show it. Raises Refusal."""
    check_free(connection, account_id, given, server_id)
    settings = {name: value for name, value in given.items() if name in ServerSettings.__struct_fields__}
    changed = msgspec.structs.replace(servers.settings_of(connection, server_id), **settings)
    servers.change(connection, server_id, given.get("name"), changed)
    return servers.show(connection, server_id, by)
