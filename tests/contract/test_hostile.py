"""Whatever is sent, the answer is Postmark's: never 500, and never a refusal that is not documented."""

from typing import Any

import msgspec
import pytest

from carom.server.store.database import Database, SqliteDatabase
from carom.wire.endpoint import Endpoint
from carom.wire.endpoints import ENDPOINTS
from tests.contract import hostile
from tests.contract.conftest import Server
from tests.contract.recipes import RECIPES, Request
from tests.contract.walking import NAMES, account, anyio_backend, ask, database, places

__all__ = ["anyio_backend", "database"]

pytestmark = pytest.mark.anyio


async def a_request(server: Server, name: str) -> Request:
    """Return a good request, or one with any values in its places."""
    if name in RECIPES:
        return await RECIPES[name](server)
    return Request(at=dict.fromkeys(places(ENDPOINTS[name]), 1))


def names_beside_path(endpoint: Endpoint[Any, Any]) -> list[str]:
    """Return what a query or body may hold."""
    fields = msgspec.structs.fields(endpoint.request)
    return [field.encode_name for field in fields if not endpoint.in_path(field.name)]


def query_names(endpoint: Endpoint[Any, Any]) -> list[str]:
    """Return what a query may hold."""
    return [] if endpoint.has_body else names_beside_path(endpoint)


def body_names(endpoint: Endpoint[Any, Any]) -> list[str]:
    """Return what a body may hold."""
    return names_beside_path(endpoint) if endpoint.has_body else []


@pytest.mark.parametrize("name", [name for name in NAMES if body_names(ENDPOINTS[name])])
async def test_no_body_is_too_much(database: Database, name: str) -> None:
    """Each value of a good body is replaced by each hostile one."""
    server = await account(database)
    good = await a_request(server, name)
    wrong: list[str] = []
    for what, body in hostile.bodies(good.body or {"X": 1}, all_of_them=isinstance(database, SqliteDatabase)):
        answer = await ask(server, ENDPOINTS[name], msgspec.structs.replace(good, body=body))
        if answer.status >= 500:
            wrong.append(f"{what}: {answer.json}")
    assert wrong == []


@pytest.mark.parametrize("name", NAMES)
async def test_no_path_and_no_query_is_too_much(database: Database, name: str) -> None:
    """Each place in the path and each name of the query is given each hostile text."""
    endpoint = ENDPOINTS[name]
    server = await account(database)
    good = await a_request(server, name)
    wrong: list[str] = []
    for what, text in hostile.texts(all_of_them=isinstance(database, SqliteDatabase)).items():
        requests = {
            **{place: msgspec.structs.replace(good, at={**good.at, place: text}) for place in good.at},
            **{
                field: msgspec.structs.replace(good, query={**good.query, field: text})
                for field in query_names(endpoint)
            },
        }
        for field, request in requests.items():
            answer = await ask(server, endpoint, request)
            if answer.status >= 500:
                wrong.append(f"{what} in {field}: {answer.json}")
    assert wrong == []
