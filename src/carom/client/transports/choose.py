"""Which transport a client gets: the network, or what ``transport=`` says."""

from typing import Any, cast

from carom.client._settings import Settings
from carom.client.transports.seam import AsyncTransport, Transport


def choose(settings: Settings) -> Transport:
    """Return the transport of a sync client: an object with send and close, an ASGI application, or a function from
    request to answer; the network if nothing is given."""
    given = settings.transport
    if given is None:
        from carom.client.transports.pool import Pool

        return Pool(settings)
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
    if hasattr(given, "send") and hasattr(given, "close"):
        return cast("AsyncTransport", given)
    if _takes(given) == 3:
        from carom.client.transports.asgi import AsyncAsgi

        return AsyncAsgi(given)
    from carom.client.transports.scripted import AsyncScripted

    return AsyncScripted(given)


def _takes(given: Any) -> int:
    # An ASGI application takes scope, receive and send; a script takes the request.
    import inspect

    if not callable(given):
        raise TypeError("transport is an object with send and close, an ASGI application, or a function of a request")
    return len(inspect.signature(given).parameters)
