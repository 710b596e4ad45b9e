"""The last hop: one mail to one recipient over SMTP, on a connection that is kept for the next.

When a connection may be used again, when TLS may be done without and when a mail may have arrived is decided here; what is
said is :mod:`carom.server.outbound.dialogue`'s. Nothing but values leaves: trouble with a connection is an Attempt too.
"""

import asyncio
import os
import ssl
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from msgspec import Struct

from carom.server.outbound.attempt import Attempt, Outcome, Phase, Reply
from carom.server.outbound.dialogue import Dialogue, Stopped, visible_lines
from carom.server.outbound.route import Login, Route, Timeouts
from carom.server.outbound.tls import Contexts, TlsFailed, failed
from carom.server.outbound.wire import Wire
from carom.server.rules.headers import ascii_address

__all__ = ["Connections", "Login", "Route", "Timeouts"]

MAX_OPEN = 32
"""Fewer than others' systems let one client have: Postfix stops at 50 (smtpd_client_connection_count_limit)."""
_TIMEOUTS = Timeouts()


class _Idle(Struct):
    dialogue: Dialogue
    expiry: asyncio.TimerHandle


class Greeted(Struct, frozen=True):
    """How a host took our greeting: what went wrong, None where nothing did, and the TLS that it came to."""

    error: str | None
    tls: str | None = None


class Connections:
    """Connections to other systems, kept open and used again per route.

    ``hostname`` is said in EHLO. ``max_idle`` is how long one is kept without use, in seconds; ``max_open`` how many
    a route has, for a mail that finds all of them busy waits ``max_wait`` seconds and is deferred; ``max_mails`` how many
    mails go over one. ``authorities`` is a PEM file of certificates that are
    trusted beside the system's. An async context manager, or call :meth:`close`.
    """

    def __init__(
        self,
        *,
        hostname: str,
        timeouts: Timeouts = _TIMEOUTS,
        max_idle: float = 10.0,
        max_open: int = MAX_OPEN,
        max_wait: float = 60.0,
        max_mails: int = 200,
        authorities: Path | None = None,
    ) -> None:
        """Open nothing yet."""
        self._hostname = hostname
        self._timeouts = timeouts
        self._max_idle = max_idle
        self._max_open = max_open
        self._max_wait = max_wait
        self._room: dict[Route, asyncio.Semaphore] = {}
        self._max_mails = max_mails
        self._contexts = Contexts(authorities)
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
        room = self._room.get(route) or self._room.setdefault(route, asyncio.Semaphore(self._max_open))
        try:
            async with asyncio.timeout(self._max_wait):
                await room.acquire()
        except TimeoutError:
            busy = f"all {self._max_open} connections to {route} were busy for {self._max_wait:g} s"
            return _stopped(Stopped("connect", error=busy), None)
        try:
            return await self._deliver(route, sender, recipient, content)
        finally:
            room.release()

    async def _deliver(self, route: Route, sender: str, recipient: str, content: bytes) -> Attempt:
        kept = self._take(route)
        if kept is not None:
            try:
                return await self._send(kept, route, sender, recipient, content)
            except Stopped as stopped:
                if not stopped.stale:
                    return _stopped(stopped, kept)
        opening = _Opening([])
        try:
            dialogue = await self._open(route, opening)
        except Stopped as stopped:
            return _stopped(stopped, opening.dialogue, opening.lines)
        try:
            return await self._send(dialogue, route, sender, recipient, content)
        except Stopped as stopped:
            return _stopped(stopped, dialogue)

    async def greet(self, route: Route) -> Greeted:
        """Connect, say hello, take up TLS and log in as for a mail, and leave."""
        opening = _Opening([])
        try:
            dialogue = await self._open(route, opening)
        except Stopped as stopped:
            return Greeted(str(stopped.reply) if stopped.reply else stopped.error or stopped.phase)
        dialogue.close(politely=True)
        return Greeted(None, str(dialogue.secured) if dialogue.secured else None)

    async def close(self) -> None:
        """Close what is idle; deliveries in flight end by themselves and keep nothing open."""
        self._closed = True
        for idle in [idle for kept in self._idle.values() for idle in kept]:
            idle.expiry.cancel()
            idle.dialogue.close(politely=True)
        self._idle.clear()
        await asyncio.sleep(0)  # lets the loop write the QUITs

    async def _open(self, route: Route, opening: "_Opening") -> Dialogue:
        """Connect and say hello, with the TLS that the route asks for. Only where it is opportunistic another connection is
        tried after a handshake that failed: one that takes any certificate, or one in clear. Raises Stopped."""
        tls, doubt = route.tls != "none", None
        while True:
            try:
                return await self._open_once(route, opening, tls=tls, doubt=doubt)
            except TlsFailed as error:
                if route.tls != "opportunistic":
                    raise Stopped("tls", error=f"TLS with {route} failed: {error}") from error
                opening.dialogue = None
                if error.unverified and doubt is None:
                    doubt = str(error)
                else:
                    tls = False

    async def _open_once(self, route: Route, opening: "_Opening", *, tls: bool, doubt: str | None) -> Dialogue:
        context = self._contexts.get(verify=doubt is None) if tls else None
        wire = await self._connect(route, context if route.tls == "implicit" else None)
        opening.dialogue = dialogue = Dialogue(wire, route, self._timeouts, opening.lines)
        try:
            await dialogue.open(self._hostname, context, doubt)
        except Stopped:
            dialogue.close(politely=dialogue.usable)
            raise
        except BaseException:  # also when cancelled: nobody else would close it
            dialogue.close()
            raise
        return dialogue

    async def _connect(self, route: Route, context: ssl.SSLContext | None) -> Wire:
        connecting = asyncio.get_running_loop().create_connection(
            Wire, route.host, route.port, ssl=context, server_hostname=route.host if context else None
        )
        try:
            async with asyncio.timeout(self._timeouts.connect):
                _, wire = await connecting
        except TimeoutError as error:
            waited = f"no connection to {route} in {self._timeouts.connect:g} s"
            raise Stopped("connect", error=waited) from error
        except ssl.SSLError as error:
            raise failed(error) from error
        except OSError as error:
            if context is not None and isinstance(error, ConnectionResetError | ConnectionAbortedError):
                raise failed(error) from error
            # asyncio's own text for a refused connection says only that it failed; a name that has no address has no errno.
            reason = os.strerror(error.errno) if error.errno is not None and error.errno > 0 else error
            raise Stopped("connect", error=f"connection to {route} failed: {reason}") from error
        return wire

    async def _send(self, dialogue: Dialogue, route: Route, sender: str, recipient: str, content: bytes) -> Attempt:
        try:
            reply = await dialogue.send(sender, recipient, content)
        except Stopped as stopped:
            if stopped.reply is not None:
                self._keep(route, dialogue)
            raise
        except BaseException:  # cancelled in the middle of a dialogue: it cannot be used again
            dialogue.close()
            raise
        self._keep(route, dialogue)
        return _attempt("accepted", "message", reply, None, dialogue, dialogue.transcript)

    def _take(self, route: Route) -> Dialogue | None:
        kept = self._idle[route]
        while kept:
            idle = kept.pop()
            idle.expiry.cancel()
            if idle.dialogue.usable:
                idle.dialogue.resume()
                return idle.dialogue
            idle.dialogue.close()
        return None

    def _keep(self, route: Route, dialogue: Dialogue) -> None:
        kept = self._idle[route]
        worn = dialogue.mails >= self._max_mails
        if self._closed or worn or not dialogue.usable:
            dialogue.close(politely=True)
            return
        expiry = asyncio.get_running_loop().call_later(self._max_idle, self._expire, route, dialogue)
        kept.append(_Idle(dialogue, expiry))

    def _expire(self, route: Route, dialogue: Dialogue) -> None:
        self._idle[route] = [idle for idle in self._idle[route] if idle.dialogue is not dialogue]
        dialogue.close(politely=True)


class _Opening(Struct):
    """What was said while a connection was opened, on all that were tried, and the one that it came to."""

    lines: list[str]
    dialogue: Dialogue | None = None


def _attempt(
    outcome: Outcome, phase: Phase, reply: Reply | None, error: str | None, dialogue: Dialogue | None, transcript: str
) -> Attempt:
    return Attempt(
        outcome=outcome,
        phase=phase,
        reply=reply,
        error=error,
        remote_name=dialogue.remote_name if dialogue else None,
        remote_ip=dialogue.remote_ip if dialogue else None,
        transcript=transcript,
        tls=str(dialogue.secured) if dialogue and dialogue.secured else None,
    )


def _stopped(stopped: Stopped, dialogue: Dialogue | None, lines: Sequence[str] = ()) -> Attempt:
    said = dialogue.transcript if dialogue else visible_lines([*lines, f"* {stopped.error}"])
    return _attempt(stopped.outcome, stopped.phase, stopped.reply, stopped.error, dialogue, said)


def _envelope_address(email: str) -> str:
    if not email.isascii():
        email = ascii_address(email)
    if not email.isascii() or not email.isprintable():
        raise ValueError(f"{email!r} cannot stand in an SMTP command")
    return email
