"""One client's session (RFC 5321): commands as a table, refusals as rows, decisions asked of the handler.

Libraries for this part read a message line by line and refuse or rewrite what real bounces hold, so the protocol is
here; it is small.
"""

import asyncio
import base64
import binascii
import secrets
import ssl
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import structlog

from carom.server.smtp import replies
from carom.server.smtp.handler import Claim, Envelope, Handler, Rules
from carom.server.smtp.incoming import BareLineEnd, Gone, Incoming, LineTooLong, TooBig
from carom.server.smtp.paths import read_path
from carom.server.smtp.replies import Reply

T = TypeVar("T")

log = structlog.get_logger("carom.smtp")

MAX_LINE = 4096
"""Octets of a command with its parameters; RFC 5321 asks for 512, extensions for more."""
MAX_LOGIN_LINE = 12 * 1024  # RFC 4954 section 4
MAX_ERRORS = 20
"""Faults of the client before it is sent away. What the handler refuses is no fault."""
MAX_LOGIN_FAILURES = 3
"""Failures before one more ends the session: clients try every mechanism with the same password."""
STREAM_LIMIT = 65536
"""Octets that are read ahead of what has been asked for."""


class Leave(Exception):
    """The session is over, with a last word if there is one."""

    def __init__(self, reply: Reply | None = None) -> None:
        super().__init__(reply)
        self.reply = reply


class Conversation:
    """A session, from greeting to close. ``idle`` while nothing of a message is under way."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, handler: Handler, rules: Rules
    ) -> None:
        """Take a connection over."""
        self._incoming, self._writer = Incoming(reader), writer
        self._plain = writer  # under TLS it still owns the socket, and closes it when it is let go
        self._handler, self._rules = handler, rules
        self._greeted = False
        self._login: Any = None
        self._mail_from: str | None = None
        self._recipients: list[str] = []
        self._out = bytearray()
        self._errors = self._login_failures = 0
        self._secured = False
        self.idle = False
        self.stopping = False
        self._commands: dict[str, Callable[[str], Awaitable[None]]] = {
            "HELO": self._helo,
            "EHLO": self._ehlo,
            "STARTTLS": self._starttls,
            "AUTH": self._auth,
            "MAIL": self._mail,
            "RCPT": self._rcpt,
            "DATA": self._data,
            "BDAT": self._bdat,
            "RSET": self._rset,
            "NOOP": self._noop,
            "VRFY": self._vrfy,
            "QUIT": self._quit,
        }
        self._mechanisms: dict[str, Callable[[str], Awaitable[Claim]]] = {
            "PLAIN": self._auth_plain,
            "LOGIN": self._auth_login,
            "CRAM-MD5": self._auth_cram_md5,
        }

    async def run(self) -> None:
        """Talk until one side ends it."""
        try:
            await self._talk()
        except Leave as leave:
            await self._end(leave.reply)
        except BareLineEnd:
            await self._end(replies.BARE_LINE_END)
        except LineTooLong:
            await self._end(replies.LONG_LINE)
        except TimeoutError:
            await self._end(replies.TOO_SLOW)
        except asyncio.CancelledError:
            # Only the listener cancels, and only to stop.
            self._say(replies.STOPPING)
            self._writer.write(bytes(self._out))
        except (Gone, ConnectionError):
            pass  # there is nobody to tell, and nothing was promised
        finally:
            self._writer.close()

    def abort(self) -> None:
        """Drop the connection with what is still to be sent; nothing happens to one that is closed."""
        self._writer.transport.abort()

    async def _talk(self) -> None:
        self._say(Reply(220, "", f"{self._rules.hostname} ESMTP Carom"))
        while True:
            verb, _, argument = (await self._line(MAX_LINE)).strip().partition(" ")
            await self._command(verb.upper(), argument.strip())
            if self.stopping and self._mail_from is None:
                raise Leave(replies.STOPPING)

    async def _line(self, limit: int) -> str:
        self.idle = self._mail_from is None
        try:
            if self._incoming.has_line:  # nothing to wait for, and a time-out costs as much as a command
                return (await self._incoming.line(limit)).decode("utf-8", "replace")
            async with asyncio.timeout(self._rules.command_timeout):
                await self._flush()
                return (await self._incoming.line(limit)).decode("utf-8", "replace")
        except BareLineEnd as fault:
            raise Leave(replies.BARE_COMMAND) from fault
        finally:
            self.idle = False

    async def _command(self, verb: str, argument: str) -> None:
        command = self._commands.get(verb)
        if command is None:
            self._fault(replies.NO_COMMAND)
        elif self._rules.needs_login and self._login is None and verb in {"MAIL", "RCPT", "DATA"}:
            self._fault(replies.LOGIN_FIRST)
        else:
            await command(argument)

    def _say(self, reply: Reply) -> None:
        self._out += reply.wire()

    def _fault(self, reply: Reply) -> None:
        """Refuse what the client did wrong. Raises Leave when that was once too often."""
        self._errors += 1
        if self._errors > MAX_ERRORS:
            raise Leave(replies.TOO_MANY_ERRORS)
        self._say(reply)

    def _answer(self, reply: Reply) -> None:
        """Say what the handler decided."""
        self._say(reply)
        if reply.code == replies.STOPPING.code:
            raise Leave

    async def _flush(self) -> None:
        if self._out:
            self._writer.write(bytes(self._out))
            self._out.clear()
            await self._writer.drain()

    async def _end(self, reply: Reply | None) -> None:
        """Say the last word and give the client time to read it: to close over bytes that were not read would reset
        the connection, reply and all."""
        if reply is not None:
            self._say(reply)
        try:
            async with asyncio.timeout(self._rules.linger):
                await self._flush()
                if self._writer.can_write_eof():
                    self._writer.write_eof()
                else:  # TLS ends both directions at once
                    self._writer.close()
                await self._incoming.drain()
        except (TimeoutError, OSError):
            self.abort()

    async def _asked(self, answer: Awaitable[T]) -> T | Reply:
        """Ask the handler. When it fails that is our fault, and the client is to try again."""
        try:
            return await answer
        except Exception:  # logged; the client keeps its mail and comes again
            log.exception("an SMTP handler failed", mail_from=self._mail_from)
            return replies.STORE_FAILED

    async def _helo(self, argument: str) -> None:
        if self._hello(argument):
            self._say(Reply(250, "", self._rules.hostname))

    async def _ehlo(self, argument: str) -> None:
        if self._hello(argument):
            lines = [self._rules.hostname, "PIPELINING", f"SIZE {self._rules.max_size}", "8BITMIME", "SMTPUTF8"]
            lines += ["STARTTLS"] if self._rules.tls is not None and not self._secured else []
            lines += [f"AUTH {' '.join(self._mechanisms)}"] if self._rules.needs_login else []
            self._out += "".join(f"250-{line}\r\n" for line in lines).encode()
            self._say(Reply(250, "", "ENHANCEDSTATUSCODES"))

    def _hello(self, argument: str) -> bool:
        if not argument:
            self._fault(replies.BAD_SYNTAX)
            return False
        self._greeted = True
        self._forget()
        return True

    async def _starttls(self, argument: str) -> None:
        """Go on under TLS (RFC 3207). What came in the clear is forgotten, also what came with this command: somebody on
        the way may have put it there."""
        if self._rules.tls is None or self._secured:
            self._fault(replies.NO_COMMAND)
        elif argument:
            self._fault(replies.BAD_SYNTAX)
        else:
            self._say(replies.READY_FOR_TLS)
            await self._flush()
            await self._secure(self._rules.tls)
            self._greeted, self._login = False, None
            self._forget()

    async def _secure(self, context: ssl.SSLContext) -> None:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(STREAM_LIMIT)
        protocol = asyncio.StreamReaderProtocol(reader)
        try:
            transport = await loop.start_tls(
                self._writer.transport,
                protocol,
                context,
                server_side=True,
                ssl_handshake_timeout=self._rules.handshake_timeout,
            )
        except (OSError, TimeoutError) as error:  # ssl.SSLError is an OSError
            log.info("a TLS handshake failed", reason=str(error) or type(error).__name__)
            self.abort()
            raise Leave from error
        assert transport is not None  # it is for a protocol that is not connected yet
        protocol.connection_made(transport)
        self._incoming = Incoming(reader)
        self._writer = asyncio.StreamWriter(transport, protocol, reader, loop)
        self._secured = True

    async def _auth(self, argument: str) -> None:
        mechanism, _, initial = argument.partition(" ")
        if not self._rules.needs_login or self._login is not None or not self._greeted or self._mail_from is not None:
            self._fault(replies.BAD_ORDER)
            return
        step = self._mechanisms.get(mechanism.upper())
        if step is None:
            self._fault(replies.NO_SUCH_PARAMETER)
            return
        try:
            claim = await step(initial.strip())
        except (binascii.Error, ValueError):  # "*", which cancels, is no base64 either
            self._fault(replies.BAD_SYNTAX)
            return
        login = await self._asked(self._handler.login(claim))
        if isinstance(login, Reply):
            self._say(login)
        elif login is None:
            self._login_failed()
        else:
            self._login = login
            self._say(replies.LOGGED_IN)

    def _login_failed(self) -> None:
        self._login_failures += 1
        self._say(replies.LOGIN_FAILED)
        if self._login_failures > MAX_LOGIN_FAILURES:
            raise Leave(replies.TOO_MANY_ERRORS)

    async def _auth_plain(self, initial: str) -> Claim:
        _, user, password = _decode(initial or await self._ask("")).split("\0")
        return self._claim(user, password)

    async def _auth_login(self, initial: str) -> Claim:
        user = _decode(initial or await self._ask("VXNlcm5hbWU6"))
        return self._claim(user, _decode(await self._ask("UGFzc3dvcmQ6")))

    async def _auth_cram_md5(self, initial: str) -> Claim:
        if initial:
            raise ValueError("RFC 2195 has no initial response")
        challenge = f"<{secrets.token_hex(16)}@{self._rules.hostname}>".encode()
        user, _, answer = _decode(await self._ask(base64.b64encode(challenge).decode())).rpartition(" ")
        return self._claim(user, answer, challenge)

    def _claim(self, user: str, password: str, challenge: bytes | None = None) -> Claim:
        peer = self._writer.get_extra_info("peername")
        return Claim(user, password, challenge, str(peer[0]) if peer else "")

    async def _ask(self, challenge: str) -> str:
        self._say(Reply(334, "", challenge))
        return (await self._line(MAX_LOGIN_LINE)).strip()

    async def _mail(self, argument: str) -> None:
        path = read_path(argument, "FROM:")
        if not self._greeted or self._mail_from is not None:
            self._fault(replies.BAD_ORDER)
        elif path is None or not (size := path.parameters.get("SIZE", "0")).isdecimal():
            self._fault(replies.BAD_SYNTAX)
        elif len(size) > 18 or int(size) > self._rules.max_size:
            self._fault(replies.TOO_LARGE)
        elif not self._rules.has_room():
            self._say(replies.NO_ROOM)
        else:
            self._mail_from = path.address
            self._say(replies.SENDER_OK)

    async def _rcpt(self, argument: str) -> None:
        path = read_path(argument, "TO:")
        if self._mail_from is None:
            self._fault(replies.BAD_ORDER)
        elif path is None or not path.address:
            self._fault(replies.BAD_SYNTAX)
        elif len(self._recipients) >= self._rules.max_recipients:
            self._say(replies.TOO_MANY_RECIPIENTS)
        else:
            refused = await self._asked(self._handler.recipient(self._login, self._mail_from, path.address))
            if refused is None:
                self._recipients.append(path.address)
            self._answer(refused or replies.RECIPIENT_OK)

    async def _data(self, argument: str) -> None:
        if self._mail_from is None or not self._recipients or argument:
            if self._incoming.waiting:
                # A message sent without waiting for 354: none of it may be read as commands.
                raise Leave(replies.BAD_ORDER)
            self._fault(replies.BAD_ORDER)
            return
        self._say(replies.GO_AHEAD)
        content = await self._content()
        if content is None:
            self._forget()
            self._say(replies.TOO_LARGE)
            return
        envelope = Envelope(self._mail_from, tuple(self._recipients), content, self._login)
        answer = await self._asked(self._handler.message(envelope))
        self._forget()
        self._answer(answer)

    async def _content(self) -> bytes | None:
        """Return a message's content, None if it was too large. Raises Leave if it was and its end did not come."""
        rules = self._rules
        try:
            async with asyncio.timeout(rules.message_timeout):
                await self._flush()
                return await self._incoming.content(
                    rules.max_size, refuse_bare=rules.refuses_bare_line_ends, seconds=rules.data_timeout
                )
        except TooBig as fault:
            if not fault.ended:
                raise Leave(replies.TOO_LARGE) from fault
            return None

    async def _bdat(self, argument: str) -> None:
        del argument
        raise Leave(replies.NO_COMMAND)  # what follows it is a message, never commands

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
        raise Leave(replies.BYE)

    def _forget(self) -> None:
        self._mail_from = None
        self._recipients = []


def _decode(text: str) -> str:
    return base64.b64decode(text, validate=True).decode()
