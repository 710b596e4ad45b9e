"""The dialogue on one SMTP connection: hello, TLS, login, and a mail to one recipient at a time."""

import asyncio
import re
import ssl
from base64 import b64encode
from collections.abc import Sequence
from typing import cast

from carom.server.outbound.attempt import LONGEST_TRANSCRIPT, Outcome, Phase, Reply, read_reply, visible
from carom.server.outbound.route import Login, Route, Timeouts
from carom.server.outbound.tls import Secured, failed
from carom.server.outbound.wire import NoReply, Said, Wire

_CLOSING = 421
_GO_ON = 354
_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*")
_LINE_END = re.compile(rb"\r\n|\n|\r")
_PERIOD = re.compile(rb"(?m)^\.")
MECHANISMS = ("PLAIN", "LOGIN")
"""Those that are spoken, the first that is offered is used. Both need TLS, which is for the settings to see to."""


class Stopped(Exception):
    """The dialogue ended before the mail was accepted: by a reply, or by trouble told in words."""

    def __init__(self, phase: Phase, reply: Reply | None = None, error: str | None = None) -> None:
        """Keep how far it came."""
        super().__init__(phase, reply, error)
        self.phase: Phase = phase
        self.reply = reply
        self.error = error

    @property
    def outcome(self) -> Outcome:
        """What it is to the mail."""
        return "refused" if self.reply is not None and self.reply.code >= 500 else "deferred"

    @property
    def stale(self) -> bool:
        """Whether a kept connection was found gone, nothing of the mail having been taken."""
        return self.phase == "mail" and (self.reply is None or self.reply.code == _CLOSING)


class Dialogue:
    """A connection and what is said on it."""

    def __init__(self, wire: Wire, route: Route, timeouts: Timeouts, lines: list[str]) -> None:
        """Begin; nothing is said yet. ``lines`` is where the transcript goes, after what it holds."""
        self._wire = wire
        self._route = route
        self._timeouts = timeouts
        self._lines = lines
        self._extensions: dict[str, str] = {}
        self._needs_reset = False
        self.mails = 0
        self.remote_name: str | None = route.host
        self.remote_ip = str(wire.transport.get_extra_info("peername")[0])
        self.secured: Secured | None = None

    async def open(self, hostname: str, context: ssl.SSLContext | None, doubt: str | None) -> None:
        """Wait for the greeting, say hello, take up TLS with a ``context``, log in. Raises Stopped, and TlsFailed after a
        handshake that failed. ``doubt`` is why the context does not check certificates."""
        if self._route.tls == "implicit":
            self._note_tls(doubt)
        greeting = await self._ask("greeting", b"")
        name = greeting.text.partition(" ")[0]
        self.remote_name = name if "." in name and _HOST.fullmatch(name) else self.remote_name
        await self._hello(hostname)
        if self._route.tls != "implicit" and context is not None and await self._starts_tls():
            await self._handshake(context, doubt)
            await self._hello(hostname)
        if self._route.login is not None:
            await self._log_in(self._route.login)

    async def _hello(self, hostname: str) -> None:
        """Greet, and learn what the server can do: what it said before TLS is forgotten (RFC 3207 section 4.2)."""
        self._extensions = {}
        try:
            said = await self._say("ehlo", f"EHLO {hostname}".encode())
        except Stopped as stopped:
            if stopped.reply is None or stopped.reply.code not in {500, 502}:
                raise
            await self._ask("ehlo", f"HELO {hostname}".encode())
            return
        for line in said.lines[1:]:
            name, _, rest = line.decode("latin-1").partition(" ")
            self._extensions[name.upper()] = rest

    async def _starts_tls(self) -> bool:
        required = self._route.tls == "required"
        if "STARTTLS" not in self._extensions:
            if required:
                raise self._trouble("tls", "TLS is required and the server offers none (no STARTTLS)")
            return False
        try:
            await self._ask("tls", b"STARTTLS")
        except Stopped as stopped:
            if required or stopped.reply is None or stopped.reply.code == _CLOSING:
                raise
            return False
        if not self._wire.silent:
            # Whoever stands between could have put it there (RFC 3207 section 6 and CVE-2011-0411).
            raise self._trouble("tls", "the server said more before the TLS handshake")
        return True

    async def _handshake(self, context: ssl.SSLContext, doubt: str | None) -> None:
        loop = asyncio.get_running_loop()
        try:
            secure = await loop.start_tls(
                self._wire.transport, self._wire, context,
                server_hostname=self._route.host, ssl_handshake_timeout=self._timeouts.tls,
            )  # fmt: skip
        except OSError as error:  # ssl.SSLError and ConnectionError are
            trouble = failed(error)
            self._lines.append(f"* TLS failed: {trouble}")
            self.close()
            raise trouble from error
        if secure is None:
            raise self._trouble("tls", "the connection was lost in the TLS handshake")
        self._wire.transport = secure
        self._note_tls(doubt)

    def _note_tls(self, doubt: str | None) -> None:
        info = self._wire.transport.get_extra_info("ssl_object")
        version, cipher = info.version(), info.cipher()
        self.secured = Secured(version or "TLS", cipher[0] if cipher else "", doubt)
        self._lines.append(f"* {self.secured}")

    async def _log_in(self, login: Login) -> None:
        offered = self._extensions.get("AUTH", "").upper().split()
        mechanism = next((one for one in MECHANISMS if one in offered), None)
        if mechanism is None:
            raise self._trouble("auth", f"the server offers no AUTH that is known here ({' '.join(offered) or 'none'})")
        user, password = (b64encode(text.encode()) for text in (login.user, login.password))
        if mechanism == "PLAIN":
            both = b64encode(f"\0{login.user}\0{login.password}".encode())
            await self._say("auth", b"AUTH PLAIN " + both, "AUTH PLAIN ****")
            return
        await self._say("auth", b"AUTH LOGIN", good=3)
        await self._say("auth", user, "****", good=3)
        await self._say("auth", password, "****")

    def resume(self) -> None:
        """Begin the dialogue of another mail."""
        self._lines = ["* on a kept connection", *([f"* {self.secured}"] if self.secured else [])]

    async def send(self, mail_from: str, recipient: str, content: bytes) -> Reply:
        """Hand over a mail and return the reply that accepted it. Raises Stopped."""
        size = f" SIZE={len(content)}" if "SIZE" in self._extensions else ""
        commands: list[tuple[Phase, bytes, int]] = [
            ("mail", f"MAIL FROM:<{mail_from}>{size}".encode("ascii"), 2),
            ("rcpt", f"RCPT TO:<{recipient}>".encode("ascii"), 2),
            ("data", b"DATA", 3),
        ]
        if self._needs_reset:
            commands.insert(0, ("mail", b"RSET", 2))
        self._needs_reset = True
        self.mails += 1
        if "PIPELINING" in self._extensions:
            await self._say_all(commands)
        else:
            for phase, command, good in commands:
                await self._say(phase, command, good=good)
        said = await self._write("message", stuffed(content), f"({len(content)} bytes of mail)")
        self._needs_reset = False
        return read_reply(said.code, said.text)

    async def _say_all(self, commands: Sequence[tuple[Phase, bytes, int]]) -> None:
        """Say several commands in one segment (RFC 2920). The first that is refused decides; the replies to those behind it
        are read too, so that each reply stays with its command."""
        self._lines += [f"C: {command.decode()}" for _, command, _ in commands]
        self._wire.write(b"".join(command + b"\r\n" for _, command, _ in commands))
        first: Stopped | None = None
        for phase, _, good in commands:
            if first is None:
                try:
                    await self._hear(phase, good)
                except Stopped as stopped:
                    first = stopped
            elif await self._code_of(phase) == _GO_ON:
                # DATA was taken although nobody is left to get it: to send nothing and go is what cannot be misread.
                self.close()
        if first is not None:
            raise first

    async def _code_of(self, phase: Phase) -> int:
        try:
            return (await self._wire.read(getattr(self._timeouts, phase))).code
        except (OSError, NoReply):
            self.close()
            return 0

    async def _ask(self, phase: Phase, command: bytes) -> Reply:
        said = await self._say(phase, command)
        return read_reply(said.code, said.text)

    async def _say(self, phase: Phase, command: bytes, shown: str | None = None, *, good: int = 2) -> Said:
        return await self._write(phase, command and command + b"\r\n", shown or command.decode(), good=good)

    async def _write(self, phase: Phase, written: bytes, shown: str, *, good: int = 2) -> Said:
        """Write something and return the reply to it if its first digit is ``good``. Raises Stopped."""
        if written:
            self._lines.append(f"C: {shown}")
            self._wire.write(written)
        return await self._hear(phase, good)

    async def _hear(self, phase: Phase, good: int) -> Said:
        seconds = cast("float", getattr(self._timeouts, phase))
        try:
            said = await self._wire.read(seconds)
        except NoReply as error:
            raise self._trouble(phase, f"no SMTP reply to {phase}: {error}") from error
        except TimeoutError as error:
            raise self._trouble(phase, f"no reply to {phase} in {seconds:g} s") from error
        except OSError as error:
            raise self._trouble(phase, f"connection lost waiting for the reply to {phase}") from error
        reply = read_reply(said.code, said.text)
        self._lines.append(f"S: {reply}")
        if reply.code == _CLOSING:
            self.close()
        if reply.code // 100 == good:
            return said
        if reply.code < 400:
            raise self._trouble(phase, f"unexpected reply to {phase}: {reply}")
        raise Stopped(phase, reply)

    def _trouble(self, phase: Phase, error: str) -> Stopped:
        self._lines.append(f"* {visible(error)}")
        self.close()
        return Stopped(phase, error=visible(error))

    @property
    def usable(self) -> bool:
        """Whether another mail may go over this connection."""
        return self._wire.silent

    @property
    def transcript(self) -> str:
        """The dialogue so far, one line a command or reply."""
        return visible_lines(self._lines)

    def close(self, *, politely: bool = False) -> None:
        """Close the connection, with a QUIT that waits for no answer if ``politely``."""
        transport = self._wire.transport
        if not transport.is_closing():
            if politely:
                transport.write(b"QUIT\r\n")
                transport.close()
            else:
                transport.abort()


def stuffed(content: bytes) -> bytes:
    """Return a mail as DATA carries it: lines end in CRLF, dots that begin one are doubled, and it ends."""
    returns = content.count(b"\r\n")
    if not content.count(b"\r") == content.count(b"\n") == returns:
        content = _LINE_END.sub(b"\r\n", content)
    if not content.endswith(b"\r\n"):
        content += b"\r\n"
    if content.startswith(b".") or b"\n." in content:
        content = _PERIOD.sub(b"..", content)
    return content + b".\r\n"


def visible_lines(lines: list[str]) -> str:
    """Join the lines of a transcript, control characters shown, cut at 16 KiB."""
    joined = "".join(f"{visible(line)}\n" for line in lines)
    return joined if len(joined) <= LONGEST_TRANSCRIPT else joined[: LONGEST_TRANSCRIPT - 16] + "\n* (cut here)\n"
