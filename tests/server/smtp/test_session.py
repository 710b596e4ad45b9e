"""Receiving sessions, spoken to byte by byte: what ends a message, what is too much, what is out of order."""

import asyncio
import re
from base64 import b64encode
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from structlog.testing import capture_logs

from carom.server.smtp import replies
from carom.server.smtp.replies import Reply
from carom.server.smtp.session import Claim, Envelope, Listener, Rules

pytestmark = pytest.mark.anyio

MX = Rules("mx.carom.test", 35_000_000, linger=1)
SUBMISSION = Rules("smtp.carom.test", 35_000_000, needs_login=True, refuses_bare_line_ends=True, linger=1)
SECOND = b"MAIL FROM:<evil@example.net>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n"
LOGIN = b"AUTH PLAIN " + b64encode(b"\0user\0secret") + b"\r\n"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Keeper:
    """A handler that keeps what it is given."""

    def __init__(self) -> None:
        self.kept: list[Envelope] = []
        self.arrived = asyncio.Event()
        self.hold = asyncio.Event()
        self.hold.set()

    async def login(self, claim: Claim) -> Any:
        return claim.user if claim.proves("secret") else None

    async def recipient(self, login: Any, mail_from: str, address: str) -> Reply | None:
        if address == "broken@example.com":
            raise RuntimeError("no database")
        return replies.NO_SUCH_USER if address.startswith("no") else None

    async def message(self, envelope: Envelope) -> Reply:
        self.arrived.set()
        await self.hold.wait()
        if b"fail" in envelope.content:
            raise OSError("disk full")
        self.kept.append(envelope)
        return replies.OK


class Client:
    """The other end of a socket."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def send(self, octets: bytes) -> None:
        self.writer.write(octets)

    async def reply(self) -> bytes:
        lines = b""
        async with asyncio.timeout(5):
            while not re.search(rb"(?m)^\d{3} ", lines):
                line = await self.reader.readline()
                if not line:
                    return lines
                lines += line
        return lines

    async def say(self, octets: bytes) -> bytes:
        self.send(octets)
        return await self.reply()

    async def rest(self) -> bytes:
        async with asyncio.timeout(5):
            return await self.reader.read()


class Place:
    """A listener and its handler."""

    def __init__(self, listener: Listener, port: int, keeper: Keeper) -> None:
        self.listener, self.port, self.keeper = listener, port, keeper
        self.clients: list[Client] = []

    async def connect(self) -> Client:
        client = Client(*await asyncio.open_connection("127.0.0.1", self.port))
        self.clients.append(client)
        assert (await client.reply()).startswith(b"220 ")
        return client

    async def ready(self, *, login: bool = False) -> Client:
        client = await self.connect()
        assert b"250 ENHANCEDSTATUSCODES" in await client.say(b"EHLO client.example\r\n")
        if login:
            assert (await client.say(LOGIN)).startswith(b"235 ")
        return client

    async def in_data(self, *, login: bool = False) -> Client:
        client = await self.ready(login=login)
        for command in (b"MAIL FROM:<a@example.com>\r\n", b"RCPT TO:<b@example.com>\r\n"):
            assert (await client.say(command)).startswith(b"250 ")
        assert (await client.say(b"DATA\r\n")).startswith(b"354 ")
        return client


@asynccontextmanager
async def listening(rules: Rules) -> AsyncGenerator[Place, None]:
    keeper = Keeper()
    listener = Listener("127.0.0.1", 0, keeper, rules)
    _, port = await listener.start()
    place = Place(listener, port, keeper)
    try:
        yield place
    finally:
        for client in place.clients:
            client.writer.close()
        await listener.stop(5)


FALSE_ENDS = [
    b"\n.\n",
    b"\n.\r\n",
    b"\r\n.\n",
    b"\r.\r",
    b"\r\n.\r",
    b"\r\r\n.\r\r\n",
    b"\r.\r\n",
    b"\r\n.\r\r\n",
    b"\n.\r",
]
NUL_ENDS = [b"\r\n\0.\r\n", b"\r\n.\0\r\n"]


@pytest.mark.parametrize("end", FALSE_ENDS + NUL_ENDS)
async def test_only_crlf_dot_crlf_ends_a_message_at_the_mx(end: bytes) -> None:
    """What looks like an end is content, kept as it came, and so is what was to be smuggled behind it."""
    async with listening(MX) as place:
        client = await place.in_data()
        assert (await client.say(b"first" + end + SECOND + b"second\r\n.\r\n")).startswith(b"250 ")
        client.send(b"QUIT\r\n")
        assert (await client.rest()).startswith(b"221 ")
    [envelope] = place.keeper.kept
    # Dots that begin a CRLF line are stuffing and go.
    assert envelope.content == (b"\r\nfirst" + end + SECOND + b"second\r\n").replace(b"\r\n.", b"\r\n")[2:]


@pytest.mark.parametrize("end", FALSE_ENDS)
async def test_a_bare_line_end_is_refused_at_once_by_submission(end: bytes) -> None:
    """The connection is closed without waiting for the end of the message, so nothing behind it is ever read."""
    async with listening(SUBMISSION) as place:
        client = await place.in_data(login=True)
        client.send(b"first" + end + SECOND)
        assert (await client.rest()).split(b"\r\n")[0] == replies.BARE_LINE_END.wire().rstrip()
    assert not place.keeper.kept


async def test_crlf_in_two_pieces_is_no_bare_cr() -> None:
    async with listening(SUBMISSION) as place:
        client = await place.in_data(login=True)
        for octet in b"one\r\ntwo\r\n\r\n.\r\n":
            client.send(bytes([octet]))
            await client.writer.drain()
        assert (await client.reply()).startswith(b"250 ")
    assert place.keeper.kept[0].content == b"one\r\ntwo\r\n\r\n"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (b".\r\n", b""),
        (b"\r\n.\r\n", b"\r\n"),
        (b"..\r\n.\r\n", b".\r\n"),
        (b"a\r\n..b\r\n...\r\n.\r\n", b"a\r\n.b\r\n..\r\n"),
        (b"a\n.b\r\n.\r\n", b"a\n.b\r\n"),
        (b"\x00\xff\r" + b"x" * 300_000 + b"\r\n.\r\n", b"\x00\xff\r" + b"x" * 300_000 + b"\r\n"),
    ],
)
async def test_the_mx_hands_over_the_bytes_as_they_came(sent: bytes, kept: bytes) -> None:
    async with listening(MX) as place:
        client = await place.in_data()
        assert (await client.say(sent)).startswith(b"250 ")
    assert place.keeper.kept[0].content == kept
    assert place.keeper.kept[0].recipients == ("b@example.com",)


@pytest.mark.parametrize("rules", [MX, SUBMISSION], ids=["mx", "submission"])
@pytest.mark.parametrize("line", [b"NOOP\n", b"NO\rOP\r\n", b"NOOP\0\r\n", b"NOOP\r\r\n"])
async def test_a_command_ends_with_crlf(rules: Rules, line: bytes) -> None:
    async with listening(rules) as place:
        client = await place.ready()
        client.send(line + b"RSET\r\n")
        assert await client.rest() == replies.BARE_COMMAND.wire()


async def test_commands_may_come_in_one_piece() -> None:
    async with listening(MX) as place:
        client = await place.ready()
        client.send(b"MAIL FROM:<>\r\nRCPT TO:<no@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n")
        codes = [(await client.reply())[:3] for _ in range(4)]
        assert codes == [b"250", b"550", b"250", b"354"]
        client.send(b"x\r\n.\r\nRSET\r\nQUIT\r\n")
        assert [line[:3] for line in (await client.rest()).split(b"\r\n")] == [b"250", b"250", b"221", b""]
    assert place.keeper.kept[0].mail_from == ""


async def test_a_message_that_was_not_asked_for_is_not_read_as_commands() -> None:
    async with listening(MX) as place:
        client = await place.ready()
        client.send(b"MAIL FROM:<a@b.example>\r\nRCPT TO:<no@example.com>\r\nDATA\r\nHELP\r\nRSET\r\n.\r\n")
        assert [line[:3] for line in (await client.rest()).split(b"\r\n")] == [b"250", b"550", b"503", b""]


async def test_bdat_ends_the_session() -> None:
    async with listening(MX) as place:
        client = await place.ready()
        client.send(b"BDAT 6 LAST\r\nRSET\r\n")
        assert await client.rest() == replies.NO_COMMAND.wire()


async def test_a_message_over_the_limit_is_552_and_the_session_goes_on() -> None:
    async with listening(MX._replace(max_size=1000)) as place:
        client = await place.in_data()
        assert (await client.say(b"x" * 1001 + b"\r\n.\r\n")) == replies.TOO_LARGE.wire()
        assert (await client.say(b"NOOP\r\n")).startswith(b"250 ")
        assert (await client.say(b"MAIL FROM:<a@b.example> SIZE=1001\r\n")) == replies.TOO_LARGE.wire()
        assert (await client.say(b"MAIL FROM:<a@b.example> SIZE=" + b"9" * 3000 + b"\r\n")) == replies.TOO_LARGE.wire()
        assert (await client.say(b"MAIL FROM:<a@b.example> SIZE=1000\r\n")).startswith(b"250 ")
    assert not place.keeper.kept


async def test_a_message_of_just_the_limit_is_taken() -> None:
    async with listening(MX._replace(max_size=1000)) as place:
        client = await place.in_data()
        assert (await client.say(b"x" * 998 + b"\r\n.\r\n")).startswith(b"250 ")


async def test_a_message_without_end_is_cut_off() -> None:
    """A little more than the limit again is read, then no more."""
    async with listening(MX._replace(max_size=100_000)) as place:
        client = await place.in_data()
        try:
            for _ in range(1000):
                client.send(b"x" * 10_000)
                async with asyncio.timeout(5):
                    await client.writer.drain()
            answer = await client.rest()
        except ConnectionError:
            answer = replies.TOO_LARGE.wire()
        assert answer == replies.TOO_LARGE.wire()
    assert not place.keeper.kept


@pytest.mark.parametrize("rules", [MX, SUBMISSION], ids=["mx", "submission"])
async def test_a_command_line_has_a_limit(rules: Rules) -> None:
    async with listening(rules) as place:
        client = await place.ready()
        client.send(b"NOOP " + b"x" * 5000)
        assert await client.rest() == replies.LONG_LINE.wire()


async def test_recipients_beyond_the_limit_come_another_time() -> None:
    async with listening(MX._replace(max_recipients=2)) as place:
        client = await place.ready()
        await client.say(b"MAIL FROM:<a@b.example>\r\n")
        codes = [(await client.say(b"RCPT TO:<a%d@b.example>\r\n" % n))[:3] for n in range(40)]
    assert codes == [b"250"] * 2 + [b"452"] * 38


@pytest.mark.parametrize(
    ("rules", "sent"),
    [
        (MX._replace(command_timeout=0.1), b""),
        (MX._replace(command_timeout=0.1), b"NOO"),
    ],
)
async def test_a_silent_client_is_sent_away(rules: Rules, sent: bytes) -> None:
    async with listening(rules) as place:
        client = await place.ready()
        client.send(sent)
        assert await client.rest() == replies.TOO_SLOW.wire()


async def test_a_message_that_stops_coming_is_given_up() -> None:
    async with listening(MX._replace(data_timeout=0.1)) as place:
        client = await place.in_data()
        client.send(b"half")
        assert await client.rest() == replies.TOO_SLOW.wire()


async def test_a_message_that_drips_is_given_up() -> None:
    """Each byte comes in time and the whole never would."""
    async with listening(MX._replace(message_timeout=0.3, data_timeout=5)) as place:
        client = await place.in_data()

        async def drip() -> None:
            while True:
                client.send(b"x")
                await asyncio.sleep(0.02)

        dripping = asyncio.create_task(drip())
        assert await client.rest() == replies.TOO_SLOW.wire()
        dripping.cancel()


async def test_too_many_faults_end_the_session() -> None:
    async with listening(MX) as place:
        client = await place.ready()
        client.send(b"GET / HTTP/1.1\r\n" * 100)
        answers = (await client.rest()).split(b"\r\n")
    assert answers == [*[replies.NO_COMMAND.wire().rstrip()] * 20, replies.TOO_MANY_ERRORS.wire().rstrip(), b""]


async def test_what_the_handler_refuses_is_no_fault() -> None:
    async with listening(MX) as place:
        client = await place.ready()
        await client.say(b"MAIL FROM:<a@b.example>\r\n")
        assert {(await client.say(b"RCPT TO:<no@b.example>\r\n"))[:3] for _ in range(50)} == {b"550"}


@pytest.mark.parametrize(
    ("commands", "code"),
    [
        ([b"MAIL FROM:<a@b.example>"], b"503"),
        ([b"HELO"], b"501"),
        ([b"EHLO x", b"RCPT TO:<a@b.example>"], b"503"),
        ([b"EHLO x", b"DATA"], b"503"),
        ([b"EHLO x", b"MAIL FROM:<a@b.example>", b"DATA"], b"503"),
        ([b"EHLO x", b"MAIL FROM:<a@b.example>", b"MAIL FROM:<a@b.example>"], b"503"),
        ([b"EHLO x", b"MAIL FROM:<a@b.example>", b"EHLO x", b"RCPT TO:<a@b.example>"], b"503"),
        ([b"EHLO x", b"MAIL FROM:<a@b.example>", b"RSET", b"RCPT TO:<a@b.example>"], b"503"),
        ([b"EHLO x", b"MAIL FROM:<a@b.example>", b"RCPT TO:<>"], b"501"),
        ([b"EHLO x", b"MAIL FROM:<a@b\x1b.example>"], b"501"),
        ([b"EHLO x", b"MAIL FROM:<a@b.example"], b"501"),
        ([b"EHLO x", b"MAIL TO:<a@b.example>"], b"501"),
        ([b"EHLO x", b"MAIL FROM:<" + b"a" * 500 + b"@b.example>"], b"501"),
        ([b"EHLO x", b"MAIL FROM:<a@b.example> SIZE=x"], b"501"),
        ([b"EHLO x", b"mail from: <a@b.example>  BODY=8BITMIME SIZE=5"], b"250"),
        ([b"EHLO x", b'MAIL FROM:<"a b>"@b.example>'], b"250"),
        ([b"EHLO x", b"MAIL FROM:<MAILER-DAEMON>"], b"250"),
        ([b"EHLO x", b"AUTH PLAIN"], b"503"),
        ([b"EHLO x", b"STARTTLS"], b"500"),
        ([b"EHLO x", b"VRFY a"], b"252"),
    ],
)
async def test_commands_out_of_order_or_out_of_shape(commands: list[bytes], code: bytes) -> None:
    async with listening(MX) as place:
        client = await place.connect()
        answers = [await client.say(command + b"\r\n") for command in commands]
    assert answers[-1][:3] == code


async def test_a_source_route_is_dropped() -> None:
    async with listening(MX) as place:
        client = await place.ready()
        await client.say(b"MAIL FROM:<>\r\n")
        assert (await client.say(b"RCPT TO:<@a.example,@b.example:no@c.example>\r\n"))[:3] == b"550"


@pytest.mark.parametrize("command", [b"MAIL FROM:<a@b.example>", b"RCPT TO:<a@b.example>", b"DATA"])
async def test_nothing_goes_without_login(command: bytes) -> None:
    async with listening(SUBMISSION) as place:
        client = await place.ready()
        assert await client.say(command + b"\r\n") == replies.LOGIN_FIRST.wire()


@pytest.mark.parametrize(
    "dialogue",
    [
        [LOGIN],
        [b"auth plain\r\n", b64encode(b"any\0user\0secret") + b"\r\n"],
        [b"AUTH LOGIN\r\n", b64encode(b"user") + b"\r\n", b64encode(b"secret") + b"\r\n"],
        [b"AUTH LOGIN " + b64encode(b"user") + b"\r\n", b64encode(b"secret") + b"\r\n"],
    ],
)
async def test_each_way_to_log_in(dialogue: list[bytes]) -> None:
    async with listening(SUBMISSION) as place:
        client = await place.ready()
        *challenges, answer = [await client.say(line) for line in dialogue]
        assert all(challenge.startswith(b"334 ") for challenge in challenges)
        assert answer == replies.LOGGED_IN.wire()
        assert (await client.say(LOGIN)) == replies.BAD_ORDER.wire()
        await client.say(b"MAIL FROM:<a@b.example>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n")
        client.send(b"x\r\n.\r\nQUIT\r\n")
        await client.rest()
    assert place.keeper.kept[0].login == "user"


@pytest.mark.parametrize(
    ("dialogue", "code"),
    [
        ([b"AUTH PLAIN " + b64encode(b"\0user\0wrong")], b"535"),
        ([b"AUTH PLAIN ????"], b"501"),
        ([b"AUTH PLAIN " + b64encode(b"no zeros")], b"501"),
        ([b"AUTH PLAIN " + b64encode(b"\0\xff\0\xff")], b"501"),
        ([b"AUTH PLAIN", b"*"], b"501"),
        ([b"AUTH LOGIN", b"*"], b"501"),
        ([b"AUTH CRAM-MD5", b"*"], b"501"),
        ([b"AUTH CRAM-MD5 " + b64encode(b"user 00")], b"501"),
        ([b"AUTH CRAM-MD5", b64encode(b"user " + b"0" * 32)], b"535"),
        ([b"AUTH DIGEST-MD5"], b"504"),
        ([b"AUTH"], b"504"),
    ],
)
async def test_a_bad_login_is_refused(dialogue: list[bytes], code: bytes) -> None:
    async with listening(SUBMISSION) as place:
        client = await place.ready()
        answers = [await client.say(line + b"\r\n") for line in dialogue]
        assert answers[-1][:3] == code
        assert await client.say(b"MAIL FROM:<a@b.example>\r\n") == replies.LOGIN_FIRST.wire()


async def test_guessing_ends_the_session() -> None:
    async with listening(SUBMISSION) as place:
        client = await place.ready()
        client.send((b"AUTH PLAIN " + b64encode(b"\0user\0guess") + b"\r\n") * 6)
        codes = [line[:3] for line in (await client.rest()).split(b"\r\n")]
    assert codes == [b"535", b"535", b"535", b"535", b"421", b""]


async def test_a_handler_that_fails_asks_to_try_again() -> None:
    with capture_logs() as logs:
        async with listening(MX) as place:
            client = await place.in_data()
            assert await client.say(b"fail\r\n.\r\n") == replies.STORE_FAILED.wire()
            await client.say(b"MAIL FROM:<>\r\n")
            assert await client.say(b"RCPT TO:<broken@example.com>\r\n") == replies.STORE_FAILED.wire()
    assert [(entry["log_level"], entry["event"]) for entry in logs] == [("error", "an SMTP handler failed")] * 2


async def test_250_comes_after_the_message_is_kept() -> None:
    async with listening(MX) as place:
        place.keeper.hold.clear()
        client = await place.in_data()
        client.send(b"x\r\n.\r\n")
        await asyncio.wait_for(place.keeper.arrived.wait(), 5)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.reader.read(1), 0.05)
        place.keeper.hold.set()
        assert (await client.reply()).startswith(b"250 ")


async def test_stopping_lets_idle_clients_go_and_messages_finish() -> None:
    async with listening(MX) as place:
        place.keeper.hold.clear()
        idle, busy = await place.ready(), await place.in_data()
        busy.send(b"x\r\n.\r\n")
        await asyncio.wait_for(place.keeper.arrived.wait(), 5)
        stopping = asyncio.create_task(place.listener.stop(5))
        assert await idle.rest() == replies.STOPPING.wire()
        place.keeper.hold.set()
        assert (await busy.rest()) == replies.OK.wire() + replies.STOPPING.wire()
        busy.writer.close()
        await stopping
        with pytest.raises(OSError):
            await asyncio.open_connection("127.0.0.1", place.port)
    assert len(place.keeper.kept) == 1


async def test_stopping_does_not_wait_for_ever() -> None:
    async with listening(MX) as place:
        place.keeper.hold.clear()
        client = await place.in_data()
        client.send(b"x\r\n.\r\n")
        await asyncio.wait_for(place.keeper.arrived.wait(), 5)
        async with asyncio.timeout(5):
            await place.listener.stop(0.05)
        assert b"250" not in await client.rest()
    assert not place.keeper.kept


async def test_connections_beyond_the_limit_are_turned_away() -> None:
    async with listening(MX._replace(max_connections=1)) as place:
        await place.connect()
        reader, writer = await asyncio.open_connection("127.0.0.1", place.port)
        assert await asyncio.wait_for(reader.read(), 5) == replies.TOO_MANY.wire()
        writer.close()


async def test_a_reply_is_one_printable_line() -> None:
    wire = Reply(550, "5.1.1", "a\r\n250 ok\x1b\u00fc" + "x" * 1000).wire()
    assert wire.startswith(b"550 5.1.1 a??250 ok??")
    assert len(wire) <= 512
    assert wire.count(b"\n") == 1
