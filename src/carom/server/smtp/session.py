"""Receiving SMTP: one session, and the listener that runs them. What mail means is the handler's.

The message ends at CRLF.CRLF and nowhere else, and is handed over as its bytes came: line ends of any kind, lines of any
length, eight bits. Libraries for this part read the message line by line and refuse or rewrite what real bounces hold, so
the protocol is here; it is small.

The 250 after a message is sent when the handler has returned it, and it returns it when the message is stored.
"""

import asyncio
import base64
import binascii
import contextlib
import re
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, Protocol

import structlog

from carom.server.smtp import replies
from carom.server.smtp.replies import Reply

log = structlog.get_logger("carom.smtp")

MAX_LINE = 4096
"""Octets of a command with its parameters; RFC 5321 asks for 512, extensions for more."""
MAX_ERRORS = 20
CHUNK = 65536
_END = b"\r\n.\r\n"
_BARE = re.compile(rb"(?<!\r)\n|\r(?!\n)")
_PATH = re.compile(r"\s*<\s*(?:@[^:>]*:)?([^<>]*)>\s*(.*)", re.DOTALL)
_SIZE = re.compile(r"(?:^|\s)SIZE=(\d+)", re.IGNORECASE)


class Envelope(NamedTuple):
    """A message as it came in. ``login`` is what the handler's login returned."""

    mail_from: str
    recipients: tuple[str, ...]
    content: bytes
    login: Any


class Handler(Protocol):
    """What a listener is for. Refusals are values."""

    async def login(self, user: str, password: str) -> Any:
        """Return who logs in, None to refuse."""
        ...

    async def recipient(self, login: Any, mail_from: str, address: str) -> Reply | None:
        """Refuse a recipient, or take it with None."""
        ...

    async def message(self, envelope: Envelope) -> Reply:
        """Store a message and return what to answer, durable by then."""
        ...


class Rules(NamedTuple):
    """How a listener behaves. Times are in seconds, sizes in octets."""

    hostname: str
    max_size: int
    max_recipients: int = 100
    needs_login: bool = False
    refuses_bare_line_ends: bool = False
    command_timeout: float = 300.0
    data_timeout: float = 180.0
    max_connections: int = 500


class Gone(Exception):
    """The client has closed the connection, or has to be let go."""


class Session:
    """A conversation with one client."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, handler: Handler, rules: Rules
    ) -> None:
        """Take a connection over."""
        self._reader, self._writer = reader, writer
        self._handler, self._rules = handler, rules
        self._buffer = bytearray()
        self._greeted = False
        self._login: Any = None
        self._mail_from: str | None = None
        self._recipients: list[str] = []
        self._errors = 0
        self.idle = True
        self._commands: dict[str, Callable[[str], Awaitable[None]]] = {
            "HELO": self._helo,
            "EHLO": self._ehlo,
            "AUTH": self._auth,
            "MAIL": self._mail,
            "RCPT": self._rcpt,
            "DATA": self._data,
            "RSET": self._rset,
            "NOOP": self._noop,
            "VRFY": self._vrfy,
            "QUIT": self._quit,
        }

    async def run(self) -> None:
        """Talk until the client leaves."""
        try:
            self._say(Reply(220, "", f"{self._rules.hostname} ESMTP Carom"))
            while True:
                await self._flush()
                await self._command(await self._line(self._rules.command_timeout))
        except (Gone, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self._writer.close()
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await self._writer.wait_closed()

    def stop(self) -> None:
        """Let an idle client go; a message in transfer is finished first, by whoever waits for it."""
        if self.idle and not self._writer.is_closing():
            self._say(replies.STOPPING)
            self._writer.close()

    def _say(self, reply: Reply) -> None:
        if reply.refuses:
            self._errors += 1
        if not self._writer.is_closing():
            self._writer.write(reply.wire())

    async def _flush(self) -> None:
        if self._errors > MAX_ERRORS:
            await self._leave(replies.TOO_MANY_ERRORS)
        await asyncio.wait_for(self._writer.drain(), self._rules.command_timeout)

    async def _leave(self, reply: Reply) -> None:
        """Say a last word. Raises Gone."""
        self._say(reply)
        with contextlib.suppress(OSError):
            await self._writer.drain()
        raise Gone

    async def _fill(self, seconds: float) -> None:
        """Read more. Raises Gone at the end, and when nothing comes for too long."""
        try:
            chunk = await asyncio.wait_for(self._reader.read(CHUNK), seconds)
        except TimeoutError:
            await self._leave(replies.TOO_SLOW)
            return
        if not chunk:
            raise Gone
        self._buffer += chunk

    async def _line(self, seconds: float) -> str:
        while (at := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > MAX_LINE:
                await self._leave(replies.LONG_LINE)
            await self._fill(seconds)
        line = bytes(self._buffer[:at])
        del self._buffer[: at + 1]
        if len(line) > MAX_LINE:
            await self._leave(replies.LONG_LINE)
        return line.removesuffix(b"\r").decode("utf-8", "replace")

    async def _command(self, line: str) -> None:
        verb, _, argument = line.strip().partition(" ")
        command = self._commands.get(verb.upper())
        if command is None:
            self._say(replies.NO_COMMAND)
        elif self._rules.needs_login and self._login is None and verb.upper() in {"MAIL", "RCPT", "DATA"}:
            self._say(replies.LOGIN_FIRST)
        else:
            await command(argument.strip())

    async def _helo(self, argument: str) -> None:
        if not argument:
            self._say(replies.BAD_SYNTAX)
            return
        self._greeted = True
        self._forget()
        self._say(Reply(250, "", self._rules.hostname))

    async def _ehlo(self, argument: str) -> None:
        if not argument:
            self._say(replies.BAD_SYNTAX)
            return
        self._greeted = True
        self._forget()
        lines = [self._rules.hostname, "PIPELINING", f"SIZE {self._rules.max_size}", "8BITMIME", "SMTPUTF8"]
        lines += ["AUTH PLAIN LOGIN"] if self._rules.needs_login else []
        for line in lines:
            self._writer.write(f"250-{line}\r\n".encode())
        self._say(Reply(250, "", "ENHANCEDSTATUSCODES"))

    async def _auth(self, argument: str) -> None:
        mechanism, _, initial = argument.partition(" ")
        if not self._rules.needs_login or self._login is not None or not self._greeted:
            self._say(replies.BAD_ORDER)
            return
        steps = {"PLAIN": self._auth_plain, "LOGIN": self._auth_login}
        step = steps.get(mechanism.upper())
        if step is None:
            self._say(replies.NO_SUCH_PARAMETER)
            return
        try:
            user, password = await step(initial.strip())
        except (binascii.Error, ValueError):
            self._say(replies.BAD_SYNTAX)
            return
        self._login = await self._handler.login(user, password)
        self._say(replies.LOGIN_FAILED if self._login is None else replies.LOGGED_IN)

    async def _auth_plain(self, initial: str) -> tuple[str, str]:
        _, user, password = _decode(initial or await self._ask("")).split("\0")
        return user, password

    async def _auth_login(self, initial: str) -> tuple[str, str]:
        user = _decode(initial or await self._ask("VXNlcm5hbWU6"))
        return user, _decode(await self._ask("UGFzc3dvcmQ6"))

    async def _ask(self, challenge: str) -> str:
        self._say(Reply(334, "", challenge))
        await self._flush()
        return (await self._line(self._rules.command_timeout)).strip()

    async def _mail(self, argument: str) -> None:
        path = _path(argument, "FROM:")
        if not self._greeted or self._mail_from is not None:
            self._say(replies.BAD_ORDER)
        elif path is None:
            self._say(replies.BAD_SYNTAX)
        elif (size := _SIZE.search(path[1])) and int(size[1]) > self._rules.max_size:
            self._say(replies.TOO_LARGE)
        else:
            self._mail_from = path[0]
            self._say(replies.SENDER_OK)

    async def _rcpt(self, argument: str) -> None:
        path = _path(argument, "TO:")
        if self._mail_from is None:
            self._say(replies.BAD_ORDER)
        elif path is None or not path[0]:
            self._say(replies.BAD_SYNTAX)
        elif len(self._recipients) >= self._rules.max_recipients:
            self._say(replies.TOO_MANY_RECIPIENTS)
        else:
            refused = await self._handler.recipient(self._login, self._mail_from, path[0])
            if refused is None:
                self._recipients.append(path[0])
            self._say(refused or replies.RECIPIENT_OK)

    async def _data(self, argument: str) -> None:
        if self._mail_from is None or not self._recipients or argument:
            self._say(replies.BAD_ORDER)
            return
        self.idle = False
        self._say(replies.GO_AHEAD)
        await self._flush()
        content = await self._content()
        if content is None:
            self._say(replies.TOO_LARGE)
        elif self._rules.refuses_bare_line_ends and _BARE.search(content):
            await self._leave(replies.BARE_LINE_END)
        else:
            envelope = Envelope(self._mail_from, tuple(self._recipients), content, self._login)
            try:
                self._say(await self._handler.message(envelope))
            except Exception:
                log.exception("a message could not be stored", mail_from=self._mail_from)
                self._say(replies.STORE_FAILED)
        self._forget()
        self.idle = True

    async def _content(self) -> bytes | None:
        """Read a message to CRLF.CRLF, without the dots that stuff it; None if it is too large, read to its end too."""
        data = bytearray(b"\r\n") + self._buffer
        self._buffer.clear()
        searched, size = 0, len(data)
        while (end := data.find(_END, searched)) < 0:
            searched = max(0, len(data) - len(_END) + 1)
            if size > self._rules.max_size:
                del data[:searched]
                searched = 0
            await self._fill(self._rules.data_timeout)
            data += self._buffer
            size += len(self._buffer)
            self._buffer.clear()
        size -= len(data) - end
        self._buffer += data[end + len(_END) :]
        if size > self._rules.max_size:
            return None
        return bytes(data[: end + 2].replace(b"\r\n.", b"\r\n")[2:])

    async def _rset(self, argument: str) -> None:
        del argument
        self._forget()
        self._say(replies.OK)

    async def _noop(self, argument: str) -> None:
        del argument
        self._say(replies.OK)

    async def _vrfy(self, argument: str) -> None:
        del argument
        self._say(replies.CANNOT_VERIFY)

    async def _quit(self, argument: str) -> None:
        del argument
        await self._leave(replies.BYE)

    def _forget(self) -> None:
        self._mail_from = None
        self._recipients = []


def _decode(text: str) -> str:
    return base64.b64decode(text, validate=True).decode()


def _path(argument: str, prefix: str) -> tuple[str, str] | None:
    """Return the address and the parameters of ``FROM:<a@b> SIZE=1``; source routes are dropped (RFC 5321, C)."""
    if argument[: len(prefix)].upper() != prefix:
        return None
    match = _PATH.fullmatch(argument[len(prefix) :])
    return (match[1].strip(), match[2]) if match else None


class Listener:
    """Listens and runs a session for each connection."""

    def __init__(self, host: str, port: int, handler: Handler, rules: Rules) -> None:
        """Prepare; ``port`` 0 picks a free one."""
        self._host, self._port = host, port
        self._handler, self._rules = handler, rules
        self._server: asyncio.Server | None = None
        self._sessions: dict[asyncio.Task[None], Session] = {}

    async def start(self) -> tuple[str, int]:
        """Listen, and return where. Raises OSError."""
        self._server = await asyncio.start_server(self._serve, self._host, self._port, limit=CHUNK)
        port: int = self._server.sockets[0].getsockname()[1]
        return self._host, port

    async def stop(self, grace: float) -> None:
        """Take no more connections, let idle clients go, and give messages in transfer so many seconds."""
        if self._server is None:
            return
        self._server.close()
        for session in self._sessions.values():
            session.stop()
        if self._sessions:
            _, late = await asyncio.wait(set(self._sessions), timeout=grace)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._sessions) >= self._rules.max_connections:
            writer.write(replies.TOO_MANY.wire())
            writer.close()
            return
        session = Session(reader, writer, self._handler, self._rules)
        task = asyncio.current_task()
        assert task is not None
        self._sessions[task] = session
        try:
            await session.run()
        finally:
            del self._sessions[task]
