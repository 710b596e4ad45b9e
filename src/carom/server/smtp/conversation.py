"""One client's SMTP session (RFC 5321): commands as a table, refusals as rows, decisions asked of the handler.

Own protocol and not aiosmtpd's: that one refuses lines over 1,001 octets, which many a real bounce has, and reads a
mail line by line through a stream of the same limit. What comes to a return path must be taken as it is.
"""

import asyncio
import logging
import re
from base64 import b64decode
from binascii import Error as BadBase64
from collections.abc import Awaitable, Callable
from typing import TypeVar

from msgspec import Struct

from carom.server.smtp import replies
from carom.server.smtp.handler import Accepted, Authenticator, Envelope, Handler, Refused, Session
from carom.server.smtp.incoming import BareLineEnd, Disconnected, Incoming, LineTooLong, TooBig
from carom.server.smtp.paths import is_mailbox, read_path

T = TypeVar("T")
_log = logging.getLogger(__name__)


class Terms(Struct, frozen=True, kw_only=True):
    """What a listener allows. Times are in seconds: ``idle`` for the next command, ``content`` for a whole mail,
    ``linger`` for a client to read the last reply. With an ``authenticator`` nothing goes without AUTH."""

    hostname: str
    size_limit: int
    idle: float = 300.0
    content: float = 1200.0
    linger: float = 2.0
    line_limit: int = 4096
    max_recipients: int = 100
    max_errors: int = 20
    max_auth_failures: int = 3
    refuse_bare: bool = False
    null_sender: bool = True
    authenticator: Authenticator | None = None


class _Close(Exception):
    """The session ends after this reply."""

    def __init__(self, reply: Refused | None) -> None:
        super().__init__(reply)
        self.reply = reply


_AUTH_LINE_LIMIT = 12 * 1024  # RFC 4954 section 4
_LONGEST_TEXT = 480  # a reply line has 512 octets, RFC 5321 section 4.5.3.1.5
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]")
_PARAMETERS = {"MAIL": {"SIZE", "BODY", "AUTH"}, "RCPT": frozenset[str]()}


class Conversation:
    """A session from greeting to close."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, handler: Handler, terms: Terms
    ) -> None:
        """Talk over a connection that has just been made."""
        self._incoming = Incoming(reader)
        self._writer = writer
        self._handler = handler
        self._terms = terms
        self._session = Session(str(writer.get_extra_info("peername")[0]))
        self._out = bytearray()
        self._errors = 0
        self._auth_failures = 0
        self._commands: dict[str, Callable[[str], Awaitable[None]]] = {
            "EHLO": self._ehlo,
            "HELO": self._helo,
            "AUTH": self._auth,
            "MAIL": self._mail,
            "RCPT": self._rcpt,
            "DATA": self._data,
            "RSET": self._rset,
            "NOOP": self._noop,
            "VRFY": self._vrfy,
            "QUIT": self._quit,
            "EXPN": self._not_offered,
            "HELP": self._not_offered,
            "STARTTLS": self._not_offered,
            "BDAT": self._bdat,
        }
        self.stopping = False
        self.idle = False

    def abort(self) -> None:
        """Drop the connection, unsent bytes and all."""
        self._writer.transport.abort()

    async def run(self, refused: Refused | None = None) -> None:
        """Talk until one side ends it; ``refused`` is said in place of a greeting."""
        try:
            await self._talk(refused)
        except _Close as close:
            await self._end(close.reply)
        except BareLineEnd:
            await self._end(replies.BAD_LINE_END)
        except LineTooLong:
            await self._end(replies.LINE_TOO_LONG)
        except TimeoutError:
            await self._end(replies.TOO_SLOW)
        except asyncio.CancelledError:
            # Only the listener cancels, and only to stop.
            self._say_refused(replies.SHUTTING_DOWN)
            self._writer.write(self._out)
        except (Disconnected, ConnectionError):
            pass  # the client is gone: there is nobody to tell, and nothing was promised
        finally:
            self._writer.close()

    async def _talk(self, refused: Refused | None) -> None:
        if refused is not None:
            raise _Close(refused)
        self._say(220, f"{self._terms.hostname} ESMTP")
        while True:
            line = await self._command()
            verb, _, argument = line.partition(" ")
            command = self._commands.get(verb.upper())
            if command is None:
                self._refuse(replies.UNKNOWN_COMMAND)
            else:
                await command(argument.strip(" "))
            if self.stopping and self._session.mail_from is None:
                raise _Close(replies.SHUTTING_DOWN)

    async def _command(self, limit: int | None = None) -> str:
        self.idle = self._session.mail_from is None
        try:
            async with asyncio.timeout(self._terms.idle):
                if not self._incoming.has_line:
                    await self._flush()
                line = await self._incoming.line(limit or self._terms.line_limit)
        finally:
            self.idle = False
        return line.decode("utf-8", "replace")

    async def _end(self, reply: Refused | None) -> None:
        """Say the last word and wait a little for the client to read it: closing over unread bytes would reset."""
        if reply is not None:
            self._say_refused(reply)
        try:
            async with asyncio.timeout(self._terms.linger):
                await self._flush()
                self._writer.write_eof()
                await self._incoming.drain()
        except (TimeoutError, OSError):
            self._writer.transport.abort()

    async def _flush(self) -> None:
        if self._out:
            self._writer.write(bytes(self._out))
            self._out.clear()
            await self._writer.drain()

    def _say(self, code: int, *lines: str) -> None:
        for line in lines[:-1]:
            self._out += f"{code}-{line}\r\n".encode("ascii", "replace")
        self._out += f"{code} {lines[-1]}\r\n".encode("ascii", "replace")

    def _say_refused(self, refused: Refused) -> None:
        self._say(refused.code, f"{refused.status} {_UNPRINTABLE.sub('?', refused.text)[:_LONGEST_TEXT]}")

    def _refuse(self, refused: Refused) -> None:
        """Refuse a command for a fault of the client; too many end the session."""
        self._errors += 1
        if self._errors > self._terms.max_errors:
            raise _Close(replies.TOO_MANY_ERRORS)
        self._say_refused(refused)

    def _decline(self, refused: Refused) -> None:
        """Refuse what was asked properly."""
        self._say_refused(refused)
        if refused.code == 421:
            raise _Close(None)

    # Commands

    async def _ehlo(self, argument: str) -> None:
        if not argument:
            return self._refuse(replies.BAD_ARGUMENTS)
        self._session.helo = argument
        self._session.reset()
        auth = ["AUTH PLAIN LOGIN"] if self._terms.authenticator else []
        offers = ["PIPELINING", f"SIZE {self._terms.size_limit}", *auth, "ENHANCEDSTATUSCODES", "8BITMIME"]
        return self._say(250, self._terms.hostname, *offers)

    async def _helo(self, argument: str) -> None:
        if not argument:
            return self._refuse(replies.BAD_ARGUMENTS)
        self._session.helo = argument
        self._session.reset()
        return self._say(250, self._terms.hostname)

    async def _mail(self, argument: str) -> None:
        path = read_path(argument, "FROM")
        fault = self._out_of_order()
        if fault is None and self._session.mail_from is not None:
            fault = replies.NESTED_MAIL
        if fault is None and path is None:
            fault = replies.BAD_ARGUMENTS
        if fault is not None or path is None:
            return self._refuse(fault or replies.BAD_ARGUMENTS)
        size = path.parameters.get("SIZE", "0")
        if not path.parameters.keys() <= _PARAMETERS["MAIL"]:
            return self._refuse(replies.BAD_PARAMETER)
        if not size.isdecimal() or len(size) > 20:
            return self._refuse(replies.BAD_ARGUMENTS)
        if int(size) > self._terms.size_limit:
            return self._refuse(replies.TOO_BIG)
        if not path.address and not self._terms.null_sender:
            return self._refuse(replies.NULL_SENDER)
        if path.address and not is_mailbox(path.address):
            return self._refuse(replies.BAD_SENDER)
        self._session.mail_from = path.address
        return self._say(250, "2.1.0 Ok")

    async def _rcpt(self, argument: str) -> None:
        if self._session.mail_from is None:
            return self._refuse(self._out_of_order() or replies.MAIL_FIRST)
        path = read_path(argument, "TO")
        if path is None:
            return self._refuse(replies.BAD_ARGUMENTS)
        if not path.parameters.keys() <= _PARAMETERS["RCPT"]:
            return self._refuse(replies.BAD_PARAMETER)
        if not is_mailbox(path.address):
            return self._refuse(replies.BAD_RECIPIENT)
        if len(self._session.recipients) >= self._terms.max_recipients:
            return self._decline(replies.TOO_MANY_RECIPIENTS)
        refused = await self._ask(self._handler.rcpt(self._session, path.address))
        if refused is not None:
            return self._decline(refused)
        self._session.recipients.append(path.address)
        return self._say(250, "2.1.5 Ok")

    async def _data(self, argument: str) -> None:
        fault = self._data_fault(argument)
        if fault is not None:
            if self._incoming.waiting:
                # Content sent without waiting for 354 would be read as commands.
                raise _Close(fault)
            return self._refuse(fault)
        self._say(354, "End data with <CR><LF>.<CR><LF>")
        content = await self._content()
        if content is None:
            return self._refuse(replies.TOO_BIG)
        session = self._session
        envelope = Envelope(mail_from=session.mail_from or "", recipients=tuple(session.recipients), content=content)
        answer = await self._ask(self._handler.message(session, envelope))
        session.reset()
        if isinstance(answer, Accepted):
            return self._say(250, f"2.0.0 {_UNPRINTABLE.sub('?', answer.text)[:_LONGEST_TEXT]}")
        return self._decline(answer)

    def _data_fault(self, argument: str) -> Refused | None:
        if argument:
            return replies.BAD_ARGUMENTS
        if self._session.mail_from is None:
            return self._out_of_order() or replies.MAIL_FIRST
        return None if self._session.recipients else replies.RCPT_FIRST

    async def _content(self) -> bytes | None:
        """Return the content, None if it was too big."""
        try:
            async with asyncio.timeout(self._terms.content):
                await self._flush()
                return await self._incoming.content(self._terms.size_limit, refuse_bare=self._terms.refuse_bare)
        except TooBig as fault:
            self._session.reset()
            if not fault.ended:
                raise _Close(replies.TOO_BIG) from fault
            return None

    async def _rset(self, _argument: str) -> None:
        self._session.reset()
        self._say(250, "2.0.0 Ok")

    async def _noop(self, _argument: str) -> None:
        self._say(250, "2.0.0 Ok")

    async def _vrfy(self, _argument: str) -> None:
        self._say(252, "2.5.2 Cannot verify, send some mail and see")

    async def _quit(self, _argument: str) -> None:
        self._say(221, "2.0.0 Bye")
        raise _Close(None)

    async def _not_offered(self, _argument: str) -> None:
        self._refuse(replies.NOT_OFFERED)

    async def _bdat(self, _argument: str) -> None:
        # What follows is content, never commands.
        raise _Close(replies.NOT_OFFERED)

    def _out_of_order(self) -> Refused | None:
        if not self._session.helo:
            return replies.HELLO_FIRST
        if self._terms.authenticator is not None and self._session.identity is None:
            return replies.AUTH_REQUIRED
        return None

    # Authentication (RFC 4954)

    async def _auth(self, argument: str) -> None:
        authenticator = self._terms.authenticator
        fault = self._auth_fault()
        if authenticator is None or fault is not None:
            return self._refuse(fault or replies.NOT_OFFERED)
        mechanism, _, initial = argument.partition(" ")
        read = {"PLAIN": self._plain, "LOGIN": self._login}.get(mechanism.upper())
        if read is None:
            return self._refuse(replies.AUTH_UNKNOWN)
        credentials = await read(initial.strip(" "))
        if isinstance(credentials, Refused):
            return self._refuse(credentials)
        identity = await self._ask(authenticator.auth(self._session, *credentials))
        if isinstance(identity, Refused):
            return self._decline(identity)
        if identity is None:
            return self._auth_failed()
        self._session.identity = identity
        return self._say(235, "2.7.0 Authentication successful")

    def _auth_fault(self) -> Refused | None:
        if not self._session.helo:
            return replies.HELLO_FIRST
        return replies.AUTH_DONE if self._session.identity is not None or self._session.mail_from is not None else None

    def _auth_failed(self) -> None:
        self._auth_failures += 1
        self._say_refused(replies.AUTH_FAILED)
        if self._auth_failures >= self._terms.max_auth_failures:
            raise _Close(replies.TOO_MANY_ERRORS)

    async def _plain(self, initial: str) -> tuple[str, str] | Refused:
        """Read ``authzid NUL user NUL password`` (RFC 4616)."""
        answer = await self._response(initial, "")
        if isinstance(answer, Refused):
            return answer
        parts = answer.split("\0")
        return (parts[1], parts[2]) if len(parts) == 3 else replies.AUTH_MALFORMED

    async def _login(self, initial: str) -> tuple[str, str] | Refused:
        user = await self._response(initial, "VXNlcm5hbWU6")
        if isinstance(user, Refused):
            return user
        password = await self._response("", "UGFzc3dvcmQ6")
        return password if isinstance(password, Refused) else (user, password)

    async def _response(self, initial: str, challenge: str) -> str | Refused:
        """Decode the initial response, or what the client answers to a challenge."""
        if not initial:
            self._say(334, challenge)
            initial = await self._command(_AUTH_LINE_LIMIT)
        if initial == "*":
            return replies.AUTH_CANCELLED
        try:
            return b64decode("" if initial == "=" else initial, validate=True).decode()
        except (BadBase64, ValueError):
            return replies.AUTH_MALFORMED

    async def _ask(self, answer: Awaitable[T]) -> T | Refused:
        """Ask the handler. What goes wrong there is our fault: the client is asked to try again."""
        try:
            return await answer
        except Exception:  # noqa: BLE001  whatever it is, the client must get an answer
            _log.exception("the handler of an SMTP session failed")
            return replies.LOCAL_ERROR
