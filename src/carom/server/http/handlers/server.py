"""The server that a token belongs to."""

from carom.server.http.calls import Call
from carom.server.http.routes import routes
from carom.server.store import servers
from carom.wire.server import GET_SERVER, GetServer, Server


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
