"""The last hop: handing one message to one remote by SMTP, on connections that are kept open and used again.

An attempt has one of three outcomes, and each phase a deadline, so that no remote can hold a worker. Only before DATA is
a message tried again on a fresh connection by itself: after that the remote may have it.
"""

import asyncio
import contextlib
import re
import time
from collections.abc import Awaitable
from typing import Literal, NamedTuple

import aiosmtplib
from msgspec import Struct

Outcome = Literal["accepted", "refused", "deferred"]
Phase = Literal["connect", "ehlo", "mail", "rcpt", "data", "message"]

MAX_TRANSCRIPT = 16_384
MAX_REPLY = 2_000
_STATUS = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?:\s|$)")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class Route(NamedTuple):
    """Where a message goes next."""

    host: str
    port: int


class Timeouts(NamedTuple):
    """Deadlines in seconds (RFC 5321, 4.5.3.2, cut to what a busy worker can spare)."""

    connect: float = 30.0
    command: float = 60.0
    message: float = 300.0


class Reply(Struct, frozen=True):
    """What a remote said: the code, the enhanced status if there is one, the words without it."""

    code: int
    status: str | None
    text: str


class Attempt(Struct, frozen=True):
    """What became of one attempt. ``phase`` is how far it came; ``error`` is connection trouble in words."""

    outcome: Outcome
    phase: Phase
    reply: Reply | None
    error: str | None
    remote_name: str
    remote_ip: str
    transcript: str


class _Stopped(Exception):
    """The attempt ends here."""

    def __init__(self, outcome: Outcome, phase: Phase, reply: Reply | None, error: str | None = None) -> None:
        super().__init__(phase)
        self.outcome: Outcome = outcome
        self.phase: Phase = phase
        self.reply, self.error = reply, error


class _Line:
    """A connection to a remote, with what was said on it for the current message."""

    def __init__(self, route: Route, hostname: str, timeouts: Timeouts) -> None:
        self._route, self._hostname, self._timeouts = route, hostname, timeouts
        self._smtp = aiosmtplib.SMTP(
            hostname=route.host,
            port=route.port,
            local_hostname=hostname,
            timeout=timeouts.command,
            start_tls=False,
        )
        self._said: list[str] = []
        self.used = 0
        self.idle_since = 0.0
        self.name, self.ip = route.host, ""

    @property
    def usable(self) -> bool:
        return self._smtp.is_connected

    @property
    def transcript(self) -> str:
        return "\n".join(self._said)[:MAX_TRANSCRIPT]

    async def open(self) -> None:
        reply = await self._step("connect", None, self._smtp.connect(timeout=self._timeouts.connect))
        peer = self._smtp.get_transport_info("peername")
        if peer:
            self.ip = str(peer[0])
        self.name = reply.text.split(" ", 1)[0] or self._route.host
        await self._step("ehlo", f"EHLO {self._hostname}", self._smtp.ehlo(hostname=self._hostname))

    async def send(self, mail_from: str, recipient: str, content: bytes) -> Reply:
        """Send a message and return the reply to it. Raises _Stopped."""
        self.used += 1
        await self._step("mail", f"MAIL FROM:<{mail_from}>", self._smtp.mail(mail_from))
        try:
            await self._step("rcpt", f"RCPT TO:<{recipient}>", self._smtp.rcpt(recipient))
            return await self._step(
                "message", f"DATA\n({len(content)} octets)", self._smtp.data(content, timeout=self._timeouts.message)
            )
        except _Stopped as stopped:
            if stopped.reply is not None:
                with contextlib.suppress(aiosmtplib.SMTPException, OSError):
                    await self._smtp.rset()
            raise

    def restart(self) -> None:
        """Begin the transcript of the next message."""
        self._said = []

    async def close(self) -> None:
        """Say goodbye if the remote still listens."""
        if self._smtp.is_connected:
            with contextlib.suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
                await self._smtp.quit(timeout=2)
        self._smtp.close()

    async def _step(self, phase: Phase, command: str | None, doing: Awaitable[aiosmtplib.SMTPResponse]) -> Reply:
        if command is not None:
            self._said += [f">>> {line}" for line in command.split("\n")]
        try:
            code, text = await doing
        except aiosmtplib.SMTPRecipientsRefused as error:
            code, text = error.recipients[0].code, error.recipients[0].message
        except aiosmtplib.SMTPResponseException as error:
            code, text = error.code, error.message
        except (aiosmtplib.SMTPException, OSError, TimeoutError, ValueError) as error:
            words = _printable(str(error)) or type(error).__name__
            self._said.append(f"*** {words}")
            self._smtp.close()
            raise _Stopped("deferred", phase, None, words) from error
        reply = _reply(code, text)
        self._said += [f"<<< {reply.code} {line}" for line in _printable(text).splitlines() or [""]]
        if 200 <= reply.code < 400:
            return reply
        if reply.code == 421 or phase in {"connect", "ehlo"}:
            self._smtp.close()
        raise _Stopped(
            "refused" if reply.code >= 500 and phase not in {"connect", "ehlo"} else "deferred", phase, reply
        )


class Connections:
    """Delivers messages; keeps a few connections to each remote open between them."""

    def __init__(
        self, *, hostname: str, timeouts: Timeouts | None = None, max_idle: int = 8, idle_seconds: float = 10.0
    ) -> None:
        """Greet remotes as ``hostname``. ``max_idle`` connections a remote stay open, for ``idle_seconds``."""
        self._hostname = hostname
        self._timeouts = timeouts or Timeouts()
        self._max_idle, self._idle_seconds = max_idle, idle_seconds
        self._idle: dict[Route, list[_Line]] = {}

    async def deliver(self, route: Route, mail_from: str, recipient: str, content: bytes) -> Attempt:
        """Hand over one message; whatever happens is an outcome."""
        line = await self._take(route)
        fresh = line is None
        line = line or _Line(route, self._hostname, self._timeouts)
        try:
            if fresh:
                await line.open()
            reply = await line.send(mail_from, recipient, content)
        except _Stopped as stopped:
            if not fresh and stopped.reply is None and stopped.phase in {"mail", "rcpt"}:
                return await self._deliver_fresh(route, mail_from, recipient, content)
            await self._give_back(route, line)
            return _attempt(stopped.outcome, stopped.phase, stopped.reply, stopped.error, line)
        attempt = _attempt("accepted", "message", reply, None, line)
        await self._give_back(route, line)
        return attempt

    async def _deliver_fresh(self, route: Route, mail_from: str, recipient: str, content: bytes) -> Attempt:
        """Begin anew: the kept connection had died, and its fellows may have too."""
        for line in self._idle.pop(route, []):
            await line.close()
        return await self.deliver(route, mail_from, recipient, content)

    async def close(self) -> None:
        """Close what is kept open."""
        lines = [line for kept in self._idle.values() for line in kept]
        self._idle.clear()
        await asyncio.gather(*(line.close() for line in lines))

    async def _take(self, route: Route) -> _Line | None:
        kept = self._idle.get(route, [])
        while kept:
            line = kept.pop()
            if line.usable and time.monotonic() - line.idle_since < self._idle_seconds:
                line.restart()
                return line
            await line.close()
        return None

    async def _give_back(self, route: Route, line: _Line) -> None:
        kept = self._idle.setdefault(route, [])
        if line.usable and len(kept) < self._max_idle:
            line.idle_since = time.monotonic()
            kept.append(line)
        else:
            await line.close()


def _attempt(outcome: Outcome, phase: Phase, reply: Reply | None, error: str | None, line: _Line) -> Attempt:
    return Attempt(outcome, phase, reply, error, line.name, line.ip, line.transcript)


def _reply(code: int, text: str) -> Reply:
    """Read a reply: the lines of a long one are joined, each without its repeated status."""
    words: list[str] = []
    status: str | None = None
    for part in _printable(text)[:MAX_REPLY].splitlines():
        match = _STATUS.match(part)
        status = status or (match[1] if match else None)
        words.append(part[match.end() :] if match and match[1] == status else part)
    return Reply(code, status, " ".join(word.strip() for word in words if word.strip()))


def _printable(text: str) -> str:
    return _CONTROL.sub("?", text.replace("\r\n", "\n").replace("\r", "\n"))
