"""The server of a token: https://postmarkapp.com/developer/api/server-api."""

from typing import Unpack

from carom.client._async.base import AsyncClient
from carom.client.fields import ServerFields
from carom.wire import server as wire
from carom.wire.server import Server


class AsyncOwnServer(AsyncClient):
    """The calls about the token's own server."""

    async def server_info(self) -> Server:
        """Return the server that the token belongs to."""
        return await self._call(wire.GET_SERVER, wire.GetServer())

    async def update_server_info(self, **fields: Unpack[ServerFields]) -> Server:
        """Change the server that the token belongs to; what is not given stays."""
        return await self._call(wire.UPDATE_SERVER, wire.UpdateServer(), fields)
