"""The one client of a process that needs only one: its options, and the functions of the package that use it."""

import threading
from typing import Unpack

from carom.client import _tokens
from carom.client._settings import ClientOptions
from carom.client._sync.api import ApiClient

_lock = threading.Lock()
_options: ClientOptions = {}
_token: str | None = None
_client: ApiClient | None = None


def configure(api_token: str | None = None, /, **options: Unpack[ClientOptions]) -> None:
    """Set token and options for :func:`api_client` and for clients that are made without. A global client that exists
    is replaced by the next call; those in hand go on as they are."""
    global _options, _token, _client  # this module is the one global client
    with _lock:
        _options, _token, _client = options, api_token, None
        _tokens.configured = api_token


def api_client() -> ApiClient:
    """Return the global client; the first call makes it."""
    global _client  # noqa: PLW0603  # as above
    with _lock:
        if _client is None:
            _client = ApiClient(_token, **_options)
        return _client


def set_api_client(client: ApiClient | None) -> None:
    """Put a client in the place of the global one; None to have a new one made."""
    global _client  # noqa: PLW0603  # as above
    with _lock:
        _client = client
