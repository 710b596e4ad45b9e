"""A send that knows what became of its recipients."""

from typing import Any, ClassVar

from carom.client._core import error_class
from carom.client.errors import HttpServerError, inactive_addresses
from carom.wire import email
from carom.wire.addresses import BadAddress, parse_addresses
from carom.wire.endpoint import encode_json


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
        """The addresses that the answer names as inactive: they get nothing. Carom lists them, Postmark's sentence holds
        them."""
        if self.inactive_recipients is not None:
            return list(self.inactive_recipients)
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
        message = self.message or "The message was refused."
        return raised(message, status_code=422, error_code=self.error_code, body=encode_json(self))


def _bare(text: str) -> list[str]:
    try:
        return [address.email for address in parse_addresses(text, "To")]
    except BadAddress:
        return [part.strip().rpartition("<")[2].rstrip(">") for part in text.split(",") if part.strip()]
