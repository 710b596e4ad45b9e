"""The last hop: one mail to one recipient over SMTP, on a connection that is kept for the next.

aiosmtplib's protocol reads and writes the wire; what a reply means, when a connection may be used again and when a mail
may have arrived is decided here. Nothing but values leaves: trouble with a connection is an Attempt too.
"""

import asyncio
import os
import re
from collections import defaultdict
from types import TracebackType
from typing import Self, cast

from aiosmtplib.errors import SMTPResponseException, SMTPServerDisconnected, SMTPTimeoutError
from aiosmtplib.protocol import SMTPProtocol, normalize_message_line_endings
from msgspec import Struct

from carom.server.outbound.attempt import LONGEST_TRANSCRIPT, Attempt, Outcome, Phase, Reply, read_reply, visible
from carom.server.rules.headers import ascii_address


class Route(Struct, frozen=True):
    """Where mail is handed over."""

    host: str
    port: int


class Timeouts(Struct, frozen=True, kw_only=True):
    """The longest wait in each phase, in seconds. Those of RFC 5321 section 4.5.3.2 are minutes; a queue that tries
    again can be shorter, save after the content, where giving up early sends twice."""

    connect: float = 30.0
    greeting: float = 60.0
    ehlo: float = 60.0
    mail: float = 60.0
    rcpt: float = 60.0
    data: float = 60.0
    message: float = 600.0


class _Stopped(Exception):
    """The dialogue ended before the mail was accepted: by a reply, or by trouble told in words."""

    def __init__(self, phase: Phase, reply: Reply | None = None, error: str | None = None) -> None:
        super().__init__(phase, reply, error)
        self.phase: Phase = phase
        self.reply = reply
        self.error = error

    @property
    def outcome(self) -> Outcome:
        return "refused" if self.reply is not None and self.reply.code >= 500 else "deferred"

    @property
    def stale(self) -> bool:
        """Whether a kept connection was found gone, nothing of the mail having been taken."""
        return self.phase == "mail" and (self.reply is None or self.reply.code == _CLOSING)


_TIMEOUTS = Timeouts()
_CLOSING = 421
_PERIOD = re.compile(rb"(?m)^\.")
_REPLY_START = re.compile(rb"([2-5]\d\d)[ -]?([^\r\n]*)")
_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*")
_HEAD = 4096


class _Protocol(SMTPProtocol):
    """aiosmtplib's protocol, which also keeps the head of a reply: one that is too long to be read has its code there."""

    head = b""

    def data_received(self, data: bytes) -> None:
        self.head = (self.head + data)[:_HEAD]
        super().data_received(data)

    @property
    def out_of_turn(self) -> bool:
        """Whether the server has said more than it was asked."""
        return bool(self._buffer)


class _Session:
    """A connection and its dialogue."""

    def __init__(self, protocol: _Protocol, route: Route, timeouts: Timeouts) -> None:
        self._protocol = protocol
        self._transport = cast("asyncio.Transport", protocol.transport)
        self._timeouts = timeouts
        self._lines: list[str] = []
        self._needs_reset = False
        self.remote_name: str | None = route.host
        self.remote_ip = str(self._transport.get_extra_info("peername")[0])
        self._size = False

    async def open(self, hostname: str) -> None:
        """Wait for the greeting and say hello."""
        greeting = await self._ask("greeting", b"")
        name = greeting.text.partition(" ")[0]
        self.remote_name = name if "." in name and _HOST.fullmatch(name) else self.remote_name
        try:
            await self._ask("ehlo", b"EHLO " + hostname.encode())
        except _Stopped as stopped:
            if stopped.reply is None or stopped.reply.code not in {500, 502}:
                raise
            await self._ask("ehlo", b"HELO " + hostname.encode())
        else:
            self._size = re.search(rb"(?mi)^250[ -]SIZE\b", self._protocol.head) is not None

    def resume(self) -> None:
        """Begin the dialogue of another mail."""
        self._lines = ["* on a kept connection"]

    async def send(self, mail_from: str, recipient: str, content: bytes) -> Reply:
        """Hand over a mail and return the reply that accepted it."""
        if self._needs_reset:
            await self._ask("mail", b"RSET")
        self._needs_reset = True
        size = b" SIZE=%d" % len(content) if self._size else b""
        await self._ask("mail", b"MAIL FROM:<%b>%b" % (mail_from.encode("ascii"), size))
        await self._ask("rcpt", b"RCPT TO:<%b>" % recipient.encode("ascii"))
        await self._ask("data", b"DATA", good=3)
        reply = await self._say("message", _stuffed(content), f"({len(content)} bytes of mail)")
        self._needs_reset = False
        return reply

    async def _ask(self, phase: Phase, command: bytes, *, good: int = 2) -> Reply:
        return await self._say(phase, command and command + b"\r\n", command.decode(), good=good)

    async def _say(self, phase: Phase, written: bytes, shown: str, *, good: int = 2) -> Reply:
        """Write something and return the reply to it if its first digit is ``good``. Raises _Stopped."""
        seconds = cast("float", getattr(self._timeouts, phase))
        if shown:
            self._lines.append(f"C: {shown}")
        try:
            reply = await self._reply(written, seconds)
        except (SMTPServerDisconnected, ConnectionError) as error:
            raise self._trouble(phase, f"connection lost waiting for the reply to {phase}") from error
        except SMTPTimeoutError as error:
            raise self._trouble(phase, f"no reply to {phase} in {seconds:g} s") from error
        except SMTPResponseException as error:
            raise self._trouble(phase, f"no SMTP reply to {phase}: {visible(error.message)[:200]}") from error
        self._lines.append(f"S: {reply}")
        if reply.code == _CLOSING:
            self.close()
        if reply.code // 100 == good:
            return reply
        if reply.code < 400:
            raise self._trouble(phase, f"unexpected reply to {phase}: {reply}")
        raise _Stopped(phase, reply)

    async def _reply(self, written: bytes, seconds: float) -> Reply:
        if written:
            self._protocol.head = b""
            self._protocol.write(written)
        try:
            code, text = await self._protocol.read_response(timeout=seconds)
        except SMTPResponseException:
            # Too long, or no reply at all: in the first case its beginning has the code that all its lines have.
            start = _REPLY_START.match(self._protocol.head)
            if start is None:
                raise
            self.close()
            code, text = int(start[1]), start[2].decode("utf-8", "surrogateescape")
        if not 200 <= code < 600:
            raise SMTPResponseException(code, f"{code} {text}")
        return read_reply(code, text)

    def _trouble(self, phase: Phase, error: str) -> _Stopped:
        self._lines.append(f"* {error}")
        self.close()
        return _Stopped(phase, error=error)

    @property
    def usable(self) -> bool:
        """Whether another mail may go over this connection."""
        return self._protocol.is_connected and not self._protocol.out_of_turn

    @property
    def transcript(self) -> str:
        """The dialogue so far, one line a command or reply."""
        return visible_lines(self._lines)

    def close(self, *, politely: bool = False) -> None:
        """Close the connection, with a QUIT that waits for no answer if ``politely``."""
        if not self._transport.is_closing():
            if politely:
                self._transport.write(b"QUIT\r\n")
                self._transport.close()
            else:
                self._transport.abort()


class _Idle(Struct):
    session: _Session
    expiry: asyncio.TimerHandle


class Connections:
    """Connections to other systems, kept open and used again per route.

    ``hostname`` is said in EHLO. ``max_idle`` is how long one is kept without use, in seconds; ``max_kept`` how many
    idle ones a route has. An async context manager, or call :meth:`close`.
    """

    def __init__(
        self, *, hostname: str, timeouts: Timeouts = _TIMEOUTS, max_idle: float = 10.0, max_kept: int = 10
    ) -> None:
        """Open nothing yet."""
        self._hostname = hostname
        self._timeouts = timeouts
        self._max_idle = max_idle
        self._max_kept = max_kept
        self._idle: defaultdict[Route, list[_Idle]] = defaultdict(list)
        self._closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def deliver(self, route: Route, mail_from: str, recipient: str, content: bytes) -> Attempt:
        """Try once to hand over a mail; ``mail_from`` is empty for the null sender. Trouble is a deferred Attempt.

        A kept connection that turns out to be gone before DATA is replaced by a new one, once. Raises ValueError for
        an address that cannot stand in a command.
        """
        sender, recipient = _envelope_address(mail_from), _envelope_address(recipient)
        kept = self._take(route)
        if kept is not None:
            try:
                return await self._send(kept, route, sender, recipient, content)
            except _Stopped as stopped:
                if not stopped.stale:
                    return _stopped(stopped, kept)
        try:
            session = await self._connect(route)
        except _Stopped as stopped:
            error = stopped.error or ""
            return _attempt("deferred", stopped.phase, None, error, None, f"* {error}\n")
        try:
            await self._open(session)
            return await self._send(session, route, sender, recipient, content)
        except _Stopped as stopped:
            return _stopped(stopped, session)

    async def close(self) -> None:
        """Close what is idle; deliveries in flight end by themselves and keep nothing open."""
        self._closed = True
        for idle in [idle for kept in self._idle.values() for idle in kept]:
            idle.expiry.cancel()
            idle.session.close(politely=True)
        self._idle.clear()
        await asyncio.sleep(0)  # lets the loop write the QUITs

    async def _connect(self, route: Route) -> _Session:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._timeouts.connect):
                _, protocol = await loop.create_connection(lambda: _Protocol(loop), route.host, route.port)
        except TimeoutError as error:
            waited = f"no connection to {route.host}:{route.port} in {self._timeouts.connect:g} s"
            raise _Stopped("connect", error=waited) from error
        except OSError as error:
            # asyncio's own text for a refused connection says only that it failed; a name that has no address has no errno.
            reason = os.strerror(error.errno) if error.errno is not None and error.errno > 0 else error
            failed = f"connection to {route.host}:{route.port} failed: {reason}"
            raise _Stopped("connect", error=failed) from error
        return _Session(protocol, route, self._timeouts)

    async def _open(self, session: _Session) -> None:
        try:
            await session.open(self._hostname)
        except BaseException:  # also when cancelled: nobody else would close it
            session.close()
            raise

    async def _send(self, session: _Session, route: Route, sender: str, recipient: str, content: bytes) -> Attempt:
        try:
            reply = await session.send(sender, recipient, content)
        except _Stopped as stopped:
            if stopped.reply is not None:
                self._keep(route, session)
            raise
        except BaseException:  # cancelled in the middle of a dialogue: it cannot be used again
            session.close()
            raise
        self._keep(route, session)
        return _attempt("accepted", "message", reply, None, session, session.transcript)

    def _take(self, route: Route) -> _Session | None:
        kept = self._idle[route]
        while kept:
            idle = kept.pop()
            idle.expiry.cancel()
            if idle.session.usable:
                idle.session.resume()
                return idle.session
            idle.session.close()
        return None

    def _keep(self, route: Route, session: _Session) -> None:
        kept = self._idle[route]
        if self._closed or not session.usable or len(kept) >= self._max_kept:
            session.close(politely=True)
            return
        expiry = asyncio.get_running_loop().call_later(self._max_idle, self._expire, route, session)
        kept.append(_Idle(session, expiry))

    def _expire(self, route: Route, session: _Session) -> None:
        self._idle[route] = [idle for idle in self._idle[route] if idle.session is not session]
        session.close(politely=True)


def _attempt(
    outcome: Outcome, phase: Phase, reply: Reply | None, error: str | None, session: _Session | None, transcript: str
) -> Attempt:
    return Attempt(
        outcome=outcome,
        phase=phase,
        reply=reply,
        error=error,
        remote_name=session.remote_name if session else None,
        remote_ip=session.remote_ip if session else None,
        transcript=transcript,
    )


def _stopped(stopped: _Stopped, session: _Session) -> Attempt:
    return _attempt(stopped.outcome, stopped.phase, stopped.reply, stopped.error, session, session.transcript)


def _envelope_address(email: str) -> str:
    if not email.isascii():
        email = ascii_address(email)
    if not email.isascii() or not email.isprintable():
        raise ValueError(f"{email!r} cannot stand in an SMTP command")
    return email


def _stuffed(content: bytes) -> bytes:
    return _PERIOD.sub(b"..", normalize_message_line_endings(content)) + b".\r\n"


def visible_lines(lines: list[str]) -> str:
    """Join the lines of a transcript, control characters shown, cut at 16 KiB."""
    joined = "".join(f"{visible(line)}\n" for line in lines)
    return joined if len(joined) <= LONGEST_TRANSCRIPT else joined[: LONGEST_TRANSCRIPT - 16] + "\n* (cut here)\n"
