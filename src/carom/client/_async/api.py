"""The async client of a server token."""

from collections.abc import AsyncIterator, Iterable, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar

from carom.client import _core
from carom.client._core import Options, RetryPolicy
from carom.client.errors import BatchError, Error
from carom.client.messages import send_email
from carom.client.results import BatchResult, Page
from carom.client.transports import AsyncTransport, Response, TransportError
from carom.wire.bounces import (
    ACTIVATE_BOUNCE,
    DUMP_BOUNCE,
    GET_BOUNCE,
    GET_BOUNCES,
    GET_DELIVERY_STATS,
    ActivateBounce,
    Bounce,
    BounceDump,
    DeliveryStats,
    DumpBounce,
    GetBounce,
    GetBounces,
    GetDeliveryStats,
)
from carom.wire.email import SEND_BATCH, SEND_EMAIL, SendBatch, SendEmail, SendResult
from carom.wire.endpoint import Ask, Endpoint, encode_json
from carom.wire.server import GET_SERVER, GetServer, Server

Req = TypeVar("Req", bound=Ask)
Res = TypeVar("Res")

_BOUNCE_FILTERS = frozenset(GetBounces.__struct_fields__) - {"count", "offset"}


class AsyncApiClient:
    """Postmark's API for one server, async: ``async with AsyncApiClient(server_token) as client``.

    ``base_url`` is for a server other than Postmark's own (or set POSTMARK_API_URL), ``timeout`` is in seconds, for
    connecting and for reading. ``max_retries`` further attempts are made where that cannot send twice. Without a token
    the variables POSTMARK_API_TOKEN and POSTMARK_SERVER_TOKEN are read at the first call, which raises ValueError when
    there is none. Every call raises :class:`carom.Error` and nothing else that the network or the service causes.
    """

    def __init__(
        self,
        api_token: str | None = None,
        /,
        *,
        base_url: str | None = None,
        timeout: float | None = None,
        max_retries: int | None = None,
        retry: RetryPolicy | None = None,
        transport: AsyncTransport | None = None,
    ) -> None:
        self._options: Options = _core.options(api_token, "server", base_url, timeout, max_retries, retry)
        self._transport = transport or _default_transport()
        self._closed = False

    def __repr__(self) -> str:
        """Show the service and the end of the token, never more of it."""
        token = self._options.token or ""
        return f"{type(self).__name__}({self._options.base_url!r}, token='...{token[-4:]}')"

    async def __aenter__(self) -> Self:
        """Return the client."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        await self.close()

    async def close(self) -> None:
        """Close the connections; a call after that raises RuntimeError."""
        self._closed = True
        await self._transport.close()

    async def _call(self, endpoint: Endpoint[Req, Res], ask: Req) -> Res:
        if self._closed:
            raise RuntimeError("the client is closed")
        trying = _core.start(self._options, endpoint, ask)
        while True:
            try:
                response: Response = await self._transport.send(trying.request)
                return _core.finish(endpoint, trying.request, response)
            except TransportError as failure:
                error: Error = _core.no_answer(trying.request, failure)
                error.__cause__ = failure
            except Error as answered:
                error = answered
            wait = _core.pause(self._options.retry, trying.attempts, error)
            if wait is None:
                raise error
            await _sleep(wait)
            trying = trying._replace(attempts=trying.attempts + 1)

    # Sending: https://postmarkapp.com/developer/api/email-api

    async def deliver(self, message: Mapping[str, Any] | SendEmail | None = None, /, **fields: Any) -> SendResult:
        """Send one message: ``deliver(from_=..., to=..., subject=..., text_body=...)``.

        Fields: ``from_``, ``to``, ``cc``, ``bcc``, ``reply_to`` (texts, :class:`carom.Address`, pairs of name and address,
        or lists of these), ``subject``, ``text_body``, ``html_body``, ``tag``, ``metadata``, ``headers``, ``attachments``,
        ``track_opens``, ``track_links``, ``message_stream``; Postmark's own names are taken too.
        Raises InvalidEmailRequestError, InactiveRecipientError.
        """
        return await self._call(SEND_EMAIL, send_email(message, fields))

    async def deliver_in_batches(self, messages: Iterable[Mapping[str, Any] | SendEmail]) -> BatchResult:
        """Send any number of messages, 500 a call. A refused one stops no other: see ``result.failed``.

        Raises BatchError when a later call fails, with the results of the calls before it.
        """
        encoded = (encode_json(send_email(message, {})) for message in messages)
        results: list[SendResult] = []
        for batch in _core.chunks(encoded, self._options.max_batch_size, self._options.max_batch_bytes):
            try:
                answers = await self._call(SEND_BATCH, SendBatch(messages=batch))
            except Error as error:
                if not results:
                    raise
                raise BatchError(BatchResult(results), len(results)) from error
            results.extend(answers)
        return BatchResult(results)

    # Bounces: https://postmarkapp.com/developer/api/bounce-api

    async def delivery_stats(self) -> DeliveryStats:
        """Count the inactive addresses, and the bounces of each type that occurred."""
        return await self._call(GET_DELIVERY_STATS, GetDeliveryStats())

    async def get_bounces(self, *, count: int = 30, offset: int = 0, **filters: Any) -> Page[Bounce]:
        """Return a page of bounces, newest first.

        Filters: ``type``, ``inactive``, ``email_filter`` (any part of the address), ``tag``, ``message_id``, ``fromdate`` and
        ``todate`` (US Eastern, inclusive), ``message_stream``. ``count`` is at most 500, with ``offset`` at most 10,000.
        """
        ask = GetBounces(count=count, offset=offset, **_core.filters(filters, _BOUNCE_FILTERS))
        page = await self._call(GET_BOUNCES, ask)
        return Page(page.bounces, total_count=page.total_count, offset=offset)

    async def bounces(self, *, page_size: int = _core.PAGE_SIZE, **filters: Any) -> AsyncIterator[Bounce]:
        """Go over all bounces, newest first, fetching pages as they are needed; filters as for ``get_bounces``."""
        offset = 0
        while True:
            page = await self.get_bounces(count=page_size, offset=offset, **filters)
            for bounce in page:
                yield bounce
            offset += len(page)
            if not page or offset >= page.total_count:
                return

    async def get_bounce(self, id: int) -> Bounce:
        """Return one bounce, with its raw mail as ``content``. Raises NotFoundError."""
        return await self._call(GET_BOUNCE, GetBounce(bounce_id=id))

    async def dump_bounce(self, id: int) -> BounceDump:
        """Return the raw mail of a bounce. Raises NotFoundError."""
        return await self._call(DUMP_BOUNCE, DumpBounce(bounce_id=id))

    async def activate_bounce(self, id: int) -> Bounce:
        """Reactivate the address of a bounce and return the bounce as it is then.

        Raises NotFoundError, and ApiInputError (1003) where the type cannot be reactivated.
        """
        return (await self._call(ACTIVATE_BOUNCE, ActivateBounce(bounce_id=id))).bounce

    # Server: https://postmarkapp.com/developer/api/server-api

    async def server_info(self) -> Server:
        """Return the server that the token belongs to."""
        return await self._call(GET_SERVER, GetServer())


async def _sleep(seconds: float) -> None:
    import asyncio  # most programs never wait here, and importing it takes a third of the time of importing carom

    await asyncio.sleep(seconds)


def _default_transport() -> AsyncTransport:
    from carom.client.transports.aiohttp import AiohttpTransport

    return AiohttpTransport()
