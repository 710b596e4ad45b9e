"""A receiving SMTP listener: the seam between the protocol and what the service does with mail."""

import asyncio

from carom.server.smtp import replies
from carom.server.smtp.conversation import Conversation, Terms
from carom.server.smtp.handler import Accepted, Authenticator, Envelope, Handler, Refused, Session, Submitter

__all__ = [
    "Accepted",
    "Authenticator",
    "Conversation",
    "Envelope",
    "Handler",
    "Listener",
    "Refused",
    "Session",
    "Submitter",
    "Terms",
]

_STREAM_LIMIT = 256 * 1024


class Listener:
    """Listens for mail and asks ``handler`` what to do with it. Port 0 takes a free one.

    ``terms``, if given, stands in place of ``hostname`` and ``size_limit`` (octets).
    """

    def __init__(
        self,
        host: str,
        port: int,
        handler: Handler,
        *,
        hostname: str,
        size_limit: int,
        terms: Terms | None = None,
        max_connections: int = 1000,
    ) -> None:
        """Open nothing yet."""
        self._host = host
        self._port = port
        self._handler = handler
        self._terms = terms or Terms(hostname=hostname, size_limit=size_limit)
        self._max_connections = max_connections
        self._server: asyncio.Server | None = None
        self._talks: dict[asyncio.Task[None], Conversation] = {}
        self._stopping = False

    async def start(self) -> tuple[str, int]:
        """Listen, and return the address."""
        self._server = await asyncio.start_server(self._accept, self._host, self._port, limit=_STREAM_LIMIT)
        host, port = self._server.sockets[0].getsockname()[:2]
        return str(host), int(port)

    async def stop(self, grace: float = 5.0) -> None:
        """Stop listening, let transactions under way finish for ``grace`` seconds, then end the rest with 421."""
        if self._server is None:
            return
        self._stopping = True
        self._server.close()
        for task, talk in self._talks.items():
            talk.stopping = True
            if talk.idle:
                task.cancel()
        talks = list(self._talks.values())
        await self._finish(grace)
        for talk in talks:
            talk.abort()  # no effect on those that have been closed and flushed
        await self._server.wait_closed()
        self._server = None

    async def _finish(self, grace: float) -> None:
        if not self._talks:
            return
        _, late = await asyncio.wait(self._talks, timeout=grace)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        talk = Conversation(reader, writer, self._handler, self._terms)
        refused = replies.SHUTTING_DOWN if self._stopping else None
        if len(self._talks) >= self._max_connections:
            refused = replies.TOO_MANY_CONNECTIONS
        self._talks[task] = talk
        try:
            await talk.run(refused)
        finally:
            del self._talks[task]
