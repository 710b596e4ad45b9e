"""A bounce that can be asked for its mail, and activated."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, cast

from carom.client._aio import client_of
from carom.wire import bounces
from carom.wire.hooks import BounceEvent, SpamComplaintEvent
from carom.wire.tolerant import read
from carom.wire.value import Answer, attach, origin

if TYPE_CHECKING:
    from carom.client._async.api import AsyncApiClient


class AsyncBounce(bounces.Bounce, frozen=True, kw_only=True):
    """A bounce: https://postmarkapp.com/developer/api/bounce-api. ``type`` equals a :class:`carom.BounceType` if it is
    a known one, ``details`` is what the remote system said, ``inactive`` tells whether the address is deactivated now,
    ``content`` (the raw bounce) is there on single reads only.

    Its calls go through the client that it came from. Sync ones without use :func:`carom.api_client`; async ones raise
    ValueError.
    """

    @property
    def ack(self) -> str | None:
        """What the API said to the activation that this bounce is the answer of; None otherwise."""
        answer, path = origin(self)
        return cast("str | None", answer.at(["Message"])) if answer and path else None

    @classmethod
    async def find(cls, id: int, client: "AsyncApiClient | None" = None) -> "AsyncBounce":
        """Return one bounce. Raises NotFoundError."""
        return await client_of(client).get_bounce(id)

    @classmethod
    async def all(cls, client: "AsyncApiClient | None" = None, **filters: Any) -> "list[AsyncBounce]":
        """Return a page of bounces, 30 unless ``count`` says more; the filters are those of ``get_bounces``."""
        return list(await client_of(client).get_bounces(**filters))

    @classmethod
    def from_webhook(
        cls,
        posted: BounceEvent | SpamComplaintEvent | bytes | str | Mapping[str, Any],
        client: "AsyncApiClient | None" = None,
    ) -> Self:
        """Return the bounce that a webhook tells of, as it was posted or as :func:`carom.webhooks.parse` gives it.
        Raises DecodeError for what is no JSON object."""
        from carom.webhooks import posted as members

        found, raw = members(posted.raw if isinstance(posted, (BounceEvent, SpamComplaintEvent)) else posted)
        bounce: Self = read(found, cls)
        answer = Answer(raw)
        answer.client = client
        attach(bounce, answer)
        return bounce

    async def dump(self) -> str | None:
        """Return the raw mail of this bounce; None when there is none or it is no longer kept. Raises NotFoundError."""
        return (await self._client().dump_bounce(self.id)).body

    async def activate(self) -> "AsyncBounce":
        """Reactivate the address; return the bounce as it is then. Raises NotFoundError, and ApiInputError where
        ``can_activate`` is false."""
        return await self._client().activate_bounce(self.id)

    def _client(self) -> "AsyncApiClient":
        answer, _ = origin(self)
        return client_of(cast("AsyncApiClient | None", answer and answer.client))


class AsyncActivatedBounce(bounces.ActivatedBounce, frozen=True, kw_only=True):
    """The answer to an activation."""

    bounce: AsyncBounce
