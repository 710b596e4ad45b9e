"""The server that a token belongs to: shown and changed."""

from collections.abc import Callable
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import UNSET

from carom.server.http.calls import Call
from carom.server.http.routes import routes
from carom.server.rules import servers as rules
from carom.server.rules.refusals import Refusal
from carom.server.store import servers
from carom.server.store.servers import ServerSettings, Tenant
from carom.wire.server import GET_SERVER, UPDATE_SERVER, GetServer, Server, UpdateServer

HOOKS = {
    "inbound_hook_url": "InboundHookUrl",
    "bounce_hook_url": "BounceHookUrl",
    "open_hook_url": "OpenHookUrl",
    "delivery_hook_url": "DeliveryHookUrl",
    "click_hook_url": "ClickHookUrl",
}
CHECKS: dict[str, Callable[[Any], object]] = {
    "name": rules.check_name,
    "color": rules.check_color,
    "track_links": rules.check_track_links,
    "inbound_spam_threshold": rules.check_spam_threshold,
    "inbound_domain": rules.check_inbound_domain,
}


@routes.serve(GET_SERVER)
async def get_server(call: Call, request: GetServer) -> Server:
    """Show the token's server."""
    del request
    context = call.context
    return await context.database.read(
        servers.show,
        context.keyring,
        call.tenant.server_id,
        public_url=context.public_url,
        inbound_domain=context.settings.inbound_domain,
    )


@routes.serve(UPDATE_SERVER)
async def update_server(call: Call, request: UpdateServer) -> Server:
    """Change the token's server; what is not given stays, what cannot be changed is ignored."""
    given = _given(request, inside=call.context.settings.mode == "sandbox")
    if not given:
        raise Refusal(609)
    await call.context.database.write(_change, call.tenant, given)
    return await get_server(call, GetServer())


def _given(request: UpdateServer, *, inside: bool) -> dict[str, Any]:
    """Return what is to be changed, checked, by the names of the settings."""
    given = {name: value for name in request.__struct_fields__ if (value := getattr(request, name)) is not UNSET}
    for name, check in CHECKS.items():
        if name in given:
            given[name] = check(given[name])
    for name in HOOKS.keys() & given.keys():
        given[name] = rules.check_hook_url(given[name], HOOKS[name], inside=inside)
    return given


def _change(connection: sa.Connection, tenant: Tenant, given: dict[str, Any]) -> None:
    servers.hold_account(connection, tenant.account_id)
    name = given.pop("name", None)
    if name is not None and servers.name_taken(connection, tenant.account_id, name, tenant.server_id):
        raise Refusal(603, name=name)
    domain = given.get("inbound_domain")
    if domain and servers.inbound_domain_taken(connection, domain, tenant.server_id):
        raise Refusal(602, domain=domain)
    settings: ServerSettings = msgspec.structs.replace(servers.settings_of(connection, tenant.server_id), **given)
    servers.change(connection, tenant.server_id, name, settings)
