"""What the client raises. Nothing else leaves its methods, save TypeError and ValueError for wrong arguments.

Error:
├── HttpClientError                 no answer came
│   ├── TimeoutError                also a builtin TimeoutError
│   └── ConnectionError             also a builtin ConnectionError
├── DecodeError                     the answer cannot be read
├── BatchError                      a later part of a batch failed; what is known is in it
├── PaginationLimitError            the service lists no further
└── HttpServerError                 the service answered with an error
    ├── InvalidApiKeyError          401
    ├── ApiInputError               422
    │   ├── InvalidEmailRequestError   code 300
    │   ├── InactiveRecipientError     code 406
    │   └── NotFoundError              codes 701, 1001, 1101, ...
    ├── InternalServerError         500
    ├── RateLimitExceededError      429
    ├── ServiceUnavailableError     503
    └── UnexpectedHttpResponseError any other status

"""

import builtins
import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

import msgspec

from carom.wire.errors import ERRORS


class Error(Exception):
    """Anything that goes wrong with a call."""


class HttpClientError(Error):
    """No answer came. ``ambiguous`` tells that the service may have acted on the request all the same; ``retryable`` that
    repeating it does no harm."""

    def __init__(self, message: str, *, ambiguous: bool = False, retryable: bool = False) -> None:
        """Say what happened."""
        super().__init__(message)
        self.ambiguous = ambiguous
        self.retryable = retryable


class TimeoutError(HttpClientError, builtins.TimeoutError):  # noqa: A001  the gem's name
    """The service did not answer in time."""


class ConnectionError(HttpClientError, builtins.ConnectionError):  # noqa: A001  the field's name
    """The service could not be reached, or hung up."""


class DecodeError(Error):
    """The answer is no JSON, or none of the call's kind. ``body`` has its first 500 octets."""

    def __init__(self, message: str, *, status_code: int, body: bytes) -> None:
        """Keep the beginning of the answer."""
        super().__init__(message)
        self.status_code = status_code
        self.body = body[:500]


class BatchError(Error):
    """A later part of a batch failed. ``results`` are those of the messages before ``next_index``, which were answered."""

    def __init__(self, results: Sequence[Any], next_index: int) -> None:
        """Keep what is known."""
        super().__init__(f"the batch failed at message {next_index}; {next_index} were answered before it")
        self.results = results
        self.next_index = next_index


class PaginationLimitError(Error):
    """The service lists only so far; there is more."""


class HttpServerError(Error):
    """The service answered with an error.

    ``error_code`` is Postmark's, None where the body has none; ``parsed_body`` is the decoded body or None.
    """

    def __init__(
        self,
        message: str,
        *,
        status_code: int,
        error_code: int | None = None,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        method: str = "",
        path: str = "",
    ) -> None:
        """Keep the answer."""
        super().__init__(message)
        self.message = message
        self.status_code = status_code
        self.error_code = error_code
        self.body = body
        self.headers = dict(headers or {})
        self.method, self.path = method, path
        self.ambiguous = method == "POST" and status_code >= 500 and status_code != 503
        self.retryable = status_code in {429, 503} or (method != "POST" and status_code >= 500)

    def __str__(self) -> str:
        """Return code, text, status and request id in a line."""
        code = "" if self.error_code is None else f"{self.error_code}: "
        request_id = f", request {self.request_id}" if self.request_id else ""
        return f"{code}{self.message} (HTTP {self.status_code}{request_id})"

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle whole."""
        return _rebuild, (type(self), self.message, {name: getattr(self, name) for name in _KEPT})

    @property
    def request_id(self) -> str | None:
        """What the service calls the request."""
        return self.headers.get("x-request-id")

    @property
    def parsed_body(self) -> Any:
        """The decoded body, None if it is no JSON."""
        try:
            return msgspec.json.decode(self.body)
        except msgspec.DecodeError:
            return None

    @property
    def full_response(self) -> Any:
        """The gem's name of :attr:`parsed_body`."""
        return self.parsed_body


_KEPT = ("status_code", "error_code", "body", "headers", "method", "path")


def _rebuild(kind: type[HttpServerError], message: str, kept: dict[str, Any]) -> HttpServerError:
    return kind(message, **kept)


class InvalidApiKeyError(HttpServerError):
    """401: the token is missing, wrong, or of the wrong kind."""


class ApiInputError(HttpServerError):
    """422: the request is refused; ``error_code`` says why."""


class InvalidEmailRequestError(ApiInputError):
    """Code 300: the message cannot be sent as it is."""


class InactiveRecipientError(ApiInputError):
    """Code 406: all recipients are suppressed. ``recipients`` are their addresses."""

    @property
    def recipients(self) -> list[str]:
        """The addresses that the message names."""
        return self.parse_recipients(self.message)

    @staticmethod
    def parse_recipients(text: str) -> list[str]:
        """Read the addresses out of Postmark's sentence; empty when it names none."""
        match = _INACTIVE.search(text)
        return [address.strip() for address in match[1].split(",") if address.strip()] if match else []


_INACTIVE = re.compile(r"inactive addresses: (.+?)\.?\s*(?:Inactive recipients|$)", re.DOTALL)


class NotFoundError(ApiInputError):
    """What the call names does not exist."""


class InternalServerError(HttpServerError):
    """500: the service failed."""


class RateLimitExceededError(HttpServerError):
    """429: too many calls. ``retry_after`` is the wait that the service asks for, in seconds, if it does."""

    @property
    def retry_after(self) -> float | None:
        """Seconds to wait."""
        text = self.headers.get("retry-after", "")
        return float(text) if text.replace(".", "", 1).isdigit() else None


class ServiceUnavailableError(HttpServerError):
    """503: maintenance or an outage; nothing was done."""


class UnexpectedHttpResponseError(HttpServerError):
    """A status that the API does not use."""


_BY_STATUS: dict[int, type[HttpServerError]] = {
    401: InvalidApiKeyError,
    422: ApiInputError,
    429: RateLimitExceededError,
    500: InternalServerError,
    503: ServiceUnavailableError,
}


def server_error(status: int, headers: Mapping[str, str], body: bytes, method: str, path: str) -> HttpServerError:
    """Return the error that an answer stands for. A 422 is told apart by its code; any code 10 is about the token."""
    parsed = _parsed(body)
    code, text = parsed.get("ErrorCode"), parsed.get("Message")
    code = int(code) if isinstance(code, int | str) and str(code).isdigit() else None
    kind = _BY_STATUS.get(status, UnexpectedHttpResponseError)
    if code == 10:
        kind = InvalidApiKeyError
    elif kind is ApiInputError and code in ERRORS:
        kind = globals()[ERRORS[code].exception]
    message = text if isinstance(text, str) else f"The API responded with HTTP status {status}."
    return kind(message, status_code=status, error_code=code, body=body, headers=headers, method=method, path=path)


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        parsed = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return {}
    return cast("dict[str, Any]", parsed) if isinstance(parsed, dict) else {}
