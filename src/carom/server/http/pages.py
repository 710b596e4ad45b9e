"""The few pages that people open from a mail, and what shares the port out between them and the API.

A page takes its token from the path, is never kept or framed, sends no referrer and loads nothing. Its path is not logged:
the token is in it.
"""

from base64 import b64encode
from collections.abc import Awaitable, Mapping
from hashlib import sha256
from html import escape
from typing import Any

import structlog
from sqlalchemy.exc import DBAPIError
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from carom.server.http.api import Asgi, Receive, Scope, Send
from carom.server.pipeline.intake import Context
from carom.server.rules.senders import CONFIRM_PATH
from carom.server.store import senders

_STYLE = (
    "body{font:1.05rem/1.6 system-ui,sans-serif;color:#1c2430;background:#f3f4f6;margin:0;padding:12vh 1rem}"
    "main{max-width:30rem;margin:auto;padding:2rem 2.25rem;background:#fff;border:1px solid #d8dce2;border-radius:.6rem}"
    "h1{font-size:1.45rem;line-height:1.3;margin:0 0 .75rem}p{margin:0 0 1.25rem;overflow-wrap:anywhere}"
    "p:last-child{margin:0}form{margin:0}"
    "button{font:inherit;font-weight:600;padding:.6rem 1.2rem;color:#fff;background:#1d4ed8;border:0;border-radius:.4rem;"
    "cursor:pointer}button:hover{background:#1e40af}button:focus-visible{outline:3px solid #93c5fd;outline-offset:2px}"
    "@media(prefers-color-scheme:dark){body{color:#e5e7eb;background:#0f141b}main{background:#1a212b;border-color:#333d4b}}"
)
_POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    f"style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'"
)
HEADERS = (
    (b"content-type", b"text/html; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", _POLICY.encode()),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-robots-tag", b"noindex"),
)
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><style>{style}</style></head>
<body><main><h1>{title}</h1><p>{text}</p>{form}</main></body></html>
"""
_BUTTON = '<form method="post"><button name="action" value="{action}">{label}</button></form>'

_NO_LINK = (
    "This link is not valid, its time is over, or its sender signature is gone. "
    "Whoever made the signature can have another link sent."
)

log = structlog.get_logger("carom.pages")


class Front:
    """The ASGI application of the port: a page where a path begins with its name, else the API."""

    def __init__(self, api: Asgi, pages: Mapping[str, Asgi]) -> None:
        """Share the port out; ``pages`` are by the first segment of their paths. They, and not the API, ask who is there,
        so a proxy on the same machine is believed for them."""
        self._api = api
        believing: Any = ProxyHeadersMiddleware  # its types are uvicorn's own
        self._pages: dict[str, Asgi] = {name: believing(page) for name, page in pages.items()}

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Hand one request on."""
        first = str(scope.get("path", "")).removeprefix("/").partition("/")[0]
        return self._pages.get(first, self._api)(scope, receive, send)


class Confirmation:
    """The page of a confirmation link: opening it confirms a sender signature."""

    def __init__(self, context: Context) -> None:
        """Confirm in a store."""
        self._context = context

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        del receive
        if scope["method"] != "GET":
            await answer_page(send, 405, "Not that way", "Open this link in a browser.")
            return
        try:
            email = await self._confirm(str(scope["path"]).removeprefix(f"/{CONFIRM_PATH}/"))
        except DBAPIError:
            log.exception("the store cannot be used")
            await answer_page(send, 503, "Not now", "Please open the link again in a moment.")
            return
        if email is None:
            await answer_page(send, 404, "No such link", _NO_LINK)
        else:
            await answer_page(send, 200, "Confirmed", f"{escape(email)} may send from now on. You can close this page.")

    async def _confirm(self, token: str) -> str | None:
        context = self._context
        sender_id = context.keyring.read_confirmation(token, context.clock())
        if sender_id is None:
            return None
        return await context.database.write(senders.confirm, sender_id, context.clock())


def button(action: str, label: str) -> str:
    """Return a button that posts to the page's own address."""
    return _BUTTON.format(action=escape(action), label=escape(label))


async def answer_page(send: Send, status: int, title: str, text: str, form: str = "") -> None:
    """Answer with a page. ``text`` and ``form`` are HTML."""
    body = _PAGE.format(style=_STYLE, title=escape(title), text=text, form=form).encode()
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*HEADERS, length]})
    await send({"type": "http.response.body", "body": body})
