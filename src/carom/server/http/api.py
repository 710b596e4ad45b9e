"""The API as a plain ASGI application: the endpoint table is the router.

The order of checks is Postmark's: path and method, then the token, then the body. Paths match without regard to case,
with or without one trailing slash. Every answer, errors too, is a JSON object or array.
"""

import itertools
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from dataclasses import replace
from hashlib import sha256
from typing import Any, TypeVar
from urllib.parse import parse_qsl, unquote_to_bytes
from uuid import uuid4

import msgspec
import structlog
from sqlalchemy.exc import DBAPIError, IntegrityError

from carom.server.http.calls import Call
from carom.server.http.openapi import document
from carom.server.http.requests import json_of
from carom.server.keyring import token_hash
from carom.server.logs import REQUEST
from carom.server.pipeline.intake import Context
from carom.server.rules.accepting import Once
from carom.server.rules.refusals import Refusal
from carom.server.store import servers
from carom.wire.email import MAX_KEY
from carom.wire.endpoint import Ask, BadFields, BadJson, BadTexts, Endpoint, encode_json
from carom.wire.errors import error_body
from carom.wire.openapi import OPENAPI_PATH

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = Mapping[bytes, bytes]
Req = TypeVar("Req", bound=Ask)
Res = TypeVar("Res")
Handler = Callable[[Call, Any], Awaitable[Any]]

TEST_TOKEN = "POSTMARK_API_TEST"
JSON = (b"content-type", b"application/json; charset=utf-8")
PRIVATE = (b"cache-control", b"private")

IDEMPOTENCY_KEY = b"idempotency-key"
MOST_REMEMBERED = 10_000
"""How many tokens are remembered at most."""
_TOKEN_HEADERS = {kind: f"x-postmark-{kind}-token".encode() for kind in ("server", "account")}

log = structlog.get_logger("carom.http")


class _Node:
    """A segment of the paths: literal children first, then the one that stands for a value."""

    __slots__ = ("children", "methods", "value")

    def __init__(self) -> None:
        self.children: dict[str, _Node] = {}
        self.value: tuple[str, _Node] | None = None
        self.methods: dict[str, tuple[Endpoint[Any, Any], Handler]] = {}


class Routes:
    """Handlers by endpoint. Handler modules fill it with ``@routes.serve(ENDPOINT)``."""

    def __init__(self) -> None:
        """Begin empty."""
        self._root = _Node()
        self._literal: dict[str, _Node] = {}
        self.served: dict[Endpoint[Any, Any], Handler] = {}

    def serve(
        self, endpoint: Endpoint[Req, Res]
    ) -> Callable[[Callable[[Call, Req], Awaitable[Res]]], Callable[[Call, Req], Awaitable[Res]]]:
        """Register the handler of an endpoint. A decorator, so that the type checkers fix both types by the endpoint
        before they look at the handler."""

        def register(handler: Callable[[Call, Req], Awaitable[Res]]) -> Callable[[Call, Req], Awaitable[Res]]:
            node = self._root
            for segment in endpoint.path.strip("/").split("/"):
                if segment.startswith("{"):
                    node.value = node.value or (segment[1:-1], _Node())
                    node = node.value[1]
                else:
                    node = node.children.setdefault(segment.lower(), _Node())
            node.methods[endpoint.method] = (endpoint, handler)
            if "{" not in endpoint.path:
                self._literal[endpoint.path] = node
            self.served[endpoint] = handler
            return handler

        return register

    def check(self, table: Iterable[Endpoint[Any, Any]]) -> None:
        """Raise RuntimeError unless exactly the endpoints of the table are served."""
        served = set(self.served)
        missing, extra = set(table) - served, served - set(table)
        if missing or extra:
            raise RuntimeError(f"routes and endpoint table differ: not served {missing}, not in the table {extra}")

    def find(self, path: str) -> tuple[_Node, dict[str, str]] | None:
        """Return the place of a path with the values in it. Slashes too many count for one: a base URL may end with one."""
        if (literal := self._literal.get(path)) is not None:
            return literal, {}
        node, at = self._root, dict[str, str]()
        for segment in filter(None, path.split("/")):
            child = node.children.get(segment.lower())
            if child is None:
                if node.value is None:
                    return None
                name, child = node.value
                at[name] = unquote_to_bytes(segment).decode("utf-8", "replace")
            node = child
        return (node, at) if node.methods else None


class Api:
    """The ASGI application."""

    def __init__(self, context: Context, routes: Routes) -> None:
        """Serve what is registered."""
        self._context = context
        self._routes = routes
        self._remembered: dict[str, Call] = {}
        self._numbers = itertools.count(time.time_ns() // 1_000)  # so that a restart begins with others

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            raise RuntimeError(f"unexpected ASGI scope: {scope['type']}")
        REQUEST.set(next(self._numbers))
        try:
            body = encode_json(await self._answer(scope, receive))
            await _respond(send, 200, body)
        except Refusal as refusal:
            await _refuse(send, refusal)
        except Exception as error:  # the caller gets an id under which the log has the rest
            if isinstance(error, DBAPIError) and not isinstance(error, IntegrityError):
                log.exception("the store cannot be used", path=scope["path"])
                await _refuse(send, Refusal(100, reason="the store cannot be written or read"))
                return
            error_id = str(uuid4())
            log.exception("unexpected error", path=scope["path"], error_id=error_id)
            await _refuse(send, Refusal(101, error_id=error_id))

    async def _answer(self, scope: Scope, receive: Receive) -> Any:
        if scope["path"].lower() == OPENAPI_PATH:
            return document(scope["method"], self._routes.served)
        endpoint, handler, at = self._route(scope)
        headers = dict(reversed(scope["headers"]))  # the first of a name counts
        token = headers.get(_TOKEN_HEADERS[endpoint.token], b"").decode("latin-1").strip()
        call = await self._authenticate(endpoint, token)
        try:
            request, once = await self._read(endpoint, at, headers, scope, receive)
            return await handler(call if once is None else replace(call, once=once), request)
        except Refusal:
            if call.token is not None:
                await self._look_up_again(endpoint, token)
            raise

    async def _read(
        self, endpoint: Endpoint[Req, Any], at: dict[str, str], headers: Headers, scope: Scope, receive: Receive
    ) -> tuple[Req, Once | None]:
        """Read a request, and what makes it one that is carried out once."""
        body = await _read_body(headers, receive, endpoint.max_body)
        if endpoint.has_body:
            body = json_of(headers, body, endpoint.max_body)
        asked: bytes = scope["query_string"]
        query = parse_qsl(asked.decode("latin-1"), keep_blank_values=True) if asked else ()
        if endpoint.sends and not self._context.has_room():
            raise Refusal(100, reason="the disk is nearly full")
        once = _once(endpoint, headers, body) if endpoint.takes_key and IDEMPOTENCY_KEY in headers else None
        return _parse(endpoint, at, query, body), once

    def _route(self, scope: Scope) -> tuple[Endpoint[Any, Any], Handler, dict[str, str]]:
        raw_path: bytes = scope.get("raw_path") or scope["path"].encode()
        path = raw_path.partition(b"?")[0].decode("latin-1")
        found = self._routes.find(path)
        if found is None:
            raise Refusal(404, path=path)
        node, at = found
        if scope["method"] not in node.methods:
            raise Refusal(405, method=scope["method"], path=path)
        return *node.methods[scope["method"]], at

    async def _authenticate(self, endpoint: Endpoint[Any, Any], token: str) -> Call:
        if endpoint.sends:
            remembered = self._remembered.get(token)
            if remembered is not None:
                return remembered
            if token.upper() == TEST_TOKEN:
                return Call(self._context)
        call = await self._call_of(endpoint.token, token) if token else None
        if call is None:
            raise Refusal(10, kind=endpoint.token.capitalize())
        if endpoint.sends:
            self._remember(token, replace(call, token=token_hash(token)))
        return call

    def _remember(self, token: str, call: Call) -> None:
        """Spare the next sends with a token a trip of its own: the one that stores the mail looks the token up."""
        if len(self._remembered) >= MOST_REMEMBERED:
            self._remembered.clear()
        self._remembered[token] = call

    async def _look_up_again(self, endpoint: Endpoint[Any, Any], token: str) -> None:
        """Raise Refusal for a token that was remembered and is no longer good: that comes before any other fault."""
        self._remembered.pop(token, None)
        await self._authenticate(endpoint, token)

    async def _call_of(self, kind: str, token: str) -> Call | None:
        """Look a token up among those of its kind alone: one of the other kind is as unknown as one made up."""
        if kind == "account":
            account_id = await self._context.database.read(servers.account_by_token, token)
            return None if account_id is None else Call(self._context, account_or_none=account_id)
        tenant = await self._context.database.read(servers.by_token, token)
        return None if tenant is None else Call(self._context, tenant)


def _parse(endpoint: Endpoint[Req, Any], at: dict[str, str], query: Iterable[tuple[str, str]], body: bytes) -> Req:
    try:
        return endpoint.parse(at, query, body)
    except BadJson as error:
        raise Refusal(402, reason=error) from error
    except BadFields as error:
        raise _bad_fields(endpoint, error) from error


def _once(endpoint: Endpoint[Any, Any], headers: Headers, body: bytes) -> Once | None:
    """Read the Idempotency-Key: the same key means the same only at one endpoint and with one body."""
    given = headers[IDEMPOTENCY_KEY]
    if not given:
        return None
    key = given.decode("latin-1").strip()
    if not 0 < len(key) <= MAX_KEY:
        raise Refusal(1701, reason=f"it must have 1 to {MAX_KEY} characters")
    return Once(key, sha256(b"%b\0%b" % (endpoint.path.encode(), body)).digest())


async def _read_body(headers: Headers, receive: Receive, limit: int) -> bytes:
    declared = int(headers.get(b"content-length", b"") or b"0")
    chunks: list[bytes] = []
    size, more = 0, declared <= limit
    while more:
        event = await receive()
        if event["type"] == "http.disconnect":
            raise Refusal(402, reason="the request ended before its body")
        chunk: bytes = event.get("body", b"")
        chunks.append(chunk)
        size += len(chunk)
        more = size <= limit and event.get("more_body", False)
    if max(declared, size) > limit:
        raise Refusal(413, limit=f"{limit // 1_000_000} MB")
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _bad_fields(endpoint: Endpoint[Any, Any], error: BadFields) -> Refusal:
    """Use the endpoint's own code for bad fields where Postmark has one."""
    names = ", ".join(f"'{name}'" for name in error.names)
    if isinstance(error, BadTexts) and endpoint.sends:
        return Refusal(300, text=f"Invalid {names}: it holds a NUL.")
    code = next((endpoint.field_codes[name] for name in error.names if name in endpoint.field_codes), 403)
    return Refusal(code, fields=names, text=f"Invalid value for {names}.")


async def _refuse(send: Send, refusal: Refusal) -> None:
    code = (b"x-pm-apierrorcode", str(refusal.code).encode())
    body = error_body(refusal.code, refusal.message, refusal.errors, refusal.inactive)
    await _respond(send, refusal.status, body, code)


async def _respond(send: Send, status: int, body: bytes, *headers: tuple[bytes, bytes]) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [JSON, PRIVATE, length, *headers]})
    await send({"type": "http.response.body", "body": body})


def decode_item(raw: msgspec.Raw, endpoint: Endpoint[Req, Any]) -> Req:
    """Read one item of a batch as a request of its own. Raises Refusal."""
    return _parse(endpoint, {}, (), bytes(raw))
