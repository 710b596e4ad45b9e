# id is the gem's name, and the API's
"""Bounces: https://postmarkapp.com/developer/api/bounce-api."""

from typing import Unpack

from carom.client._async.base import AsyncClient
from carom.client._async.bounce import AsyncActivatedBounce, AsyncBounce
from carom.client._async.pager import AsyncPager
from carom.client.filters import BounceFilters
from carom.client.pages import Listing, Page
from carom.wire import bounces as wire
from carom.wire.bounces import BounceDump, DeliveryStats
from carom.wire.value import origin

BOUNCES = Listing(wire.GET_BOUNCES, AsyncBounce, identity=("id",), time="bounced_at")


class AsyncBounces(AsyncClient):
    """The calls about bounces."""

    async def delivery_stats(self) -> DeliveryStats:
        """Return how many addresses are inactive, and how many bounces of each type there are."""
        return await self._call(wire.GET_DELIVERY_STATS, wire.GetDeliveryStats())

    def bounces(
        self, *, page_size: int = 500, offset: int = 0, limit: int | None = None, **filters: Unpack[BounceFilters]
    ) -> AsyncPager[AsyncBounce]:
        """Iterate over the bounces, newest first, all that there are."""
        return self._pager(BOUNCES, {}, filters, page_size, offset, limit)

    async def get_bounces(
        self, *, count: int = 30, offset: int = 0, **filters: Unpack[BounceFilters]
    ) -> Page[AsyncBounce]:
        """Return a page of bounces, newest first. ``count`` is at most 500."""
        return await self._page(BOUNCES, {}, filters, count, offset)

    async def get_bounce(self, id: int) -> AsyncBounce:
        """Return one bounce. Raises NotFoundError."""
        return self._own(await self._call_as(AsyncBounce, wire.GET_BOUNCE, wire.GetBounce(bounce_id=id)))

    async def dump_bounce(self, id: int) -> BounceDump:
        """Return the raw mail of a bounce. Postmark keeps it for 30 days. Raises NotFoundError."""
        return await self._call(wire.DUMP_BOUNCE, wire.DumpBounce(bounce_id=id))

    async def activate_bounce(self, id: int) -> AsyncBounce:
        """Reactivate the address of a bounce; return the bounce as it is then. Raises NotFoundError, and ApiInputError
        where ``can_activate`` is false."""
        answer = await self._call_as(AsyncActivatedBounce, wire.ACTIVATE_BOUNCE, wire.ActivateBounce(bounce_id=id))
        return self._own(answer.bounce)

    def _own(self, bounce: AsyncBounce) -> AsyncBounce:
        answer, _ = origin(bounce)
        if answer is not None:
            answer.client = self
        return bounce
