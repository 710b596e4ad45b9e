"""Posting to somebody's hook: to addresses of the public internet alone unless all are allowed, within one deadline,
reading little of the answer.

What counts is the address that a connection is made to. It is looked at when its socket is made, whatever name,
redirect or spelling of an address has led to it and however often the name is resolved.
"""

import asyncio
import socket
from base64 import b64encode
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import aiohttp
from msgspec import Struct
from yarl import URL

from carom.server.rules.reachable import is_public

MAX_ANSWER = 64 * 1024
"""Octets of an answer that are read; the rest is left on the wire."""
MAX_REDIRECTS = 10
# What says where a message ends, or whose it is, is not the sender's to choose.
_OURS = frozenset({"host", "content-length", "transfer-encoding", "connection", "content-type", "content-encoding"})


class NotAllowed(OSError):
    """A hook is at an address that it may not be at."""


class Answered(Struct, frozen=True):
    """What a hook answered: the status of the last answer, after redirects, and what it began with; or no status and
    why there was none."""

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
        # No proxy or .netrc of the environment, no cookies, no decompression: an answer is only looked at.
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(socket_factory=self._socket, force_close=True, use_dns_cache=False),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(total=None),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        if self._session is not None:
            await self._session.close()

    async def post(
        self, url: str, body: bytes, *, login: tuple[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> Answered:
        """Post a JSON body. ``login`` takes the place of user and password in the URL; a redirect to another host does not
        get either. Trouble is an answer too."""
        try:
            async with asyncio.timeout(self._seconds):
                return await self._post(url, body, login, headers or {})
        except TimeoutError:
            return Answered(None, f"no answer within {self._seconds:g} seconds")
        except NotAllowed as error:
            return Answered(None, str(error))
        except aiohttp.ClientConnectorError as error:
            return Answered(None, str(error.os_error) or "the connection failed")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Answered(None, f"{type(error).__name__}: {error}"[:500])

    async def _post(self, url: str, body: bytes, login: tuple[str, str] | None, headers: Mapping[str, str]) -> Answered:
        if self._session is None:
            raise RuntimeError("hooks are posted to inside of `async with`")
        target = URL(url)
        if login is None and target.user:
            login = (target.user, target.password or "")
        sent = {"User-Agent": "Carom"}
        sent |= {name: value for name, value in headers.items() if name.lower() not in _OURS}
        sent |= {"Content-Type": "application/json"}
        if login is not None:
            sent["Authorization"] = f"Basic {b64encode(':'.join(login).encode()).decode()}"
        async with self._session.post(
            target.with_user(None),
            data=body,
            headers=sent,
            max_redirects=MAX_REDIRECTS,
        ) as answer:
            return Answered(answer.status, answer.reason or "", await answer.content.read(MAX_ANSWER))

    def _socket(self, address: tuple[Any, ...]) -> socket.socket:
        family, kind, protocol, _, target = address
        host: str = target[0]
        if not self._inside and not is_public(host):
            raise NotAllowed(f"{host} is no address of the public internet")
        return socket.socket(family, kind, protocol)
