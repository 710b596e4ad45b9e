# ruff: noqa: A002  # the gem's names
"""Results that can do something: a send that knows what became of its recipients, a bounce that can be activated."""

from typing import TYPE_CHECKING, Any, ClassVar, cast

from carom.client._core import error_class
from carom.client.errors import HttpServerError, inactive_addresses
from carom.wire import bounces, email
from carom.wire.addresses import BadAddress, parse_addresses

if TYPE_CHECKING:
    from carom.client._sync.api import ApiClient


class SendResult(email.SendResult, frozen=True, kw_only=True):
    """What became of one message. In a batch a refused one has only ``error_code`` and ``message``."""

    # During delays Postmark leaves the code out of a success.
    when_missing: ClassVar[dict[str, Any]] = {"error_code": 0}

    @property
    def ok(self) -> bool:
        """Whether the message was accepted."""
        return self.error_code == 0

    @property
    def queued(self) -> bool:
        """Whether Postmark says that delivery may be delayed."""
        return self.ok and "may be delayed" in (self.message or "")

    @property
    def rejected(self) -> list[str]:
        """The addresses that the message names as inactive: they get nothing."""
        return inactive_addresses(self.message or "")

    @property
    def recipients(self) -> dict[str, str]:
        """Each address of To, and each rejected one: ``sent``, ``queued`` or ``rejected``."""
        rejected = {address.lower() for address in self.rejected}
        taken = "queued" if self.queued else "sent" if self.ok else "rejected"
        named = {address: "rejected" if address.lower() in rejected else taken for address in _bare(self.to or "")}
        known = {address.lower() for address in named}
        return named | {address: "rejected" for address in self.rejected if address.lower() not in known}

    @property
    def error(self) -> HttpServerError | None:
        """What a single send of this message would have raised; None if it was accepted."""
        if self.ok:
            return None
        raised = error_class(422, self.error_code)
        return raised(self.message or "The message was refused.", status_code=422, error_code=self.error_code)


def _bare(text: str) -> list[str]:
    try:
        return [address.email for address in parse_addresses(text, "To")]
    except BadAddress:
        return [part.strip().rpartition("<")[2].rstrip(">") for part in text.split(",") if part.strip()]


class Bounce(bounces.Bounce, frozen=True, kw_only=True):
    """A bounce: https://postmarkapp.com/developer/api/bounce-api. ``type`` equals a :class:`carom.BounceType` if it is
    a known one, ``details`` is what the remote system said, ``inactive`` tells whether the address is deactivated now,
    ``content`` (the raw bounce) is there on single reads only.

    :meth:`dump` and :meth:`activate` use the sync client that the bounce came from, else :func:`carom.api_client`; with
    an async client call its ``dump_bounce(bounce.id)`` and ``activate_bounce(bounce.id)``.
    """

    @property
    def ack(self) -> str | None:
        """What the API said to the activation that this bounce is the answer of; None otherwise."""
        return cast("str | None", self.__dict__.get("_ack"))

    @classmethod
    def find(cls, id: int, client: "ApiClient | None" = None) -> "Bounce":
        """Return one bounce."""
        return _client(client).get_bounce(id)

    @classmethod
    def all(cls, client: "ApiClient | None" = None, **filters: Any) -> "list[Bounce]":
        """Return a page of bounces, 30 unless ``count`` says more; the filters are those of ``get_bounces``."""
        return list(_client(client).get_bounces(**filters))

    def dump(self) -> str | None:
        """Return the raw mail of this bounce; None when there is none or it is no longer kept."""
        return _client(self.__dict__.get("_client")).dump_bounce(self.id).body

    def activate(self) -> "Bounce":
        """Reactivate the address; return the bounce as it is then."""
        return _client(self.__dict__.get("_client")).activate_bounce(self.id)


class ActivatedBounce(bounces.ActivatedBounce, frozen=True, kw_only=True):
    """The answer to an activation."""

    bounce: Bounce


def _client(client: "ApiClient | None") -> "ApiClient":
    from carom.client._global import api_client

    return api_client() if client is None else client
