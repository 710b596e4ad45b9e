"""Carom: what happens to mail after you press send."""

from typing import TYPE_CHECKING, Any

from carom._version import __version__
from carom.client._global import api_client, configure, set_api_client
from carom.client._message import Attachment
from carom.client._module import deliver_message, deliver_messages, delivery_stats, send_through_postmark
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

if TYPE_CHECKING:  # what not every program needs, loaded when it is named
    from carom.client._async.account import AsyncAccountApiClient
    from carom.client._async.api import AsyncApiClient
    from carom.client._async.pager import AsyncPager
    from carom.client._sync.account import AccountApiClient
    from carom.mail import Message

_LAZY = {
    "AccountApiClient": "carom.client._sync.account",
    "AsyncAccountApiClient": "carom.client._async.account",
    "AsyncApiClient": "carom.client._async.api",
    "AsyncPager": "carom.client._async.pager",
    "Message": "carom.mail",
}

__all__ = [
    "AccountApiClient",
    "Address",
    "ApiClient",
    "ApiInputError",
    "AsyncAccountApiClient",
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
    "Message",
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
    "deliver_message",
    "deliver_messages",
    "delivery_stats",
    "send_through_postmark",
    "set_api_client",
]

# The gem's old names, and what took their place.
_OLD_NAMES = {
    "DeliveryError": "Error",
    "InvalidMessageError": "ApiInputError",
    "UnknownError": "UnexpectedHttpResponseError",
    "InvalidEmailAddressError": "InvalidEmailRequestError",
}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        from importlib import import_module

        return getattr(import_module(_LAZY[name]), name)
    if name in _OLD_NAMES:
        import warnings

        warnings.warn(f"carom.{name} is now carom.{_OLD_NAMES[name]}", DeprecationWarning, stacklevel=2)
        return globals()[_OLD_NAMES[name]]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
