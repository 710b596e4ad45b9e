# Generated from _async/server.py by tools/generators/unasync.py: edit _async.
"""The server of a token: https://postmarkapp.com/developer/api/server-api."""

from typing import Unpack

from carom.client._sync.base import Client
from carom.client.fields import ServerFields
from carom.wire import server as wire
from carom.wire.server import Server


class OwnServer(Client):
    """The calls about the token's own server."""

    def server_info(self) -> Server:
        """Return the server that the token belongs to."""
        return self._call(wire.GET_SERVER, wire.GetServer())

    def update_server_info(self, **fields: Unpack[ServerFields]) -> Server:
        """Change the server that the token belongs to; what is not given stays."""
        return self._call(wire.UPDATE_SERVER, wire.UpdateServer(), fields)
