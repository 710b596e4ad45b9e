"""Which transport a client gets: the network, or what ``transport=`` says."""

from typing import Any, cast

from carom.client._settings import Settings
from carom.client.transports.seam import AsyncTransport, Transport


def choose(settings: Settings) -> Transport:
    """Return the transport of a sync client: the network if nothing is given, httpx2 by its name or as a client of it,
    an object with send and close, an ASGI application, or a function from request to answer."""
    given = settings.transport
    if given is None:
        from carom.client.transports.pool import Pool

        return Pool(settings)
    if _is_httpx2(given, "Client"):
        from carom.client.transports.httpx2 import Httpx2

        return Httpx2(settings, None if isinstance(given, str) else given)
    if hasattr(given, "send") and hasattr(given, "close"):
        return cast("Transport", given)
    if _takes(given) == 3:
        from carom.client.transports.asgi import Asgi

        return Asgi(given)
    from carom.client.transports.scripted import Scripted

    return Scripted(given)


def async_choose(settings: Settings) -> AsyncTransport:
    """Return the transport of an async client, by the same rules."""
    given = settings.transport
    if given is None:
        from carom.client.transports.aio import Aio

        return Aio(settings)
    if _is_httpx2(given, "AsyncClient"):
        from carom.client.transports.httpx2 import AsyncHttpx2

        return AsyncHttpx2(settings, None if isinstance(given, str) else given)
    if hasattr(given, "send") and hasattr(given, "close"):
        return cast("AsyncTransport", given)
    if _takes(given) == 3:
        from carom.client.transports.asgi import AsyncAsgi

        return AsyncAsgi(given)
    from carom.client.transports.scripted import AsyncScripted

    return AsyncScripted(given)


def _is_httpx2(given: Any, wanted: str) -> bool:
    import sys

    if given == "httpx2":
        from importlib.util import find_spec

        if find_spec("httpx2") is None:
            raise ValueError("transport='httpx2' needs httpx2: pip install 'carom[httpx2]'")
        return True
    library = sys.modules.get("httpx2")
    if library is None or not isinstance(given, (library.Client, library.AsyncClient)):
        return False
    if not isinstance(given, getattr(library, wanted)):
        raise TypeError(f"transport is an httpx2.{wanted} here, not {type(given).__name__}")
    return True


def _takes(given: Any) -> int:
    # An ASGI application takes scope, receive and send; a script takes the request.
    import inspect

    if not callable(given):
        raise TypeError(
            "transport is 'httpx2', a client of httpx2, an object with send and close, an ASGI application, "
            "or a function of a request"
        )
    return len(inspect.signature(given).parameters)
