# id is the gem's name, and the API's
"""Messages, sent and received, their opens and clicks: https://postmarkapp.com/developer/api/messages-api."""

from collections.abc import Mapping
from typing import Any, Literal, Unpack, cast, overload

from carom.client._async.base import AsyncClient
from carom.client._async.pager import AsyncPager
from carom.client.filters import MessageFilters, OpenFilters
from carom.client.pages import Listing, Page
from carom.wire import messages as wire
from carom.wire.acks import Ack
from carom.wire.messages import (
    Click,
    InboundDetails,
    InboundSummary,
    MessageDump,
    Open,
    OutboundMessage,
    OutboundMessageDetails,
)

OUTBOUND = Listing(wire.GET_OUTBOUND_MESSAGES, OutboundMessage, identity=("message_id",), time="received_at")
# Their only date is the sender's own, which is any.
INBOUND = Listing(wire.GET_INBOUND_MESSAGES, InboundSummary, identity=("message_id",))
_READING = ("message_id", "recipient", "received_at", "user_agent")
OPENS = Listing(wire.GET_OPENS, Open, identity=_READING, time="received_at")
CLICKS = Listing(wire.GET_CLICKS, Click, identity=(*_READING, "original_link"), time="received_at")
OPENS_OF_MESSAGE = Listing(wire.GET_OPENS_OF_MESSAGE, Open)
CLICKS_OF_MESSAGE = Listing(wire.GET_CLICKS_OF_MESSAGE, Click)


class AsyncMessages(AsyncClient):
    """The calls about messages. A message just sent can be unknown here for some seconds."""

    @overload
    def messages(
        self,
        *,
        inbound: Literal[False] = False,
        page_size: int = 500,
        offset: int = 0,
        limit: int | None = None,
        **filters: Unpack[MessageFilters],
    ) -> AsyncPager[OutboundMessage]: ...
    @overload
    def messages(
        self,
        *,
        inbound: Literal[True],
        page_size: int = 500,
        offset: int = 0,
        limit: int | None = None,
        **filters: Unpack[MessageFilters],
    ) -> AsyncPager[InboundSummary]: ...
    def messages(
        self,
        *,
        inbound: bool = False,
        page_size: int = 500,
        offset: int = 0,
        limit: int | None = None,
        **filters: Unpack[MessageFilters],
    ) -> AsyncPager[OutboundMessage] | AsyncPager[InboundSummary]:
        """Iterate over sent messages, newest first, or over received ones: all that there are."""
        if inbound:
            return self._pager(INBOUND, {}, _searched(filters), page_size, offset, limit)
        return self._pager(OUTBOUND, {}, _searched(filters), page_size, offset, limit)

    @overload
    async def get_messages(
        self,
        *,
        inbound: Literal[False] = False,
        count: int = 30,
        offset: int = 0,
        **filters: Unpack[MessageFilters],
    ) -> Page[OutboundMessage]: ...
    @overload
    async def get_messages(
        self, *, inbound: Literal[True], count: int = 30, offset: int = 0, **filters: Unpack[MessageFilters]
    ) -> Page[InboundSummary]: ...
    async def get_messages(
        self, *, inbound: bool = False, count: int = 30, offset: int = 0, **filters: Unpack[MessageFilters]
    ) -> Page[OutboundMessage] | Page[InboundSummary]:
        """Return a page of sent messages, newest first, or of received ones. ``count`` is at most 500."""
        if inbound:
            return await self._page(INBOUND, {}, _searched(filters), count, offset)
        return await self._page(OUTBOUND, {}, _searched(filters), count, offset)

    async def get_messages_count(self, *, inbound: bool = False, **filters: Unpack[MessageFilters]) -> int:
        """Return how many messages there are."""
        listing: Listing[Any, Any] = INBOUND if inbound else OUTBOUND
        return (await self._page(listing, {}, _searched(filters), 1, 0)).total_count

    @overload
    async def get_message(self, id: str, *, inbound: Literal[False] = False) -> OutboundMessageDetails: ...
    @overload
    async def get_message(self, id: str, *, inbound: Literal[True]) -> InboundDetails: ...
    async def get_message(self, id: str, *, inbound: bool = False) -> OutboundMessageDetails | InboundDetails:
        """Return one message, with bodies and events. Raises NotFoundError."""
        if inbound:
            return await self._call(wire.GET_INBOUND_MESSAGE, wire.OfMessage(message_id=id))
        return await self._call(wire.GET_OUTBOUND_MESSAGE, wire.OfMessage(message_id=id))

    async def dump_message(self, id: str, *, inbound: bool = False) -> MessageDump:
        """Return the source of a message. Postmark keeps it for 45 days. Raises NotFoundError."""
        endpoint = wire.DUMP_INBOUND_MESSAGE if inbound else wire.DUMP_OUTBOUND_MESSAGE
        return await self._call(endpoint, wire.OfMessage(message_id=id))

    async def bypass_inbound_message(self, id: str) -> Ack:
        """Deliver a received message that a rule has blocked. Raises NotFoundError if it cannot be."""
        return await self._call(wire.BYPASS_INBOUND_MESSAGE, wire.OfMessage(message_id=id))

    async def retry_inbound_message(self, id: str) -> Ack:
        """Post a received message to your webhook again. Raises NotFoundError if it cannot be."""
        return await self._call(wire.RETRY_INBOUND_MESSAGE, wire.OfMessage(message_id=id))

    def opens(
        self, *, page_size: int = 500, offset: int = 0, limit: int | None = None, **filters: Unpack[OpenFilters]
    ) -> AsyncPager[Open]:
        """Iterate over the opens of all messages, newest first."""
        return self._pager(OPENS, {}, filters, page_size, offset, limit)

    async def get_opens(self, *, count: int = 30, offset: int = 0, **filters: Unpack[OpenFilters]) -> Page[Open]:
        """Return a page of opens."""
        return await self._page(OPENS, {}, filters, count, offset)

    def opens_by_message_id(
        self, id: str, *, page_size: int = 500, offset: int = 0, limit: int | None = None
    ) -> AsyncPager[Open]:
        """Iterate over the opens of one message. Raises NotFoundError, and PaginationLimitError after the 10,000th."""
        return self._pager(OPENS_OF_MESSAGE, {"message_id": id}, {}, page_size, offset, limit)

    async def get_opens_by_message_id(self, id: str, *, count: int = 30, offset: int = 0) -> Page[Open]:
        """Return a page of the opens of one message. Raises NotFoundError."""
        return await self._page(OPENS_OF_MESSAGE, {"message_id": id}, {}, count, offset)

    def clicks(
        self, *, page_size: int = 500, offset: int = 0, limit: int | None = None, **filters: Unpack[OpenFilters]
    ) -> AsyncPager[Click]:
        """Iterate over the clicks in all messages, newest first."""
        return self._pager(CLICKS, {}, filters, page_size, offset, limit)

    async def get_clicks(self, *, count: int = 30, offset: int = 0, **filters: Unpack[OpenFilters]) -> Page[Click]:
        """Return a page of clicks."""
        return await self._page(CLICKS, {}, filters, count, offset)

    def clicks_by_message_id(
        self, id: str, *, page_size: int = 500, offset: int = 0, limit: int | None = None
    ) -> AsyncPager[Click]:
        """Iterate over the clicks in one message. Raises NotFoundError, and PaginationLimitError after the 10,000th."""
        return self._pager(CLICKS_OF_MESSAGE, {"message_id": id}, {}, page_size, offset, limit)

    async def get_clicks_by_message_id(self, id: str, *, count: int = 30, offset: int = 0) -> Page[Click]:
        """Return a page of the clicks in one message. Raises NotFoundError."""
        return await self._page(CLICKS_OF_MESSAGE, {"message_id": id}, {}, count, offset)


def _searched(filters: MessageFilters) -> Mapping[str, Any]:
    """Write a search by metadata as the API has it: ``metadata_color=blue``, the name of a field as it is."""
    found = dict(cast("Mapping[str, Any]", filters))
    metadata: Mapping[str, str] = found.pop("metadata", None) or {}
    return {**found, **{f"metadata_{name}": value for name, value in metadata.items()}}
