"""Receiving SMTP: the listener that runs a session for each client. What mail means is the handler's.

The message ends at CRLF.CRLF and nowhere else, and is handed over as its bytes came: line ends of any kind, lines of any
length, eight bits. The 250 after a message is sent when the handler has returned it, and it returns it when the message
is stored.
"""

import asyncio

from carom.server.smtp import replies
from carom.server.smtp.conversation import STREAM_LIMIT, Conversation
from carom.server.smtp.handler import Claim, Envelope, Handler, Rules

__all__ = ["Claim", "Envelope", "Handler", "Listener", "Rules"]


class Listener:
    """Listens and runs a session for each connection."""

    def __init__(self, host: str, port: int, handler: Handler, rules: Rules) -> None:
        """Prepare; ``port`` 0 picks a free one."""
        self._host, self._port = host, port
        self._handler, self._rules = handler, rules
        self._server: asyncio.Server | None = None
        self._talks: dict[asyncio.Task[None], Conversation] = {}

    async def start(self) -> tuple[str, int]:
        """Listen, and return where. Raises OSError."""
        self._server = await asyncio.start_server(self._serve, self._host, self._port, limit=STREAM_LIMIT)
        port: int = self._server.sockets[0].getsockname()[1]
        return self._host, port

    async def stop(self, grace: float) -> None:
        """Take no more connections, let idle clients go, and give messages under way so many seconds."""
        if self._server is None:
            return
        self._server.close()
        talks = list(self._talks.values())
        for task, talk in self._talks.items():
            talk.stopping = True
            if talk.idle:
                task.cancel()
        await self._finish(grace)
        for talk in talks:
            talk.abort()
        await self._server.wait_closed()
        self._server = None

    async def _finish(self, grace: float) -> None:
        if not self._talks:
            return
        _, late = await asyncio.wait(set(self._talks), timeout=grace)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._talks) >= self._rules.max_connections:
            writer.write(replies.TOO_MANY.wire())
            writer.close()
            return
        talk = Conversation(reader, writer, self._handler, self._rules)
        task = asyncio.current_task()
        assert task is not None
        self._talks[task] = talk
        try:
            await talk.run()
        finally:
            del self._talks[task]
