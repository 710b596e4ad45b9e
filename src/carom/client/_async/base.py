# ruff: noqa: ASYNC109  # a read timeout of the connection, not of the caller
"""What every client has: options, token, connections, and the one loop that sends, judges and tries again."""

import logging
import random
import time
from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self, TypeVar, Unpack
from uuid import uuid4

import msgspec

from carom.client import _core
from carom.client._aio import sleep
from carom.client._async.line import AsyncLine
from carom.client._async.pager import AsyncPager
from carom.client._fields import check_paging, check_types, plain, spelling, wire_fields
from carom.client._settings import ClientOptions, clean_token, resolve
from carom.client._tokens import TOKEN_VARIABLES, token_from_environment
from carom.client._windows import Windows
from carom.client.errors import Error
from carom.client.pages import Listing, Page, Record, read_page, recorded, shelf
from carom.client.response import Response
from carom.client.transports.seam import Reply, Request, TransportFault
from carom.wire._naming import postmark_name
from carom.wire.endpoint import Ask, Encoded, Endpoint, Method

T = TypeVar("T")
Req = TypeVar("Req", bound=Ask)
Res = TypeVar("Res")

_log = logging.getLogger("carom.client")


class AsyncClient:
    """A client of one token. See :class:`carom.client.ClientOptions` for the options."""

    kind: ClassVar[Literal["server", "account"]]
    _sleep = staticmethod(sleep)

    def __init__(self, api_token: str | None = None, /, **options: Unpack[ClientOptions]) -> None:
        """Make a client. Nothing is opened before the first call, which raises ValueError if there is no token: none
        here, none from :func:`carom.configure`, none in the environment. Raises TypeError for an unknown option."""
        self._token = clean_token(api_token)
        self._options = dict(options)
        self._settings = resolve(options)
        self._line = AsyncLine(self._settings)
        self._rng = random.Random()  # noqa: S311  # jitter

    @classmethod
    def from_env(cls, **options: Unpack[ClientOptions]) -> Self:
        """Make a client with the token of the environment. Raises ValueError if there is none."""
        token = token_from_environment(cls.kind)
        if token is None:
            raise ValueError(f"none of {', '.join(TOKEN_VARIABLES[cls.kind])} is set")
        return cls(token, **options)

    @classmethod
    def from_config(cls, config: Mapping[str, Any], prefix: str = "POSTMARK_") -> Self:
        """Make a client from a mapping such as an application's configuration: ``POSTMARK_API_TOKEN``,
        ``POSTMARK_TIMEOUT`` and so on, every option in upper case after the prefix."""
        names = ClientOptions.__annotations__
        options = {name: config[prefix + name.upper()] for name in names if prefix + name.upper() in config}
        given = [config.get(name.replace("POSTMARK_", prefix, 1)) for name in TOKEN_VARIABLES[cls.kind]]
        return cls(next((token for token in given if token), None), **options)

    @property
    def api_token(self) -> str | None:
        """The token that the next call uses. May be set."""
        return self._token or token_from_environment(self.kind)

    @api_token.setter
    def api_token(self, token: str | None) -> None:
        self._token = clean_token(token)

    def with_options(self, **options: Unpack[ClientOptions]) -> Self:
        """Return a client with some options changed, sharing the connections where they stay the same."""
        changed = type(self)(self._token, **{**self._options, **options})  # type: ignore[arg-type]  # as both were
        changed._line = self._line.shared(changed._settings)  # noqa: SLF001  # of its own kind
        return changed

    def with_token(self, token: str) -> Self:
        """Return a client with another token, sharing the connections."""
        other = self.with_options()
        other.api_token = token
        return other

    def __repr__(self) -> str:
        """Return where it talks to, and the last four characters of the token."""
        token = self.api_token
        shown = f"...{token[-4:]}" if token and len(token) > 8 else "..." if token else "none"
        return f"{type(self).__name__}({self._settings.origin}{self._settings.prefix}, token {shown})"

    async def __aenter__(self) -> Self:
        """Return the client."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the client."""
        await self.close()

    async def close(self) -> None:
        """Close the connections. Every later call raises RuntimeError, also in clients that share them."""
        await self._line.close()

    # Raw access

    async def request(
        self,
        method: Method,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> Response:
        """Make a call that has no method of its own. Names and values go out as they are; ``timeout`` is for reading,
        in seconds. Raises as any call does."""
        query = {name: _text(value) for name, value in (params or {}).items() if value is not None}
        _core.check_raw(method, path, timeout)
        encoded = Encoded(method, "/" + path.lstrip("/"), query, b"" if json is None else _core.raw_json(json))
        request, reply = await self._exchange(encoded, headers, timeout)
        return Response(reply.status, reply.headers, recorded(_core.decode_plain(request, reply)), reply.body)

    async def get(self, path: str, **params: Any) -> Response:
        """Make a GET call: :meth:`request`."""
        return await self.request("GET", path, params=params)

    async def post(self, path: str, json: Any = None) -> Response:
        """Make a POST call: :meth:`request`."""
        return await self.request("POST", path, json=json)

    async def put(self, path: str, json: Any = None) -> Response:
        """Make a PUT call: :meth:`request`."""
        return await self.request("PUT", path, json=json)

    async def patch(self, path: str, json: Any = None) -> Response:
        """Make a PATCH call: :meth:`request`."""
        return await self.request("PATCH", path, json=json)

    async def delete(self, path: str, **params: Any) -> Response:
        """Make a DELETE call: :meth:`request`."""
        return await self.request("DELETE", path, params=params)

    def find_each(
        self,
        path: str,
        name: str,
        *,
        page_size: int = 500,
        offset: int = 0,
        limit: int | None = None,
        **params: Any,
    ) -> AsyncPager[Record]:
        """Iterate over a list that has no method of its own: ``find_each("bounces", "Bounces", inactive=True)``.
        ``name`` is where the items stand in the answer; parameters go out as they are."""
        check_paging(page_size, offset, limit)
        _core.check_raw("GET", path, None)
        key = name if name[:1].isupper() else postmark_name(name)
        kind = shelf(key, dict[str, Any])

        async def fetch(count: int, offset: int, _: Any) -> Page[Record]:
            query = {named: _text(value) for named, value in params.items() if value is not None}
            paging = {"count": str(count), "offset": str(offset)}
            request, reply = await self._exchange(Encoded("GET", "/" + path.lstrip("/"), query | paging, b""))
            page = read_page(request, reply, kind, key, offset, count)
            return page.of([Record(item) for item in page])

        return AsyncPager(fetch, page_size=page_size, offset=offset, limit=limit)

    # What the calls are made of

    async def _call(
        self, endpoint: Endpoint[Req, Res], request: Req, more: Mapping[str, Any] | None = None, *, tell: bool = True
    ) -> Res:
        kind: type[Res] = endpoint.result
        return await self._call_as(kind, endpoint, request, more, tell=tell)

    async def _call_as(
        self,
        kind: type[T],
        endpoint: Endpoint[Req, Any],
        request: Req,
        more: Mapping[str, Any] | None = None,
        *,
        tell: bool = True,
    ) -> T:
        fields = wire_fields(endpoint.request, more, query=not endpoint.has_body) if more else None
        check_types(request, endpoint.path, fields or {})
        sent, reply = await self._exchange(endpoint.encode(request, fields))
        return _core.decode(sent, reply, kind, tell=tell)

    async def _page(
        self, listing: Listing[Any, T], at: Mapping[str, Any], filters: Mapping[str, Any], count: int, offset: int
    ) -> Page[T]:
        check_paging(count, offset)
        asked: type[Ask] = listing.endpoint.request
        names = spelling(asked)
        fields = wire_fields(asked, filters, query=True) | {names["count"]: count, names["offset"]: offset}
        check_types(asked(**at), listing.endpoint.path, fields)
        request, reply = await self._exchange(listing.endpoint.encode(asked(**at), fields))
        page = listing.read(request, reply, offset, count)
        page.bind(self)
        return page

    async def _whole(self, listing: Listing[Any, T], at: Mapping[str, Any], filters: Mapping[str, Any]) -> Page[T]:
        asked: type[Ask] = listing.endpoint.request
        fields = wire_fields(asked, filters, query=True)
        check_types(asked(**at), listing.endpoint.path, fields)
        request, reply = await self._exchange(listing.endpoint.encode(asked(**at), fields))
        return listing.read(request, reply, 0, 0)

    def _pager(
        self,
        listing: Listing[Any, T],
        at: Mapping[str, Any],
        filters: Mapping[str, Any],
        page_size: int,
        offset: int,
        limit: int | None,
    ) -> AsyncPager[T]:
        check_paging(page_size, offset, limit)

        async def fetch(count: int, offset: int, until: str | None) -> Page[T]:
            window = {} if until is None else {"todate": until}
            return await self._page(listing, at, {**filters, **window}, count, offset)

        windows = Windows(listing.identity, listing.time) if listing.identity else None
        return AsyncPager(fetch, page_size=page_size, offset=offset, limit=limit, windows=windows)

    async def _exchange(
        self, encoded: Encoded, headers: Mapping[str, str] | None = None, timeout: float | None = None
    ) -> tuple[Request, Reply]:
        request = self._outgoing(encoded, headers, timeout)
        started = time.monotonic()
        attempt = 0
        while True:
            attempt += 1
            outcome = await self._attempt(request, attempt)
            if isinstance(outcome, Reply):
                return request, outcome
            seconds = _core.pause(self._settings.retry, outcome, attempt, time.monotonic() - started, self._rng)
            if seconds is None:
                raise outcome
            await self._sleep(seconds)

    def _outgoing(self, encoded: Encoded, headers: Mapping[str, str] | None, timeout: float | None) -> Request:
        # Apart from the call: what a debugger or an error tracker shows of its variables holds no token.
        token = self.api_token
        if token is None:
            raise ValueError(f"no api_token: give one, or set {TOKEN_VARIABLES[self.kind][0]}")
        request = _core.outgoing(self._settings, (_core.AUTH_HEADERS[self.kind], token), encoded, str(uuid4()))
        if headers:
            request = request._replace(headers={**request.headers, **_core.checked_headers(headers)})
        return request if timeout is None else request._replace(read_timeout=timeout)

    async def _attempt(self, request: Request, attempt: int) -> Reply | Error:
        started = time.perf_counter()
        reply: Reply | None = None
        error: Error | None = None
        try:
            reply = _core.unpacked(request, await self._line.send(request))
            error = _core.refusal(request, reply)
        except TransportFault as fault:
            error = _core.broken(request, fault)
            error.__cause__ = fault.__cause__ or fault
        if _log.isEnabledFor(logging.DEBUG):
            facts = _core.log_facts(request, attempt, time.perf_counter() - started, reply, error)
            _log.debug("%(method)s %(path)s %(status)s %(duration_ms)s ms", facts, extra=facts)
        return error or _core.certain(reply)


def _text(value: Any) -> str:
    value = plain(value)
    return msgspec.json.encode(value).decode() if isinstance(value, bool) else str(value)
