"""The endpoint table, walked on both databases: every call succeeds in the documented shape, refuses every token but its
own, and knows nothing of what belongs to others."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args
from uuid import uuid4

import pytest

from carom.server.http.api import Routes
from carom.server.http.routes import routes
from carom.server.store.database import Database
from carom.testing import LocalServer
from carom.wire._kinds import is_list, is_object
from carom.wire.endpoint import Endpoint, Method, Token, encode_json
from carom.wire.endpoints import ENDPOINTS
from carom.wire.server import GET_SERVER
from tests.contract.conftest import Answer
from tests.contract.recipes import NO_SUCCESS, RECIPES, Request
from tests.contract.recipes.request import PAGE
from tests.contract.walking import NAMES, account, account_beside, anyio_backend, ask, database, places, server_beside
from tests.wire.test_goldens import EXAMPLES, NOT_THERE, endpoint_of

__all__ = ["anyio_backend", "database"]

pytestmark = pytest.mark.anyio

WITH_SUCCESS = [name for name in NAMES if name not in NO_SUCCESS]

DATA = "*"
"""The keys below are data, not names of fields."""

OPEN: dict[str, str] = {
    "Metadata": "the sender's own names",
    "SuggestedTemplateModel": "the names of the template",
    "Details": "depends on the event",
}
"""Fields whose members are no fields, and why."""

DIFFERENT: dict[str, tuple[str, str]] = {
    "SEND_BATCH": (r"\[\]\.InactiveRecipients", "an addition of Carom's"),
    "GET_TAG_TRIGGERS": (r"\.Tags.+", "they are retired, so the list is empty"),
    **dict.fromkeys(
        ("GET_OPENS", "GET_OPENS_OF_MESSAGE", "GET_CLICKS_OF_MESSAGE"),
        (r".*\.(ReadSeconds|RecordType)", "recorded answers have these, one example or the other lacks them"),
    ),
    **dict.fromkeys(
        ("GET_WEBHOOKS", "CREATE_WEBHOOK", "GET_WEBHOOK", "UPDATE_WEBHOOK"),
        (r".*\.Status", "the newest documents have it, the example does not"),
    ),
    "GET_TRACKED_COUNTS": (r"\.Days.+", "tracked messages count when a worker sends them, and there is none here"),
    **dict.fromkeys(
        ("CREATE_DOMAIN", "GET_DOMAIN", "UPDATE_DOMAIN", "VERIFY_DOMAIN_DKIM", "VERIFY_DOMAIN_RETURN_PATH"),
        (r"\.CustomTracking.+", "a client knows these, the example does not"),
    ),
    **dict.fromkeys(
        ("GET_OPEN_EMAILCLIENTS", "GET_OPEN_READTIMES", "GET_CLICK_BROWSERFAMILIES"),
        (".+", "the keys are the names of programs, and times"),
    ),
    **dict.fromkeys(
        ("GET_WEBHOOKS", "CREATE_WEBHOOK", "GET_WEBHOOK", "UPDATE_WEBHOOK"),
        (r".*\.Status", "the documentation of 2026 has it, which is newer than the example"),
    ),
    **dict.fromkeys(
        ("GET_INBOUND_MESSAGES", "GET_INBOUND_MESSAGE"),
        (
            r".*\.(MessageStream|MailboxHash|Bcc|BccFull|StrippedTextReply)",
            "Postmark's clients know these of today's answers, which are newer than the example",
        ),
    ),
}
"""Where an answer has other keys than the sheet's example, and why."""


def shape(value: Any) -> Any:
    """Return the keys of an answer; a list has all those of its items."""
    if is_object(value):
        return {name: DATA if name in OPEN else shape(member) for name, member in value.items()}
    if is_list(value):
        return [merged([shape(item) for item in value])]
    return None


def merged(shapes: list[Any]) -> Any:
    """Put the keys of several shapes together."""
    objects = [one for one in shapes if is_object(one)]
    if not objects:
        return next(iter(shapes), None)
    names = dict.fromkeys(name for one in objects for name in one)
    return {name: merged([one[name] for one in objects if name in one]) for name in names}


def paths(shaped: Any, at: str = "") -> set[str]:
    """Write a shape as the set of its paths."""
    if is_object(shaped):
        return {path for name, member in shaped.items() for path in ({f"{at}.{name}"} | paths(member, f"{at}.{name}"))}
    return paths(shaped[0], f"{at}[]") if is_list(shaped) else set()


GOLDENS: Mapping[Endpoint[Any, Any], Any] = {
    endpoint_of(example): example["success_example"] for example in EXAMPLES if example["id"] not in NOT_THERE
}


@pytest.mark.parametrize("name", WITH_SUCCESS)
async def test_it_succeeds_in_the_documented_shape(database: Database, name: str) -> None:
    """The answer decodes into the endpoint's type, comes out the same, and has the keys of the sheet's example."""
    endpoint = ENDPOINTS[name]
    mine = await account(database)
    answer = (await ask(mine, endpoint, await RECIPES[name](mine))).ok
    decoded = endpoint.decode(json.dumps(answer).encode())
    assert shape(json.loads(encode_json(decoded))) == shape(answer)
    if endpoint in GOLDENS:
        different = paths(shape(answer)) ^ paths(shape(GOLDENS[endpoint]))
        if name in DIFFERENT:
            place, _ = DIFFERENT[name]
            assert different, "it is not different any more"
            assert {path for path in different if not re.fullmatch(place, path)} == set()
        else:
            assert different == set()


@pytest.mark.parametrize("name", NAMES)
async def test_it_takes_no_token_but_its_own(database: Database, name: str) -> None:
    """None, an unknown one, one of the other kind in either header, and the test token where it may not be used."""
    endpoint = ENDPOINTS[name]
    mine = await account(database)
    request = await RECIPES[name](mine) if name in RECIPES else Request(dict.fromkeys(places(endpoint), 1))
    other: Token = "account" if endpoint.token == "server" else "server"
    tokens = [None, str(uuid4()), "nonsense", getattr(mine.tokens, other)]
    if not endpoint.takes_test_token:
        tokens.append("POSTMARK_API_TEST")
    for token in tokens:
        assert (await ask(mine, endpoint, request, token)).code == (401, 10), token
    path = endpoint.path.format_map(request.at)
    assert (await mine.call(endpoint.method, path, request.body, kind=other)).code == (401, 10)


NEIGHBOURS = {"another account": account_beside, "another server of the account": server_beside}


def is_of_one_account(name: str, neighbour: str) -> bool:
    """Whether two servers of an account may see the same, the token being the account's."""
    return ENDPOINTS[name].token == "account" and NEIGHBOURS[neighbour] is server_beside


@pytest.mark.parametrize(
    ("name", "neighbour"),
    [(name, beside) for name in WITH_SUCCESS for beside in NEIGHBOURS if not is_of_one_account(name, beside)],
)
async def test_what_others_own_is_as_if_not_there(database: Database, name: str, neighbour: str) -> None:
    """Whoever names a thing of another account gets the answer for a thing that nobody has, and does nothing to it. So
    does a server that names a thing of another one."""
    endpoint = ENDPOINTS[name]
    mine = await account(database)
    theirs = await NEIGHBOURS[neighbour](mine)
    request = await RECIPES[name](theirs)
    assert set(request.at) <= set(request.unknown)
    if request.unknown:
        foreign, unknown = await ask(mine, endpoint, request), await ask(mine, endpoint, request.of_nothing())
        assert foreign.status == unknown.status
        assert nameless(foreign, request) == nameless(unknown, request.of_nothing())
    assert (await ask(theirs, endpoint, request)).ok is not None


LISTS = [name for name in WITH_SUCCESS if not ENDPOINTS[name].has_body and not places(ENDPOINTS[name])]


@pytest.mark.parametrize("name", LISTS)
async def test_lists_and_sums_are_of_ones_own(database: Database, name: str) -> None:
    """Whatever others have: what is answered is what was answered before they had it."""
    endpoint = ENDPOINTS[name]
    mine = await account(database)
    everything = Request(query=PAGE)
    before = (await ask(mine, endpoint, everything)).ok
    for neighbour, beside in NEIGHBOURS.items():
        if not is_of_one_account(name, neighbour):
            await RECIPES[name](await beside(mine))
    assert (await ask(mine, endpoint, everything)).ok == before


def nameless(answer: Answer, request: Request) -> str:
    """An answer as text, without the names of what was asked for."""
    text = json.dumps(answer.json)
    for field in request.unknown:
        text = text.replace(str(request.named(field)), "...")
    return text


@pytest.mark.parametrize("path", sorted({endpoint.path for endpoint in ENDPOINTS.values()}))
async def test_a_method_that_a_path_does_not_have_is_405(database: Database, path: str) -> None:
    """With Postmark's error, before any token."""
    mine = await account(database)
    has = {endpoint.method for endpoint in ENDPOINTS.values() if endpoint.path == path}
    for method in {*get_args(Method), "HEAD", "OPTIONS"} - has:
        answer = await mine.call(method, path.replace("{", "").replace("}", ""), token=None)
        assert answer.code == (405, 405), method


def test_every_served_endpoint_has_a_recipe() -> None:
    """Or a reason why it cannot succeed; and no recipe is left of an endpoint that is gone."""
    assert set(NAMES) - set(RECIPES) == set(NO_SUCCESS)
    assert set(RECIPES) <= set(ENDPOINTS)


def test_routes_are_exactly_the_table() -> None:
    """A route that is missing or one too many is told by name."""
    routes.check(ENDPOINTS.values())
    with pytest.raises(RuntimeError, match=r"not in the table \{Endpoint\(GET /server\)\}"):
        routes.check([endpoint for endpoint in ENDPOINTS.values() if endpoint is not GET_SERVER])
    empty = Routes()
    with pytest.raises(RuntimeError, match=r"not served \{Endpoint\(GET /server\)\}"):
        empty.check([GET_SERVER])


def test_a_server_with_a_route_missing_does_not_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It is found out before the first request."""
    monkeypatch.setattr("carom.server.app.ENDPOINTS", dict(list(ENDPOINTS.items())[1:]))
    with pytest.raises(RuntimeError, match="routes and endpoint table differ"), LocalServer(data=tmp_path):
        pass
