"""Servers."""

from typing import Any

from tests.contract.conftest import Server
from tests.contract.recipes.request import PAGE, UNKNOWN_NUMBER, Request, recipe


@recipe("UPDATE_SERVER")
async def _update_server(server: Server) -> Request:
    return Request(body={"TrackOpens": True})


async def of_account(server: Server, method: str, path: str, body: Any = None) -> Any:
    return (await server.account(method, path, body)).ok


@recipe("GET_SERVERS")
async def _servers(server: Server) -> Request:
    return Request(query=PAGE)


@recipe("CREATE_SERVER")
async def _create_server(server: Server) -> Request:
    return Request(body={"Name": "Staging Testing", "Color": "red"})


@recipe("GET_SERVER_BY_ID", "DELETE_SERVER")
async def _one_server(server: Server) -> Request:
    return Request(at={"server_id": await _server_id(server)}, unknown={"server_id": UNKNOWN_NUMBER})


async def _server_id(server: Server) -> int:
    number: int = (await server.get("/server"))["ID"]
    return number


@recipe("UPDATE_SERVER_BY_ID")
async def _update_one_server(server: Server) -> Request:
    body = {"Color": "blue"}
    return Request(at={"server_id": await _server_id(server)}, body=body, unknown={"server_id": UNKNOWN_NUMBER})
