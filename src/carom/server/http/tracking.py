"""What a mail fetches of us: the pixel that tells of its being opened, and links that are followed through us.

Reading comes first: the picture and the redirection are given also when nothing can be recorded. A program that looks ahead,
or asks for the headers only, is no reader.
"""

from base64 import b64decode
from collections.abc import Awaitable, Callable

import structlog
from sqlalchemy.exc import DBAPIError

from carom.server.http.api import Receive, Scope, Send
from carom.server.http.pages import answer_page
from carom.server.links import Followed, Opened, read_link
from carom.server.pipeline.intake import Context
from carom.server.pipeline.visiting import followed, opened
from carom.server.places import Places
from carom.server.rules.agents import MAX_LENGTH
from carom.server.rules.tracking import location
from carom.server.store.visits import Visit

PIXEL = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
"""A transparent GIF of one pixel."""

_PREFETCH = (b"sec-purpose", b"purpose", b"x-purpose", b"x-moz")
_NEVER_KEPT = (b"cache-control", b"no-store, private, max-age=0")
_NO_REFERRER = (b"referrer-policy", b"no-referrer")

log = structlog.get_logger("carom.tracking")


class Tracking:
    """What both have in common: who came, and whether that counts."""

    def __init__(self, context: Context, places: Places) -> None:
        """Record in a store, with the places of addresses."""
        self._context, self._places = context, places

    async def _record(self, scope: Scope, record: Callable[[Visit], Awaitable[object]]) -> None:
        if scope["method"] != "GET" or _looks_ahead(scope):
            return
        try:
            if await record(self._visit(scope)) is not None:
                self._context.wake()
        except DBAPIError:
            log.exception("a visit could not be recorded")

    def _visit(self, scope: Scope) -> Visit:
        agent = _header(scope, b"user-agent").decode("latin-1")[:MAX_LENGTH]
        client = scope.get("client")
        return Visit(at=self._context.clock(), user_agent=agent, geo=self._places.place(client[0] if client else ""))


class Pixel(Tracking):
    """The picture of ``/open/TOKEN``."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. A token that is none gets the picture too: there is nothing to find out."""
        del receive
        link = read_link(self._context.keyring, Opened, str(scope["path"]))
        if link is not None:
            await self._record(scope, lambda visit: self._context.database.write(opened, link, visit))
        headers = [(b"content-type", b"image/gif"), (b"content-length", str(len(PIXEL)).encode()), _NEVER_KEPT]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else PIXEL})


class Redirection(Tracking):
    """The redirection of ``/click/TOKEN``, to the link that stood in the mail and nowhere else."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        del receive
        link = read_link(self._context.keyring, Followed, str(scope["path"]))
        if link is None or scope["method"] not in {"GET", "HEAD"}:
            await answer_page(send, 404, "No such link", "This link is not valid: it may have been cut off.")
            return
        await self._record(scope, lambda visit: self._context.database.write(followed, link, visit))
        headers = [(b"location", location(link.url).encode()), (b"content-length", b"0"), _NEVER_KEPT, _NO_REFERRER]
        await send({"type": "http.response.start", "status": 302, "headers": headers})
        await send({"type": "http.response.body", "body": b""})


def _looks_ahead(scope: Scope) -> bool:
    return any(word in _header(scope, name).lower() for name in _PREFETCH for word in (b"prefetch", b"preview"))


def _header(scope: Scope, wanted: bytes) -> bytes:
    return next((value for name, value in scope["headers"] if name == wanted), b"")
