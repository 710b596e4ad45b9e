"""The servers of an account: https://postmarkapp.com/developer/api/servers-api."""

from msgspec import UNSET, UnsetType, field

from carom.wire.acks import Ack
from carom.wire.endpoint import Ask, Endpoint, RowId, Wire
from carom.wire.server import Server, UpdateServer


class ServerPage(Wire, frozen=True, kw_only=True):
    """A page of servers."""

    total_count: int
    servers: list[Server]


class GetServers(Ask, frozen=True, kw_only=True):
    """Ask for servers; ``name`` is any part of one."""

    count: int | UnsetType = field(default=UNSET, name="count")
    offset: int | UnsetType = field(default=UNSET, name="offset")
    name: str | UnsetType = field(default=UNSET, name="name")


class OneServer(Ask, frozen=True, kw_only=True):
    """Ask about one server."""

    server_id: RowId


class CreateServer(UpdateServer, frozen=True, kw_only=True):
    """Make a server. ``delivery_type`` is Live or Sandbox, for good."""

    delivery_type: str | UnsetType = UNSET


class UpdateServerById(UpdateServer, frozen=True, kw_only=True):
    """Change a server; what is not given stays."""

    server_id: RowId


_BAD_LIST: dict[str, int] = dict.fromkeys(("count", "offset", "name"), 600)
_NO_SERVER = {"ServerID": 601}


GET_SERVERS = Endpoint("GET", "/servers", GetServers, ServerPage, token="account", field_codes=_BAD_LIST)
CREATE_SERVER = Endpoint("POST", "/servers", CreateServer, Server, token="account")
GET_SERVER_BY_ID = Endpoint("GET", "/servers/{server_id}", OneServer, Server, token="account", field_codes=_NO_SERVER)
UPDATE_SERVER_BY_ID = Endpoint(
    "PUT", "/servers/{server_id}", UpdateServerById, Server, token="account", field_codes=_NO_SERVER
)
DELETE_SERVER = Endpoint("DELETE", "/servers/{server_id}", OneServer, Ack, token="account", field_codes=_NO_SERVER)
