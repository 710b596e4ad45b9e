"""What comes from outside is a value to the database, never a part of a statement, a pattern or a path: over the endpoint
table, on both databases."""

from typing import Any, get_args
from urllib.parse import quote

import pytest
from msgspec.structs import FieldInfo, fields, replace

from carom.server.store.database import Database
from carom.wire._kinds import is_list, is_object
from carom.wire.endpoints import ENDPOINTS
from tests.contract.recipes import NO_SUCCESS, RECIPES
from tests.contract.walking import NAMES, account, anyio_backend, ask, database, places

__all__ = ["anyio_backend", "database"]

pytestmark = pytest.mark.anyio

STATEMENTS = ("' OR '1'='1", "x' OR 1=1 --", '" OR ""="', "'; DROP TABLE message; --", "1) OR (1=1", "$1", ":x", "?")
PATTERNS = ("%", "_", "\\", "*", "%doe%", "john_doe@example.com", "J%", "[a-z]")
PATHS = (
    "../../etc/passwd",
    "..\\secret",
    "/etc/passwd",
    ".",
    "..",
    "1 OR 1=1",
    "1;DROP TABLE message",
    "1'--",
    "~",
    "%",
)


def text_fields(name: str) -> list[str]:
    """The names in an endpoint's query that stand for a text."""
    endpoint = ENDPOINTS[name]
    return [] if endpoint.has_body else [
        one.encode_name for one in fields(endpoint.request) if not endpoint.in_path(one.name) and _is_text(one)
    ]  # fmt: skip


def _is_text(field: FieldInfo) -> bool:
    return str in get_args(field.type) or any(str in get_args(arm) for arm in get_args(field.type))


IGNORED = {("GET_INBOUND_RULES", "match_name"): "a client sends it, and Postmark finds nothing by it"}
"""Names that are read and do not narrow a search, and why."""

EMPTY = frozenset({"GET_TRACKED_COUNTS", "GET_TAG_TRIGGERS"})
"""What the recipes have nothing for."""

SEARCHED = [
    (name, field) for name in NAMES if name in RECIPES for field in text_fields(name) if (name, field) not in IGNORED
]


@pytest.mark.parametrize(("name", "field"), SEARCHED)
async def test_a_search_finds_a_text_and_nothing_else(database: Database, name: str, field: str) -> None:
    """A statement, or a pattern that would fit what is there, is found nowhere or refused; then all is still there."""
    endpoint = ENDPOINTS[name]
    server = await account(database)
    good = await RECIPES[name](server)
    before = (await ask(server, endpoint, good)).ok
    assert is_empty(before) == (name in EMPTY)
    for text in (*STATEMENTS, *PATTERNS):
        named = {f"metadata_{quote(text)}": "blue", "metadata_color": quote(text)} if field == "metadata_" else {}
        for query in [{key: value} for key, value in named.items()] or [{field: quote(text)}]:
            answer = await ask(server, endpoint, replace(good, query={**good.query, **query}))
            assert answer.status == 422 or is_empty(answer.json), (query, answer.json)
    assert (await ask(server, endpoint, good)).ok == before


def is_empty(answer: Any) -> bool:
    """Whether an answer tells of nothing: lists without members, and numbers that are 0."""
    if is_object(answer):
        return all(is_empty(member) for member in answer.values())
    return answer == [] if is_list(answer) else answer == 0


PLACED = [name for name in NAMES if name not in NO_SUCCESS and places(ENDPOINTS[name])]


@pytest.mark.parametrize("name", PLACED)
async def test_a_name_in_a_path_is_no_path(database: Database, name: str) -> None:
    """Nor a statement: it names nothing, in any place."""
    endpoint = ENDPOINTS[name]
    server = await account(database)
    good = await RECIPES[name](server)
    for text in (*PATHS, *STATEMENTS):
        for place in good.at:
            answer = await ask(server, endpoint, replace(good, at={**good.at, place: quote(text, safe="")}))
            assert answer.status in {400, 404, 405, 422}, (text, answer.json)
    assert (await ask(server, endpoint, good)).ok is not None
