# Generated from _async/bounces.py by tools/generators/unasync.py: edit _async.
# id is the gem's name, and the API's
"""Bounces: https://postmarkapp.com/developer/api/bounce-api."""

from typing import Unpack

from carom.client._sync.base import Client
from carom.client._sync.bounce import ActivatedBounce, Bounce
from carom.client._sync.pager import Pager
from carom.client.filters import BounceFilters
from carom.client.pages import Listing, Page
from carom.wire import bounces as wire
from carom.wire.bounces import BounceDump, DeliveryStats
from carom.wire.value import origin

BOUNCES = Listing(wire.GET_BOUNCES, Bounce, identity=("id",), time="bounced_at")


class Bounces(Client):
    """The calls about bounces."""

    def delivery_stats(self) -> DeliveryStats:
        """Return how many addresses are inactive, and how many bounces of each type there are."""
        return self._call(wire.GET_DELIVERY_STATS, wire.GetDeliveryStats())

    def bounces(
        self, *, page_size: int = 500, offset: int = 0, limit: int | None = None, **filters: Unpack[BounceFilters]
    ) -> Pager[Bounce]:
        """Iterate over the bounces, newest first, all that there are."""
        return self._pager(BOUNCES, {}, filters, page_size, offset, limit)

    def get_bounces(self, *, count: int = 30, offset: int = 0, **filters: Unpack[BounceFilters]) -> Page[Bounce]:
        """Return a page of bounces, newest first. ``count`` is at most 500."""
        return self._page(BOUNCES, {}, filters, count, offset)

    def get_bounce(self, id: int) -> Bounce:
        """Return one bounce. Raises NotFoundError."""
        return self._own(self._call_as(Bounce, wire.GET_BOUNCE, wire.GetBounce(bounce_id=id)))

    def dump_bounce(self, id: int) -> BounceDump:
        """Return the raw mail of a bounce. Postmark keeps it for 30 days. Raises NotFoundError."""
        return self._call(wire.DUMP_BOUNCE, wire.DumpBounce(bounce_id=id))

    def activate_bounce(self, id: int) -> Bounce:
        """Reactivate the address of a bounce; return the bounce as it is then. Raises NotFoundError, and ApiInputError
        where ``can_activate`` is false."""
        answer = self._call_as(ActivatedBounce, wire.ACTIVATE_BOUNCE, wire.ActivateBounce(bounce_id=id))
        return self._own(answer.bounce)

    def _own(self, bounce: Bounce) -> Bounce:
        answer, _ = origin(bounce)
        if answer is not None:
            answer.client = self
        return bounce
