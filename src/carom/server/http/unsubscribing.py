"""The page of an unsubscribe link. To open it changes nothing, since programs open links too; its button does, and so does the
mail program's own (RFC 8058), which posts to the same address.
"""

from html import escape

import structlog
from sqlalchemy.exc import DBAPIError

from carom.server.http.api import Receive, Scope, Send
from carom.server.http.pages import answer_page, button
from carom.server.links import Subscriber, read_link
from carom.server.pipeline.intake import Context
from carom.server.pipeline.subscribing import come_back, has_left, leave

MAX_FORM = 16 * 1024
RESUBSCRIBE = b"action=resubscribe"

log = structlog.get_logger("carom.unsubscribing")


class Unsubscribing:
    """The page of ``/unsubscribe/TOKEN``."""

    def __init__(self, context: Context) -> None:
        """Suppress in a store."""
        self._context = context

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        who = read_link(self._context.keyring, Subscriber, str(scope["path"]))
        if who is None:
            await _gone(send)
            return
        try:
            if scope["method"] in {"GET", "HEAD"}:
                await self._ask(who, send)
            elif scope["method"] == "POST":
                await self._change(who, await _read_form(receive), send)
            else:
                await answer_page(send, 405, "Not that way", "Open this link in a browser.")
        except DBAPIError:
            log.exception("the store cannot be used")
            await answer_page(send, 503, "Not now", "Please try again in a moment: nothing was changed.")

    async def _ask(self, who: Subscriber, send: Send) -> None:
        if await self._context.database.read(has_left, who):
            await _left(who, send)
            return
        text = f"<strong>{escape(who.email)}</strong> gets these mails. Shall they stop?"
        await answer_page(send, 200, "Unsubscribe", text, button("unsubscribe", "Unsubscribe"))

    async def _change(self, who: Subscriber, form: bytes, send: Send) -> None:
        database = self._context.database
        if RESUBSCRIBE in form:
            if not await database.write(come_back, who, self._context.clock()):
                await _gone(send)
                return
            text = f"<strong>{escape(who.email)}</strong> gets these mails again."
            await answer_page(send, 200, "You are back", text, button("unsubscribe", "Unsubscribe"))
        elif await database.write(leave, who, self._context.clock()):
            await _left(who, send)
        else:
            await _gone(send)
            return
        self._context.wake()


async def _left(who: Subscriber, send: Send) -> None:
    text = f"<strong>{escape(who.email)}</strong> gets no more of these mails. Was that a mistake?"
    await answer_page(send, 200, "You are unsubscribed", text, button("resubscribe", "Subscribe again"))


async def _gone(send: Send) -> None:
    await answer_page(send, 404, "No such link", "This link is not valid, or the list it was for is gone.")


async def _read_form(receive: Receive) -> bytes:
    """Read a form as far as it can be one of ours."""
    form = b""
    while True:
        event = await receive()
        chunk: bytes = event.get("body", b"")
        form = (form + chunk)[:MAX_FORM]
        if event["type"] == "http.disconnect" or not event.get("more_body", False):
            return form
