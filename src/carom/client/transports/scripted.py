"""A function instead of the network: tests say what the API answers, and see what it was asked."""

import inspect
from collections.abc import Awaitable, Callable

from carom.client.transports.seam import Reply, Request

Script = Callable[[Request], Reply | Awaitable[Reply]]


class Scripted:
    """A function from request to answer. It may raise TransportFault, as a network does."""

    def __init__(self, script: Script) -> None:
        """Take the function."""
        self._script = script

    def send(self, request: Request, /) -> Reply:
        """Return what the function answers."""
        reply = self._script(request)
        if not isinstance(reply, Reply):
            raise TypeError("a sync client needs a function that returns a Reply, not a coroutine")
        return reply

    def close(self) -> None:
        """Do nothing."""


class AsyncScripted:
    """The same for async clients; the function may be a coroutine function."""

    def __init__(self, script: Script) -> None:
        """Take the function."""
        self._script = script

    async def send(self, request: Request, /) -> Reply:
        """Return what the function answers."""
        reply = self._script(request)
        return await reply if inspect.isawaitable(reply) else reply

    async def close(self) -> None:
        """Do nothing."""
