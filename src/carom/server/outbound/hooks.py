"""Posting to somebody's hook: to addresses of the public internet alone unless all are allowed, within one deadline,
reading little of the answer, and going nowhere else: a redirect is an answer like any other.

What counts is the address that a connection is made to. It is looked at when its socket is made, whatever name or spelling
of an address has led to it and however often the name is resolved. A connection that is used again is to the address that
was looked at.
"""

import asyncio
import contextlib
import socket
from base64 import b64encode
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from types import SimpleNamespace, TracebackType
from typing import Any, Self

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from msgspec import Struct
from multidict import CIMultiDict
from yarl import URL

from carom.server.rules.reachable import is_public

KEPT_ANSWER = 1024
"""Octets of an answer that are kept."""
READ_ANSWER = 16 * 1024
"""Octets of an answer that are read, so that its connection can be used again; of a longer one the rest is left."""
BODY_SECONDS = 2.0
"""How long the rest of an answer is waited for once its status is known."""
KEEP_ALIVE_SECONDS = 4.0
"""How long a connection that nobody uses stays open: less than common servers keep theirs."""
LOOK_UPS = 32
"""Names that are resolved side by side: on threads of their own, as a name server that hangs holds one up."""
# What says where a message ends, or whose it is, is not the sender's to choose.
_OURS = frozenset({"host", "content-length", "transfer-encoding", "connection", "content-type", "content-encoding"})


class NotAllowed(OSError):
    """A hook is at an address that it may not be at."""


class Answered(Struct, frozen=True):
    """What a hook answered: a status and what the answer began with; or no status and why there was none."""

    status: int | None
    reason: str
    body: bytes = b""


class Hooks:
    """A poster of JSON. ``inside`` allows loopback and private addresses; ``seconds`` is the deadline of a post, from
    the look-up of the name to the end of the answer."""

    def __init__(self, *, inside: bool, seconds: float = 10.0) -> None:
        """Prepare; nothing is opened before the first post."""
        self._inside = inside
        self._seconds = seconds
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Open."""
        tracing = aiohttp.TraceConfig()
        tracing.on_connection_reuseconn.append(_note_reuse)
        # No proxy or .netrc of the environment, no cookies, no decompression: an answer is only looked at. How many posts
        # run side by side is the caller's affair.
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                socket_factory=self._socket,
                resolver=_Threads(),
                limit=0,
                keepalive_timeout=KEEP_ALIVE_SECONDS,
                use_dns_cache=False,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(total=None),
            trace_configs=[tracing],
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        if self._session is not None:
            await self._session.close()

    async def post(
        self,
        url: str,
        body: bytes,
        *,
        login: tuple[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        seconds: float | None = None,
    ) -> Answered:
        """Post a JSON body. ``login`` takes the place of user and password in the URL, ``seconds`` that of the deadline.
        Trouble is an answer too."""
        seconds = seconds or self._seconds
        try:
            async with asyncio.timeout(seconds):
                return await self._post(url, body, _headers(url, login, headers or {}))
        except TimeoutError:
            return Answered(None, f"no answer within {seconds:g} seconds")
        except NotAllowed as error:
            return Answered(None, str(error))
        except aiohttp.ClientConnectorError as error:
            return Answered(None, str(error.os_error) or "the connection failed")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Answered(None, f"{type(error).__name__}: {error}"[:500])

    async def _post(self, url: str, body: bytes, headers: CIMultiDict[str]) -> Answered:
        used = SimpleNamespace(again=False)
        try:
            return await self._once(url, body, headers, used)
        except aiohttp.ClientConnectorError:
            raise
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
            # The other side closes a connection that waits, just when it is used again: no fault of the hook's.
            if not used.again:
                raise
            return await self._once(url, body, headers, SimpleNamespace(again=False))

    async def _once(self, url: str, body: bytes, headers: CIMultiDict[str], used: SimpleNamespace) -> Answered:
        if self._session is None:
            raise RuntimeError("hooks are posted to inside of `async with`")
        target = URL(url).with_user(None)
        async with self._session.post(
            target, data=body, headers=headers, allow_redirects=False, trace_request_ctx=used
        ) as answer:
            return Answered(answer.status, answer.reason or "", await _beginning(answer.content))

    def _socket(self, address: tuple[Any, ...]) -> socket.socket:
        family, kind, protocol, _, target = address
        host: str = target[0]
        if not self._inside and not is_public(host):
            raise NotAllowed(f"{host} is no address of the public internet")
        return socket.socket(family, kind, protocol)


class _Threads(AbstractResolver):
    """The system's resolver, on threads that nothing else needs."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(LOOK_UPS, "carom-hook-names")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        ask = partial(socket.getaddrinfo, host, port, family, socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
        found = await asyncio.get_running_loop().run_in_executor(self._threads, ask)
        numeric = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
        return [
            ResolveResult(hostname=host, host=str(at[0]), port=int(at[1]), family=kind, proto=protocol, flags=numeric)
            for kind, _, protocol, _, at in found
        ]

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


async def _note_reuse(session: aiohttp.ClientSession, context: SimpleNamespace, found: object) -> None:
    del session, found
    if context.trace_request_ctx is not None:
        context.trace_request_ctx.again = True


async def _beginning(content: aiohttp.StreamReader) -> bytes:
    """Read an answer as far as it is short and comes at once."""
    found = b""
    with contextlib.suppress(TimeoutError, aiohttp.ClientError):
        async with asyncio.timeout(BODY_SECONDS):
            while len(found) < READ_ANSWER and (some := await content.read(READ_ANSWER - len(found))):
                found += some
    return found[:KEPT_ANSWER]


def _headers(url: str, login: tuple[str, str] | None, headers: Mapping[str, str]) -> CIMultiDict[str]:
    target = URL(url)
    if login is None and target.user:
        login = (target.user, target.password or "")
    sent = CIMultiDict({"User-Agent": "Carom", "Accept": "*/*", "Accept-Encoding": "identity"})
    for name, value in headers.items():
        if name.lower() not in _OURS:
            sent[name] = value
    sent["Content-Type"] = "application/json"
    if login is not None:
        sent["Authorization"] = f"Basic {b64encode(':'.join(login).encode()).decode()}"
    return sent
