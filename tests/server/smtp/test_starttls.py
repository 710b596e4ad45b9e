"""STARTTLS (RFC 3207) and CRAM-MD5 (RFC 2195), spoken byte by byte."""

import asyncio
import contextlib
import hmac
import re
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from carom.server.smtp import replies
from carom.server.smtp.session import Rules
from carom.server.tls import server_context
from tests.peers.tls import Certified, certified
from tests.server.smtp.test_session import LOGIN, Client, Place, listening

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Certified:
    return certified(tmp_path_factory.mktemp("tls"))


@pytest.fixture
async def place(tls: Certified) -> AsyncIterator[Place]:
    rules = Rules(
        "smtp.carom.test",
        35_000_000,
        needs_login=True,
        refuses_bare_line_ends=True,
        linger=1,
        tls=server_context(tls.certificate, tls.key),
        handshake_timeout=2,
    )
    async with listening(rules) as made:
        yield made


async def secure(client: Client, tls: Certified) -> None:
    async with asyncio.timeout(5):
        await client.writer.start_tls(tls.trusting, server_hostname="127.0.0.1")


async def secured(place: Place, tls: Certified) -> Client:
    client = await place.ready()
    assert await client.say(b"STARTTLS\r\n") == replies.READY_FOR_TLS.wire()
    await secure(client, tls)
    return client


async def test_a_message_goes_in_under_tls(place: Place, tls: Certified) -> None:
    """STARTTLS is offered before and not after; a large message comes through whole."""
    client = await place.connect()
    assert b"250-STARTTLS\r\n" in await client.say(b"EHLO client.example\r\n")
    await client.say(b"STARTTLS\r\n")
    await secure(client, tls)
    offered = await client.say(b"EHLO client.example\r\n")
    assert b"STARTTLS" not in offered
    assert b"250-AUTH PLAIN LOGIN CRAM-MD5\r\n" in offered
    await client.say(LOGIN)
    for command in (b"MAIL FROM:<a@example.com>\r\n", b"RCPT TO:<b@example.com>\r\n", b"DATA\r\n"):
        await client.say(command)
    body = b"".join(b"line %d\r\n" % number for number in range(100_000))
    assert await client.say(body + b".\r\n") == replies.OK.wire()
    assert await client.say(b"QUIT\r\n") == replies.BYE.wire()
    assert await client.rest() == b""
    [kept] = place.keeper.kept
    assert kept.content == body


async def test_commands_that_came_with_starttls_are_forgotten(place: Place, tls: Certified) -> None:
    """What somebody on the way has put behind STARTTLS is answered neither in the clear nor under TLS."""
    client = await place.ready()
    assert await client.say(b"STARTTLS\r\nRSET\r\nMAIL FROM:<evil@example.net>\r\n") == replies.READY_FOR_TLS.wire()
    await secure(client, tls)
    assert await client.say(b"NOOP\r\n") == replies.OK.wire()
    client.send(b"QUIT\r\n")
    assert await client.rest() == replies.BYE.wire()


async def test_starttls_resets_the_session(place: Place, tls: Certified) -> None:
    """Log-in, greeting and sender of before are gone (RFC 3207 section 4.2)."""
    client = await place.ready()
    await client.say(LOGIN)
    await client.say(b"MAIL FROM:<a@example.com>\r\n")
    await client.say(b"STARTTLS\r\n")
    await secure(client, tls)
    assert await client.say(LOGIN) == replies.BAD_ORDER.wire()
    await client.say(b"EHLO client.example\r\n")
    assert await client.say(b"MAIL FROM:<a@example.com>\r\n") == replies.LOGIN_FIRST.wire()
    assert await client.say(LOGIN) == replies.LOGGED_IN.wire()
    assert await client.say(b"RCPT TO:<b@example.com>\r\n") == replies.BAD_ORDER.wire()


async def test_tls_is_started_once_and_without_a_parameter(place: Place, tls: Certified) -> None:
    client = await place.ready()
    assert await client.say(b"STARTTLS now\r\n") == replies.BAD_SYNTAX.wire()
    await client.say(b"STARTTLS\r\n")
    await secure(client, tls)
    assert await client.say(b"STARTTLS\r\n") == replies.NO_COMMAND.wire()


async def test_what_is_no_handshake_ends_the_connection(place: Place) -> None:
    """And others are served."""
    client = await place.ready()
    assert await client.say(b"STARTTLS\r\n") == replies.READY_FOR_TLS.wire()
    client.send(b"EHLO in the clear\r\n")
    with contextlib.suppress(ConnectionError):
        assert b"250" not in await client.rest()
    assert (await place.ready()).reader.at_eof() is False


async def test_a_handshake_that_never_comes_is_not_waited_for(place: Place) -> None:
    client = await place.ready()
    await client.say(b"STARTTLS\r\n")
    with contextlib.suppress(ConnectionError):
        assert await client.rest() == b""


async def test_without_a_certificate_there_is_no_starttls() -> None:
    async with listening(Rules("mx.carom.test", 1000)) as place:
        client = await place.connect()
        assert b"STARTTLS" not in await client.say(b"EHLO client.example\r\n")
        assert await client.say(b"STARTTLS\r\n") == replies.NO_COMMAND.wire()


async def test_a_challenge_is_answered(place: Place) -> None:
    """CRAM-MD5, with a challenge of its own each time."""
    challenges: list[bytes] = []
    for secret, code in ((b"secret", b"235"), (b"wrong", b"535")):
        client = await place.ready()
        said = await client.say(b"AUTH CRAM-MD5\r\n")
        challenges.append(b64decode(said[4:]))
        answer = hmac.new(secret, challenges[-1], "md5").hexdigest().encode()
        assert (await client.say(b64encode(b"user " + answer) + b"\r\n"))[:3] == code
    assert all(re.fullmatch(rb"<[0-9a-f]{32}@smtp\.carom\.test>", one) for one in challenges)
    assert challenges[0] != challenges[1]


def test_files_that_are_no_certificate_are_refused(tmp_path: Path, tls: Certified) -> None:
    from carom.server.config import BadSetting, Settings

    with pytest.raises(BadSetting, match="cannot be used"):
        server_context(tls.key, tls.key)
    with pytest.raises(BadSetting, match="cannot be used"):
        server_context(tmp_path / "none.pem", tmp_path / "none.pem")
    with pytest.raises(BadSetting, match="go together"):
        Settings(tls_cert=tls.certificate).check()
