"""TLS on the way out, against six servers: what each is to each way of asking for it."""

import asyncio
import ssl
import warnings
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
import trustme

from carom.server.outbound.attempt import Attempt
from carom.server.outbound.route import Login, Route, Timeouts
from carom.server.outbound.session import Connections
from carom.server.relays import TlsMode

pytestmark = pytest.mark.anyio

MAIL = b"Subject: x\r\n\r\nsecret content\r\n"
QUICK = Timeouts(connect=5, greeting=5, ehlo=5, tls=5, auth=5, mail=5, rcpt=5, data=5, message=5)
HOST = "127.0.0.1"
YESTERDAY = datetime.now(UTC) - timedelta(days=1)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Authority:
    """Who signs the certificates that are good, and a file of its own."""

    def __init__(self, folder: Path) -> None:
        self.ca = trustme.CA()
        self.file = folder / "ca.pem"
        self.ca.cert_pem.write_to_path(str(self.file))

    def context(
        self, name: str = HOST, *, by: trustme.CA | None = None, until: datetime | None = None
    ) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        signing, begins = by or self.ca, until and until - timedelta(days=9)
        signing.issue_cert(name, not_after=until, not_before=begins).configure_cert(context)  # pyright: ignore[reportUnknownMemberType]
        return context


def _good(authority: Authority) -> ssl.SSLContext:
    return authority.context()


def _stranger(authority: Authority) -> ssl.SSLContext:
    return authority.context(by=trustme.CA())


def _expired(authority: Authority) -> ssl.SSLContext:
    return authority.context(until=YESTERDAY)


def _wrong_name(authority: Authority) -> ssl.SSLContext:
    return authority.context("mx.elsewhere.example")


def _old(authority: Authority) -> ssl.SSLContext:
    context = authority.context()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context


def _stripped(authority: Authority) -> None:
    del authority


Kind = Callable[[Authority], ssl.SSLContext | None]


class TlsSink:
    """A server with STARTTLS, where nobody has stripped it, or with TLS from the first byte."""

    def __init__(self, context: ssl.SSLContext | None, *, implicit: bool = False, after_starttls: bytes = b"") -> None:
        self.context, self.implicit, self.after_starttls = context, implicit, after_starttls
        self.clear: list[bytes] = []
        self.secret: list[bytes] = []
        self.extensions = b"AUTH PLAIN LOGIN"

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._talk(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard = self.secret if self.implicit else self.clear
        writer.write(b"220 mx.example.com\r\n")
        while line := await reader.readline():
            heard.append(line.rstrip())
            verb = line[:4].upper()
            if verb == b"EHLO":
                offers = self.context is not None and heard is self.clear
                writer.write(
                    b"250-mx\r\n" + (b"250-STARTTLS\r\n" if offers else b"") + b"250 " + self.extensions + b"\r\n"
                )
            elif verb == b"STAR":
                assert self.context is not None
                writer.write(b"220 go ahead\r\n" + self.after_starttls)
                await writer.drain()
                await writer.start_tls(self.context)
                heard = self.secret
            elif line.startswith(b"AUTH LOGIN"):
                for question in (b"VXNlcm5hbWU6", b"UGFzc3dvcmQ6"):
                    writer.write(b"334 " + question + b"\r\n")
                    heard.append((await reader.readline()).rstrip())
                writer.write(b"235 2.7.0 welcome\r\n")
            elif verb == b"AUTH":
                writer.write(b"235 2.7.0 welcome\r\n")
            elif verb == b"DATA":
                writer.write(b"354 go\r\n")
                heard.append(await reader.readuntil(b"\r\n.\r\n"))
                writer.write(b"250 2.0.0 taken\r\n")
            else:
                writer.write(b"250 ok\r\n")


class Tried(NamedTuple):
    attempt: Attempt
    sink: TlsSink


async def try_once(
    tmp_path: Path,
    kind: Kind,
    tls: TlsMode,
    login: Login | None = None,
    after_starttls: bytes = b"",
    extensions: bytes = b"AUTH PLAIN LOGIN",
) -> Tried:
    authority = Authority(tmp_path)
    context = kind(authority)
    sink = TlsSink(context, implicit=tls == "implicit", after_starttls=after_starttls)
    sink.extensions = extensions
    async with AsyncExitStack() as stack:
        server = await asyncio.start_server(sink, HOST, 0, ssl=context if sink.implicit else None)
        await stack.enter_async_context(server)
        connections = Connections(hostname="h.test", timeouts=QUICK, authorities=authority.file)
        await stack.enter_async_context(connections)
        route = Route(HOST, server.sockets[0].getsockname()[1], tls, login)
        return Tried(await connections.deliver(route, "b@c.test", "ann@example.com", MAIL), sink)


BAD: list[tuple[Kind, str]] = [
    (_stranger, "unable to get local issuer certificate"),
    (_expired, "certificate has expired"),
    (_wrong_name, "IP address mismatch"),
    (_old, "handshake"),
    (_stripped, "offers none"),
]


@pytest.mark.parametrize(("kind", "reason"), BAD)
async def test_required_tls_hands_nothing_over_without(tmp_path: Path, kind: Kind, reason: str) -> None:
    """Neither the mail nor a command of it, in clear or to a stranger; the attempt says why."""
    attempt, sink = await try_once(tmp_path, kind, "required")
    assert (attempt.outcome, attempt.phase, attempt.tls) == ("deferred", "tls", None)
    assert reason in (attempt.error or "")
    assert reason in attempt.transcript
    assert not any(line.startswith(b"MAIL") for line in sink.clear + sink.secret)


@pytest.mark.parametrize(("kind", "reason"), BAD[:-1])
async def test_implicit_tls_hands_nothing_over_without(tmp_path: Path, kind: Kind, reason: str) -> None:
    attempt, sink = await try_once(tmp_path, kind, "implicit")
    assert (attempt.outcome, attempt.phase) == ("deferred", "tls")
    assert reason in (attempt.error or "")
    assert not sink.clear
    assert not sink.secret


@pytest.mark.parametrize("tls", ["required", "implicit", "opportunistic"])
async def test_a_good_certificate_is_verified(tmp_path: Path, tls: TlsMode) -> None:
    attempt, sink = await try_once(tmp_path, _good, tls)
    assert attempt.outcome == "accepted"
    assert (attempt.tls or "").startswith("TLSv1.3 ")
    assert (attempt.tls or "").endswith("certificate verified")
    assert f"* {attempt.tls}" in attempt.transcript
    assert any(b"secret content" in said for said in sink.secret)
    assert [line[:4] for line in sink.clear] == ([] if tls == "implicit" else [b"EHLO", b"STAR"])


@pytest.mark.parametrize(("kind", "reason"), BAD[:3])
async def test_opportunistic_tls_takes_any_certificate_and_says_so(tmp_path: Path, kind: Kind, reason: str) -> None:
    """Nobody in between can read along, and who it was is not known: that is what is recorded."""
    attempt, sink = await try_once(tmp_path, kind, "opportunistic")
    assert attempt.outcome == "accepted"
    assert "certificate not verified" in (attempt.tls or "")
    assert reason in (attempt.tls or "")
    assert not any(b"secret content" in said for said in sink.clear)


@pytest.mark.parametrize(("kind", "told"), [(_old, "* TLS failed: "), (_stripped, "S: 250")])
async def test_opportunistic_tls_does_without_where_there_is_none(tmp_path: Path, kind: Kind, told: str) -> None:
    """In clear, as it would have been without asking; the transcript tells of the handshake that failed."""
    attempt, _ = await try_once(tmp_path, kind, "opportunistic")
    assert (attempt.outcome, attempt.tls) == ("accepted", None)
    assert told in attempt.transcript


async def test_what_is_said_before_the_handshake_ends_the_connection(tmp_path: Path) -> None:
    """A reply put between 220 and the handshake by whoever stands between would be read as the server's own."""
    attempt, sink = await try_once(tmp_path, _good, "required", after_starttls=b"250-injected\r\n250 AUTH PLAIN\r\n")
    assert (attempt.outcome, attempt.phase) == ("deferred", "tls")
    assert not any(line.startswith(b"MAIL") for line in sink.clear + sink.secret)


@pytest.mark.parametrize("extensions", [b"AUTH PLAIN LOGIN", b"AUTH LOGIN"])
async def test_a_password_is_said_under_tls_and_shown_nowhere(tmp_path: Path, extensions: bytes) -> None:
    login = Login("me@example.com", "swordfish")
    attempt, sink = await try_once(tmp_path, _good, "required", login, extensions=extensions)
    assert attempt.outcome == "accepted"
    said = b"\n".join(sink.secret)
    assert b"c3dvcmRmaXNo" in said or b"AG1lQGV4YW1wbGUuY29tAHN3b3JkZmlzaA==" in said
    assert not any(line.startswith(b"AUTH") for line in sink.clear)
    for shown in (attempt.transcript, repr(attempt), repr(login)):
        assert "swordfish" not in shown
        assert "c3dvcmRmaXNo" not in shown
        assert "AG1l" not in shown
    assert "****" in attempt.transcript


async def test_a_server_that_knows_no_login_of_ours_is_trouble_of_the_host(tmp_path: Path) -> None:
    attempt, _ = await try_once(tmp_path, _good, "required", Login("me", "pw"), extensions=b"AUTH GSSAPI")
    assert (attempt.outcome, attempt.phase) == ("deferred", "auth")
    assert "GSSAPI" in (attempt.error or "")
