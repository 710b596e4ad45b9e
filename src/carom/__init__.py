"""Carom: what happens to mail after you press send.

from carom import ApiClient

client = ApiClient("server token")
client.deliver(from_="you@example.com", to="someone@example.org", subject="Hello", text_body="It is me.")
"""

from carom.client._async.api import AsyncApiClient
from carom.client._core import RetryPolicy
from carom.client._sync.api import ApiClient
from carom.client.errors import (
    ApiInputError,
    BatchError,
    ConnectionError,  # noqa: A004  the field's name; it is a builtin ConnectionError too
    DecodeError,
    Error,
    HttpClientError,
    HttpServerError,
    InactiveRecipientError,
    InternalServerError,
    InvalidApiKeyError,
    InvalidEmailRequestError,
    NotFoundError,
    PaginationLimitError,
    RateLimitExceededError,
    ServiceUnavailableError,
    TimeoutError,  # noqa: A004  the gem's name; it is a builtin TimeoutError too
    UnexpectedHttpResponseError,
)
from carom.client.results import BatchResult, Page
from carom.taxonomy import BounceType, Origin, SuppressionReason
from carom.wire.addresses import Address
from carom.wire.bounces import Bounce, BounceCount, BounceDump, DeliveryStats
from carom.wire.email import Attachment, Header, SendEmail, SendResult
from carom.wire.server import Server

__version__ = "0.1.0"

__all__ = [
    "Address",
    "ApiClient",
    "ApiInputError",
    "AsyncApiClient",
    "Attachment",
    "BatchError",
    "BatchResult",
    "Bounce",
    "BounceCount",
    "BounceDump",
    "BounceType",
    "ConnectionError",
    "DecodeError",
    "DeliveryStats",
    "Error",
    "Header",
    "HttpClientError",
    "HttpServerError",
    "InactiveRecipientError",
    "InternalServerError",
    "InvalidApiKeyError",
    "InvalidEmailRequestError",
    "NotFoundError",
    "Origin",
    "Page",
    "PaginationLimitError",
    "RateLimitExceededError",
    "RetryPolicy",
    "SendEmail",
    "SendResult",
    "Server",
    "ServiceUnavailableError",
    "SuppressionReason",
    "TimeoutError",
    "UnexpectedHttpResponseError",
]
