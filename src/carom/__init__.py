"""Carom: what happens to mail after you press send."""

from carom._version import __version__
from carom.client._async.api import AsyncApiClient
from carom.client._async.pager import AsyncPager
from carom.client._global import api_client, configure, set_api_client
from carom.client._message import Attachment
from carom.client._settings import ClientOptions, RetryPolicy
from carom.client._sync.api import ApiClient
from carom.client._sync.pager import Pager
from carom.client.batches import BatchResult
from carom.client.errors import (
    ApiInputError,
    BatchError,
    ConnectionError,  # noqa: A004  # Carom's, and the builtin one too
    DecodeError,
    Error,
    HttpClientError,
    HttpServerError,
    InactiveRecipientError,
    InternalServerError,
    InvalidApiKeyError,
    InvalidEmailRequestError,
    InvalidTemplateError,
    MailAdapterError,
    NotFoundError,
    PaginationLimitError,
    RateLimitExceededError,
    ServiceUnavailableError,
    TimeoutError,  # noqa: A004  # as above
    UnexpectedHttpResponseError,
    UnknownMessageType,
)
from carom.client.pages import Page, Record
from carom.client.response import Response
from carom.client.results import Bounce, SendResult
from carom.taxonomy import BounceType, Origin, SuppressionReason
from carom.wire.addresses import Address
from carom.wire.bounces import BounceCount, BounceDump, DeliveryStats
from carom.wire.email import Header, SendEmail
from carom.wire.server import Server

__all__ = [
    "Address",
    "ApiClient",
    "ApiInputError",
    "AsyncApiClient",
    "AsyncPager",
    "Attachment",
    "BatchError",
    "BatchResult",
    "Bounce",
    "BounceCount",
    "BounceDump",
    "BounceType",
    "ClientOptions",
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
    "InvalidTemplateError",
    "MailAdapterError",
    "NotFoundError",
    "Origin",
    "Page",
    "Pager",
    "PaginationLimitError",
    "RateLimitExceededError",
    "Record",
    "Response",
    "RetryPolicy",
    "SendEmail",
    "SendResult",
    "Server",
    "ServiceUnavailableError",
    "SuppressionReason",
    "TimeoutError",
    "UnexpectedHttpResponseError",
    "UnknownMessageType",
    "__version__",
    "api_client",
    "configure",
    "set_api_client",
]
