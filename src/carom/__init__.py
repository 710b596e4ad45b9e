"""Carom: what happens to mail after you press send."""

from typing import TYPE_CHECKING, Any

from carom._version import __version__

if TYPE_CHECKING:  # for type checkers; a program loads what it names, when it names it
    from carom.client._async.account import AsyncAccountApiClient
    from carom.client._async.api import AsyncApiClient
    from carom.client._async.bounce import AsyncBounce
    from carom.client._async.pager import AsyncPager
    from carom.client._global import api_client, configure, set_api_client
    from carom.client._message import Attachment
    from carom.client._module import deliver_message, deliver_messages, delivery_stats, send_through_postmark
    from carom.client._settings import ClientOptions, RetryPolicy
    from carom.client._sync.account import AccountApiClient
    from carom.client._sync.api import ApiClient
    from carom.client._sync.bounce import Bounce
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
    from carom.client.results import SendResult
    from carom.mail import Message
    from carom.taxonomy import BounceType, Origin, SuppressionReason
    from carom.wire.addresses import Address
    from carom.wire.bounces import BounceCount, BounceDump, DeliveryStats
    from carom.wire.email import Header, SendEmail
    from carom.wire.server import Server

_PLACES = {
    "carom.client._async.account": ("AsyncAccountApiClient",),
    "carom.client._async.api": ("AsyncApiClient",),
    "carom.client._async.bounce": ("AsyncBounce",),
    "carom.client._async.pager": ("AsyncPager",),
    "carom.client._global": (
        "api_client",
        "configure",
        "set_api_client",
    ),
    "carom.client._message": ("Attachment",),
    "carom.client._module": (
        "deliver_message",
        "deliver_messages",
        "delivery_stats",
        "send_through_postmark",
    ),
    "carom.client._settings": (
        "ClientOptions",
        "RetryPolicy",
    ),
    "carom.client._sync.account": ("AccountApiClient",),
    "carom.client._sync.api": ("ApiClient",),
    "carom.client._sync.bounce": ("Bounce",),
    "carom.client._sync.pager": ("Pager",),
    "carom.client.batches": ("BatchResult",),
    "carom.client.errors": (
        "ApiInputError",
        "BatchError",
        "ConnectionError",
        "DecodeError",
        "Error",
        "HttpClientError",
        "HttpServerError",
        "InactiveRecipientError",
        "InternalServerError",
        "InvalidApiKeyError",
        "InvalidEmailRequestError",
        "InvalidTemplateError",
        "MailAdapterError",
        "NotFoundError",
        "PaginationLimitError",
        "RateLimitExceededError",
        "ServiceUnavailableError",
        "TimeoutError",
        "UnexpectedHttpResponseError",
        "UnknownMessageType",
    ),
    "carom.client.pages": (
        "Page",
        "Record",
    ),
    "carom.client.response": ("Response",),
    "carom.client.results": ("SendResult",),
    "carom.mail": ("Message",),
    "carom.taxonomy": (
        "BounceType",
        "Origin",
        "SuppressionReason",
    ),
    "carom.wire.addresses": ("Address",),
    "carom.wire.bounces": (
        "BounceCount",
        "BounceDump",
        "DeliveryStats",
    ),
    "carom.wire.email": (
        "Header",
        "SendEmail",
    ),
    "carom.wire.server": ("Server",),
}
_LAZY = {name: module for module, names in _PLACES.items() for name in names}

__all__ = [
    "AccountApiClient",
    "Address",
    "ApiClient",
    "ApiInputError",
    "AsyncAccountApiClient",
    "AsyncApiClient",
    "AsyncBounce",
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

        value = globals()[name] = getattr(import_module(_LAZY[name]), name)
        return value
    if name in _OLD_NAMES:
        import warnings

        warnings.warn(f"carom.{name} is now carom.{_OLD_NAMES[name]}", DeprecationWarning, stacklevel=2)
        return __getattr__(_OLD_NAMES[name])
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
