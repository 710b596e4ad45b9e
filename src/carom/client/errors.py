"""What a client call can raise, and nothing else::

Error:
    ├── HttpClientError             no usable answer came; see its two children for the usual causes
    │   ├── TimeoutError            also the builtin one
    │   └── ConnectionError         also the builtin one
    ├── DecodeError                 an answer that is no JSON, or not of the kind that the call gives
    ├── HttpServerError             the API refused
    │   ├── InvalidApiKeyError      HTTP 401, or error code 10
    │   ├── ApiInputError           HTTP 422
    │   │   ├── InvalidEmailRequestError   code 300
    │   │   ├── InactiveRecipientError     code 406
    │   │   └── NotFoundError              codes 701, 1001, 1101, ...
    │   ├── RateLimitExceededError  HTTP 429
    │   ├── InternalServerError     HTTP 500
    │   ├── ServiceUnavailableError HTTP 503
    │   └── UnexpectedHttpResponseError    any other status
    ├── BatchError                  a later part of a batch failed; it has the results of the parts before
    ├── PaginationLimitError        the API shows no items past the 10,000th
    ├── MailAdapterError            an e-mail message that cannot be turned into a request
    ├── UnknownMessageType          not an e-mail message at all
    └── InvalidTemplateError        a template that does not render

A wrong argument is a ValueError or TypeError that names it, and nothing was sent. Which refusal raises which class
stands in :mod:`carom.wire.errors`.

"""

import builtins
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from carom.client.results import SendResult


class Error(Exception):
    """Any failure of a call. ``retryable``: the client itself would repeat this call if it may retry at all.
    ``ambiguous``: the request may have been carried out, and repeating it may do it twice."""

    retryable: bool = False
    ambiguous: bool = False
    method: str | None = None
    path: str | None = None
    request_id: str | None = None
    retry_after: float | None = None

    def __init__(self, message: str, **facts: Any) -> None:
        """Keep the message and the facts, which become attributes."""
        super().__init__(message)
        self.__dict__.update(facts)

    @property
    def message(self) -> str:
        """What happened, as the API or the network says it."""
        return str(self.args[0])

    def _details(self) -> list[str]:
        called = f"{self.method} {self.path}" if self.method else ""
        return [called, "it may have been carried out" if self.ambiguous else ""]

    def __str__(self) -> str:
        """Return one line: the message, then what is known about the call."""
        known = ", ".join(detail for detail in self._details() if detail)
        return " ".join(f"{self.message} ({known})".split()) if known else " ".join(self.message.split())


class HttpClientError(Error):
    """No usable answer came. ``__cause__`` is what the network said."""


class TimeoutError(HttpClientError, builtins.TimeoutError):  # noqa: A001  # the gem's name, and it is the builtin one too
    """The API did not answer in time."""


class ConnectionError(HttpClientError, builtins.ConnectionError):  # noqa: A001  # as above
    """The connection could not be made, or broke."""


class DecodeError(Error):
    """An answer that is no JSON, or not of the kind that the call gives. ``body`` holds its first 500 bytes."""

    status_code: int = 0
    body: bytes = b""

    def _details(self) -> list[str]:
        return [f"HTTP {self.status_code}", *super()._details()]


class HttpServerError(Error):
    """The API refused. ``body`` is its answer."""

    status_code: int = 0
    error_code: int | None = None
    body: bytes = b""
    headers: Mapping[str, str] = {}  # never written to: each error has its own

    @property
    def parsed_body(self) -> Any:
        """The answer as plain JSON values; None if it is no JSON."""
        try:
            return msgspec.json.decode(self.body)
        except msgspec.DecodeError:
            return None

    @property
    def full_response(self) -> Any:
        """The answer, by its name in the gem."""
        return self.parsed_body

    def _details(self) -> list[str]:
        return [
            f"HTTP {self.status_code}",
            f"error code {self.error_code}" if self.error_code is not None else "",
            f"request {self.request_id}" if self.request_id else "",
            *super()._details(),
        ]


class InvalidApiKeyError(HttpServerError):
    """The token is missing, unknown, or of the other kind."""


class ApiInputError(HttpServerError):
    """The API does not accept what was asked; ``error_code`` says why."""


class InvalidEmailRequestError(ApiInputError):
    """A message that cannot be sent as it is: a bad address, no body, too many recipients."""


class InactiveRecipientError(ApiInputError):
    """Nobody was sent anything: all recipients are inactive."""

    @property
    def recipients(self) -> list[str]:
        """The inactive addresses that the API names; they can be fewer than there are. Carom lists them, Postmark's
        sentence holds them."""
        return listed_inactive(self.body) or self.parse_recipients(self.message)

    @staticmethod
    def parse_recipients(text: str) -> list[str]:
        """Read the addresses out of a refusal, or out of the message of a send that some will not get."""
        return inactive_addresses(text)


class NotFoundError(ApiInputError):
    """There is no such thing: message, bounce, template, stream, webhook, server, domain, signature."""


class RateLimitExceededError(HttpServerError):
    """Too many calls. ``retry_after`` is in seconds, None if the API did not say."""


class InternalServerError(HttpServerError):
    """A fault of the API."""


class ServiceUnavailableError(HttpServerError):
    """The API is down for maintenance, or overloaded."""


class UnexpectedHttpResponseError(HttpServerError):
    """An answer with any other status."""


class BatchError(Error):
    """A part of a batch failed. ``results`` are those of the parts that were answered, by index, None where there is
    no answer; ``next_index`` is the first message without one; ``__cause__`` is what happened to it."""

    results: Sequence["SendResult | None"] = ()
    next_index: int = 0


class PaginationLimitError(Error):
    """All items that the API shows were given, and there are more: it shows none past the 10,000th."""


class MailAdapterError(Error):
    """An e-mail message that cannot be turned into a request."""


class UnknownMessageType(MailAdapterError):
    """Not an e-mail message."""


class InvalidTemplateError(Error):
    """A template that does not render. ``postmark_response`` says where it is wrong."""

    postmark_response: Any = None


_INACTIVE = re.compile(
    r"inactive addresses:\s*(.+?)\s*(?:\.?\s*Inactive recipients\b|\.?\s*$)", re.IGNORECASE | re.DOTALL
)


class _Listed(msgspec.Struct, rename={"inactive": "InactiveRecipients"}):
    inactive: list[str] = []


def listed_inactive(body: bytes) -> list[str]:
    """Return the addresses that an answer of Carom's lists as inactive."""
    try:
        return msgspec.json.decode(body, type=_Listed).inactive
    except msgspec.DecodeError:
        return []


def inactive_addresses(text: str) -> list[str]:
    """Return the addresses between "inactive addresses:" and the end of the sentence."""
    found = _INACTIVE.search(text)
    if found is None:
        return []
    return [address.rstrip(".") for address in re.split(r"[,\s]+", found[1]) if "@" in address]
