"""What the real service forgives, every call forgives: walked over the endpoint table."""

import gzip
import json
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from carom.server.store.database import Database
from carom.wire._kinds import is_list, is_object
from carom.wire.endpoint import Endpoint
from carom.wire.endpoints import ENDPOINTS
from tests.contract.conftest import Answer, Server
from tests.contract.recipes import RECIPES, Request
from tests.contract.walking import NAMES, account, anyio_backend, database

__all__ = ["anyio_backend", "database"]

pytestmark = pytest.mark.anyio

OF_SERVERS = [name for name in NAMES if name in RECIPES and ENDPOINTS[name].token == "server"]

DATA = frozenset({"metadata", "templatemodel", "testrendermodel", "attachments_data"})
"""Fields whose keys are the caller's own words."""


class Asked:
    """A call, as it goes out."""

    def __init__(self, endpoint: Endpoint[Any, Any], request: Request) -> None:
        self.method = endpoint.method
        self.token = endpoint.token
        self.path = endpoint.path.format_map(request.at)
        self.literal = endpoint.path
        self.at = request.at
        self.query = dict(request.query)
        self.body: Any = request.body

    async def of(self, server: Server) -> Answer:
        query = "&".join(f"{name}={value}" for name, value in self.query.items())
        path = f"{self.path}?{query}" if query else self.path
        return await server.call(self.method, path, self.body, kind=self.token)

    def spelled(self, change: Callable[[str], str]) -> str:
        """The path with its words changed, and its values as they are."""
        words = (part if part.startswith("{") else change(part) for part in self.literal.split("/"))
        return "/".join(words).format_map(self.at)


def keys(value: Any, change: Callable[[str], str]) -> Any:
    """A JSON value with the names of its fields changed, but not the caller's own words."""
    if is_object(value):
        return {
            change(name): member if name.lower() in DATA else keys(member, change) for name, member in value.items()
        }
    return [keys(item, change) for item in value] if is_list(value) else value


def texts(value: Any) -> Any:
    """A JSON value with numbers and truth values as texts, as some clients send them."""
    if is_object(value):
        return {name: member if name.lower() in DATA else texts(member) for name, member in value.items()}
    if is_list(value):
        return [texts(item) for item in value]
    return json.dumps(value) if isinstance(value, bool | int) else value


def in_upper_case(asked: Asked) -> None:
    asked.path = asked.spelled(str.upper)


def with_a_slash(asked: Asked) -> None:
    asked.path += "/"


def query_in_other_case(asked: Asked) -> None:
    asked.query = {name.swapcase(): value for name, value in asked.query.items()}


def with_empty_and_unknown_query(asked: Asked) -> None:
    asked.query |= {"tag": asked.query.get("tag", ""), "fromdate": "", "unknown": "x"}


def with_null_where_no_body_is(asked: Asked) -> None:
    if asked.body is None:
        asked.body = b"null"


def with_an_object_where_no_body_is(asked: Asked) -> None:
    if asked.body is None:
        asked.body = {}


def body_in_lower_case(asked: Asked) -> None:
    asked.body = keys(asked.body, str.lower)


def body_in_camel_case(asked: Asked) -> None:
    asked.body = keys(asked.body, lambda name: name[:1].lower() + name[1:])


def with_nulls_and_unknown_fields(asked: Asked) -> None:
    if is_object(asked.body):
        absent = {"Tag", "ReplyTo", "Cc", "Description", "HttpAuth", "Metadata", "Attachments"} - asked.body.keys()
        asked.body = {**asked.body, **dict.fromkeys(absent), "Unknown": {"a": [1]}}


def numbers_as_texts(asked: Asked) -> None:
    asked.body = texts(asked.body)


def as_it_is(asked: Asked) -> None:
    """Change nothing."""


VARIANTS: list[Callable[[Asked], None]] = [
    as_it_is,
    in_upper_case,
    with_a_slash,
    query_in_other_case,
    with_empty_and_unknown_query,
    with_null_where_no_body_is,
    with_an_object_where_no_body_is,
    body_in_lower_case,
    body_in_camel_case,
    with_nulls_and_unknown_fields,
    numbers_as_texts,
]


@pytest.mark.parametrize("name", OF_SERVERS)
async def test_however_it_is_spelled_it_is_the_same_call(database: Database, name: str) -> None:
    """Each spelling on an account of its own, as most calls work once; the answer has the same fields."""
    endpoint = ENDPOINTS[name]
    expected: Any = None
    for variant in VARIANTS:
        server = await account(database)
        asked = Asked(endpoint, await RECIPES[name](server))
        variant(asked)
        answer = await asked.of(server)
        assert answer.status == 200, (variant, answer)
        fields = _fields(answer.json)
        expected = fields if expected is None else expected
        assert fields == expected, variant


def _fields(value: Any) -> Any:
    if is_object(value):
        return {name: _fields(member) for name, member in value.items()}
    return [_fields(item) for item in value] if is_list(value) else type(value).__name__


@pytest.mark.parametrize(
    "query",
    [
        "/messages/outbound?count=1&offset=0&fromdate={}&todate={}",
        "/messages/inbound?Count=1&OFFSET=0&fromDate={}&toDate={}",
        "/bounces?count=1&offset=0&fromdate={}&todate={}",
        "/stats/outbound?fromdate={}&todate={}",
        "/message-streams/outbound/suppressions/dump?fromdate={}&todate={}",
    ],
)
async def test_dates_are_read_as_clients_write_them(database: Database, query: str) -> None:
    server = await account(database)
    await server.send()
    times = ("2026-11-23T08:00:00+00:00", "2026-11-23T08:00:00%2B00:00", "2026-11-23T08:00:00.123Z", "2026-11-23 08:00")
    for date in ("2026-11-23", "2026-11-3", "2026-9-7", "2026-09-07", " 2026-11-23 ", *times):
        assert (await server.call("GET", query.format(date, date).replace(" ", "%20"))).status == 200, date


async def test_php_writes_an_empty_model_as_an_array(database: Database) -> None:
    """And names no template by the number 0; a number may be a text."""
    server = await account(database)
    made = await server.post("/templates", {"Name": "T", "Subject": "S", "TextBody": "T"})
    email: dict[str, Any] = {
        "From": "me@example.com",
        "To": "ann@example.org",
        "TemplateModel": [],
        "Metadata": [],
        "Headers": [],
    }
    for name in (
        {"TemplateId": 0, "TemplateAlias": made["Alias"]},
        {"TemplateId": str(made["TemplateId"])},
        {"TemplateId": "", "TemplateAlias": made["Alias"]},
        {"TemplateId": made["TemplateId"], "TemplateAlias": "wins.not"},
    ):
        assert (await server.post("/email/withTemplate", {**email, **name}))["Message"] == "OK"
        [answer] = await server.post("/email/batchWithTemplates", {"messages": [{**email, **name}]})
        assert answer["ErrorCode"] == 0
    assert (await server.post("/templates/validate", {"TextBody": "x", "TestRenderModel": []}))["AllContentIsValid"]


@pytest.mark.parametrize(
    "kind", [None, "application/json", "text/json", "Application/JSON; charset=utf-8", "text/x-json"]
)
async def test_bodies_that_say_to_be_json_or_nothing(database: Database, kind: str | None) -> None:
    server = await account(database)
    rule = {"Rule": "example.org"}
    assert (await server.call("POST", "/triggers/inboundrules", rule, content_type=kind)).status == 200
    for method, path in (("GET", "/server"), ("GET", "/triggers/inboundrules?count=1&offset=0")):
        assert (await server.call(method, path, b"null", content_type=kind or "text/plain")).status == 200


EMAIL: dict[str, Any] = {"From": "me@example.com", "To": "ann@example.org", "TextBody": "Hello"}


@pytest.mark.parametrize("asked", ["htmlandtext", "HTMLANDTEXT", "HtmlAndText"])
async def test_links_to_track_are_named_in_any_case(database: Database, asked: str) -> None:
    """And answered as Postmark spells them, however they were sent."""
    server = await account(database)
    sent = [await server.send(TrackLinks=asked)]
    [batched] = await server.post("/email/batch", [{**EMAIL, "TrackLinks": asked}])
    for message_id in [*sent, batched["MessageID"]]:
        assert (await server.get(f"/messages/outbound/{message_id}/details"))["TrackLinks"] == "HtmlAndText"
    assert (await server.call("POST", "/email", {**EMAIL, "TrackLinks": "links"})).code == (422, 300)


async def test_an_empty_object_is_an_empty_list(database: Database) -> None:
    """As some languages write both alike."""
    server = await account(database)
    empty: dict[str, Any] = {"Headers": {}, "Attachments": {}}
    assert await server.send(**empty)
    [answer] = await server.post("/email/batch", [{**EMAIL, **empty}])
    assert answer["ErrorCode"] == 0
    refused = await server.call("POST", "/email", {**EMAIL, "Headers": {"X-A": "b"}})
    assert refused.code == (422, 403)


async def test_nulls_in_metadata_are_not_given(database: Database) -> None:
    """What is neither null nor a text is refused."""
    server = await account(database)
    message_id = await server.send(Metadata={"none": None, "é": "ü 😀"})
    shown = await server.get(f"/messages/outbound/{message_id}/details")
    assert shown["Metadata"] == {"é": "ü 😀"}
    for wrong in (7, True, {"b": "c"}, ["d"]):
        assert (await server.call("POST", "/email", {**EMAIL, "Metadata": {"a": wrong}})).code == (422, 403)


@pytest.mark.parametrize(
    "to",
    [
        "ann@example.org\r\n",
        "\tann@example.org ",
        "ann@example.org,\r\n\tbob@example.org",
        "\nann@example.org,\n bob@example.org",
    ],
)
async def test_lists_of_addresses_may_be_folded(database: Database, to: str) -> None:
    """As the headers are that some programs take them from; another line is no part of them."""
    server = await account(database)
    message_id = await server.send(to)
    shown = await server.get(f"/messages/outbound/{message_id}/details")
    assert shown["Recipients"] == ["ann@example.org", "bob@example.org"][: to.count("@")]
    refused = await server.call("POST", "/email", {**EMAIL, "To": f"{to}\r\nBcc: eve@example.org"})
    assert refused.code == (422, 300)


@pytest.mark.parametrize("path", ["//server", "/server//", "///SERVER/"])
async def test_slashes_too_many_count_for_one(database: Database, path: str) -> None:
    """A base URL that ends with one makes them."""
    server = await account(database)
    assert (await server.get(path))["ID"] == server.store.tenant.server_id


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "identity": lambda content: content,
    "": lambda content: b"\xef\xbb\xbf" + content,
}


@pytest.mark.parametrize("coding", PACKED)
async def test_bodies_may_be_compressed_and_begin_with_a_mark(database: Database, coding: str) -> None:
    """Some clients compress what is large, and .NET's writers mark UTF-8."""
    server = await account(database)
    packed = PACKED[coding](json.dumps(EMAIL).encode())
    answer = await server.call("POST", "/email", packed, headers={"content-encoding": coding})
    assert answer.ok["ErrorCode"] == 0


@pytest.mark.parametrize(
    ("coding", "body", "code"),
    [
        ("gzip", b"no gzip", (422, 402)),
        ("gzip", gzip.compress(b"{}", mtime=0)[:-9], (422, 402)),
        ("br", b"{}", (415, 409)),
        ("gzip", gzip.compress(b" " * 100_000_000, mtime=0), (413, 413)),
    ],
)
async def test_what_cannot_be_inflated_is_refused(
    database: Database, coding: str, body: bytes, code: tuple[int, int]
) -> None:
    """And nothing is inflated further than a body may be large."""
    server = await account(database)
    assert (await server.call("POST", "/email", body, headers={"content-encoding": coding})).code == code


LISTS = [name for name in NAMES if {"count", "offset"} <= set(ENDPOINTS[name].request.__struct_fields__)]


@pytest.mark.parametrize("name", [name for name in LISTS if name in RECIPES])
async def test_a_page_of_none_has_no_total(database: Database, name: str) -> None:
    """As at Postmark: whoever wants to count alone asks for one."""
    server = await account(database)
    request = await RECIPES[name](server)
    asked = Asked(ENDPOINTS[name], request)
    asked.query |= {"count": 0, "offset": 0}
    shown = (await asked.of(server)).ok
    assert shown.pop("TotalCount") == 0
    assert list(shown.values()) == [[]]
