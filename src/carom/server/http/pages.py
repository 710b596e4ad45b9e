"""The few pages that people open from a mail, and what shares the port out between them and the API.

A page takes its token from the path, is never kept or framed, sends no referrer and loads nothing. Its path is not logged:
the token is in it.
"""

from collections.abc import Mapping
from html import escape

import structlog
from sqlalchemy.exc import DBAPIError

from carom.server.http.api import Asgi, Receive, Scope, Send
from carom.server.pipeline.intake import Context
from carom.server.rules.senders import CONFIRM_PATH
from carom.server.store import senders

HEADERS = (
    (b"content-type", b"text/html; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)
_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><h1>{title}</h1><p>{text}</p></html>
"""

_NO_LINK = (
    "This link is not valid, its time is over, or its sender signature is gone. "
    "Whoever made the signature can have another link sent."
)

log = structlog.get_logger("carom.pages")


class Front:
    """The ASGI application of the port: a page where a path begins with its name, else the API."""

    def __init__(self, api: Asgi, pages: Mapping[str, Asgi]) -> None:
        """Share the port out; ``pages`` are by the first segment of their paths."""
        self._api, self._pages = api, dict(pages)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand one request on."""
        first = str(scope.get("path", "")).removeprefix("/").partition("/")[0]
        await self._pages.get(first, self._api)(scope, receive, send)


class Confirmation:
    """The page of a confirmation link: opening it confirms a sender signature."""

    def __init__(self, context: Context) -> None:
        """Confirm in a store."""
        self._context = context

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        del receive
        if scope["method"] != "GET":
            await _answer(send, 405, "Not that way", "Open this link in a browser.")
            return
        try:
            email = await self._confirm(str(scope["path"]).removeprefix(f"/{CONFIRM_PATH}/"))
        except DBAPIError:
            log.exception("the store cannot be used")
            await _answer(send, 503, "Not now", "Please open the link again in a moment.")
            return
        if email is None:
            await _answer(send, 404, "No such link", _NO_LINK)
        else:
            await _answer(send, 200, "Confirmed", f"{email} may send from now on. You can close this page.")

    async def _confirm(self, token: str) -> str | None:
        context = self._context
        sender_id = context.keyring.read_confirmation(token, context.clock())
        if sender_id is None:
            return None
        return await context.database.write(senders.confirm, sender_id, context.clock())


async def _answer(send: Send, status: int, title: str, text: str) -> None:
    body = _PAGE.format(title=escape(title), text=escape(text)).encode()
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*HEADERS, length]})
    await send({"type": "http.response.body", "body": body})
