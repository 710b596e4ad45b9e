"""The last hop against scripted servers on loopback: what each way of failing makes of the attempt."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carom.server.outbound.attempt import LONGEST_TEXT, LONGEST_TRANSCRIPT, Attempt, read_reply
from carom.server.outbound.dialogue import stuffed
from carom.server.outbound.session import Connections, Route, Timeouts

pytestmark = pytest.mark.anyio

Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
MAIL = b"Subject: x\r\n\r\n.dot\r\nend\r\n"
QUICK = Timeouts(connect=5, greeting=0.3, ehlo=0.3, mail=0.3, rcpt=0.3, data=0.3, message=0.3)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Sink:
    """A server that answers by a table of verb and reply, and keeps what it was told."""

    def __init__(self, **replies: bytes) -> None:
        self.replies = {"GREETING": b"220 mx.example.com ESMTP\r\n", "DATA": b"354 go\r\n", "EHLO": b"250 mx\r\n"}
        self.replies |= {verb: reply + b"\r\n" for verb, reply in replies.items()}
        self.commands: list[bytes] = []
        self.mails: list[bytes] = []
        self.connections = 0
        self.gone = asyncio.Event()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.gone.clear()
        writer.write(self.replies["GREETING"])
        while line := await reader.readline():
            self.commands.append(line.rstrip())
            verb = line[:4].decode().strip().upper()
            writer.write(self.replies.get(verb, b"250 2.0.0 Ok\r\n"))
            if verb == "QUIT":
                break
            if verb == "DATA" and self.replies["DATA"].startswith(b"354"):
                self.mails.append(await reader.readuntil(b"\r\n.\r\n"))
                writer.write(self.replies.get("MESSAGE", b"250 2.0.0 queued\r\n"))
        self.gone.set()


@asynccontextmanager
async def serving(script: Script) -> AsyncGenerator[Route, None]:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await script(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        yield Route("127.0.0.1", server.sockets[0].getsockname()[1])


async def try_once(script: Script, timeouts: Timeouts = QUICK) -> Attempt:
    async with serving(script) as route, Connections(hostname="mail.carom.test", timeouts=timeouts) as connections:
        return await connections.deliver(route, "b+1@bounces.carom.test", "ann@example.com", MAIL)


async def test_a_mail_arrives_with_its_dots() -> None:
    sink = Sink(EHLO=b"250-mx\r\n250-SIZE 1000\r\n250 HELP")
    attempt = await try_once(sink)
    assert (attempt.outcome, attempt.phase, attempt.error) == ("accepted", "message", None)
    assert str(attempt.reply) == "250 2.0.0 queued"
    assert (attempt.remote_name, attempt.remote_ip) == ("mx.example.com", "127.0.0.1")
    assert sink.mails == [b"Subject: x\r\n\r\n..dot\r\nend\r\n.\r\n"]
    assert sink.commands[:4] == [
        b"EHLO mail.carom.test",
        b"MAIL FROM:<b+1@bounces.carom.test> SIZE=25",
        b"RCPT TO:<ann@example.com>",
        b"DATA",
    ]


async def test_the_transcript_is_the_dialogue_without_the_mail() -> None:
    assert (await try_once(Sink(RCPT=b"550 5.1.1 no \x1b[31muser"))).transcript.splitlines() == [
        "S: 220 mx.example.com ESMTP",
        "C: EHLO mail.carom.test",
        "S: 250 mx",
        "C: MAIL FROM:<b+1@bounces.carom.test>",
        "S: 250 2.0.0 Ok",
        "C: RCPT TO:<ann@example.com>",
        "S: 550 5.1.1 no \\x1b[31muser",
    ]
    assert "dot" not in (await try_once(Sink())).transcript


@pytest.mark.parametrize(
    ("verb", "reply", "expected"),
    [
        ("GREETING", b"554 5.7.1 go away\r\n", ("refused", "greeting", 554, "5.7.1")),
        ("GREETING", b"421 busy\r\n", ("deferred", "greeting", 421, None)),
        ("EHLO", b"550 no", ("refused", "ehlo", 550, None)),
        ("MAIL", b"550 5.7.1 sender", ("refused", "mail", 550, "5.7.1")),
        ("MAIL", b"451 4.7.1 later", ("deferred", "mail", 451, "4.7.1")),
        ("RCPT", b"550 5.1.1 unknown", ("refused", "rcpt", 550, "5.1.1")),
        ("RCPT", b"450 4.2.0 grey", ("deferred", "rcpt", 450, "4.2.0")),
        ("RCPT", b"421 4.3.2 closing", ("deferred", "rcpt", 421, "4.3.2")),
        ("DATA", b"554 no valid recipients\r\n", ("refused", "data", 554, None)),
        ("MESSAGE", b"554 5.7.1 spam\r\n", ("refused", "message", 554, "5.7.1")),
        ("MESSAGE", b"452 4.3.1 full\r\n", ("deferred", "message", 452, "4.3.1")),
    ],
)
async def test_a_reply_decides(verb: str, reply: bytes, expected: tuple[object, ...]) -> None:
    sink = Sink()
    sink.replies[verb] = reply if reply.endswith(b"\r\n") else reply + b"\r\n"
    attempt = await try_once(sink)
    assert attempt.reply is not None
    assert (attempt.outcome, attempt.phase, attempt.reply.code, attempt.reply.status) == expected


async def test_helo_is_said_to_a_server_without_ehlo() -> None:
    sink = Sink(EHLO=b"502 what?")
    assert (await try_once(sink)).outcome == "accepted"
    assert b"HELO mail.carom.test" in sink.commands


async def test_nobody_listening_is_a_deferral() -> None:
    async with serving(Sink()) as route:
        pass
    async with Connections(hostname="h") as connections:
        attempt = await connections.deliver(route, "", "ann@example.com", MAIL)
    assert (attempt.outcome, attempt.phase, attempt.reply) == ("deferred", "connect", None)
    assert "refused" in (attempt.error or "").lower()


async def test_an_http_server_is_no_mail_server() -> None:
    attempt = await try_once(Sink(GREETING=b"HTTP/1.1 400 Bad Request\r\n\r\n"))
    assert (attempt.outcome, attempt.phase, attempt.reply) == ("deferred", "greeting", None)
    assert "HTTP/1.1 400" in (attempt.error or "")


@pytest.mark.parametrize("code", [b"250", b"550"])
@pytest.mark.parametrize("separator", [b"-", b" "])
async def test_a_reply_of_ten_megabytes_counts_by_its_code_and_is_cut(code: bytes, separator: bytes) -> None:
    line = code + separator + b"5.7.1 " + b"x" * 990 + b"\r\n"
    endless = line * 10_000 if separator == b"-" else line[:-2] * 10_000
    attempt = await try_once(Sink(MESSAGE=endless))
    assert attempt.outcome == ("accepted" if code == b"250" else "refused")
    assert attempt.reply is not None
    assert len(attempt.reply.text) <= LONGEST_TEXT
    assert len(attempt.transcript) <= LONGEST_TRANSCRIPT


async def test_a_drip_meets_the_deadline() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while not writer.is_closing():
            writer.write(b"2")
            await asyncio.sleep(0.02)

    attempt = await try_once(drip)
    assert (attempt.outcome, attempt.phase) == ("deferred", "greeting")
    assert attempt.error == "no reply to greeting in 0.3 s"


async def test_a_reset_after_the_content_may_have_been_a_delivery() -> None:
    sink = Sink()

    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hi\r\n")
        for reply in (b"250 ok\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n"):
            await reader.readline()
            writer.write(reply)
        await reader.readuntil(b"\r\n.\r\n")
        writer.transport.abort()

    attempt = await try_once(reset)
    assert (attempt.outcome, attempt.phase, attempt.reply) == ("deferred", "message", None)
    assert sink.connections == 0


async def test_silence_after_the_content_is_a_deferral_in_the_last_phase() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sink = Sink(MESSAGE=b"")
        sink.replies["MESSAGE"] = b""
        await sink(reader, writer)

    attempt = await try_once(silent)
    assert (attempt.outcome, attempt.phase, attempt.error) == ("deferred", "message", "no reply to message in 0.3 s")


async def test_a_connection_is_used_again() -> None:
    sink = Sink()
    async with serving(sink) as route, Connections(hostname="h") as connections:
        for _ in range(3):
            assert (await connections.deliver(route, "", "ann@example.com", MAIL)).outcome == "accepted"
    assert sink.connections == 1
    assert sink.commands.count(b"EHLO h") == 1


async def test_a_connection_is_used_again_after_a_refusal() -> None:
    sink = Sink(RCPT=b"550 5.1.1 no")
    async with serving(sink) as route, Connections(hostname="h") as connections:
        await connections.deliver(route, "", "ann@example.com", MAIL)
        attempt = await connections.deliver(route, "", "ann@example.com", MAIL)
    assert (attempt.outcome, attempt.phase) == ("refused", "rcpt")
    assert sink.connections == 1
    assert sink.commands.count(b"RSET") == 1


@pytest.mark.parametrize("farewell", [b"", b"421 4.4.2 idle too long\r\n"])
async def test_a_kept_connection_that_is_gone_is_replaced(farewell: bytes) -> None:
    connections_seen = 0

    async def closes_at_second_mail(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections_seen
        connections_seen += 1
        writer.write(b"220 hi\r\n")
        mails = 0
        while line := await reader.readline():
            if line.startswith(b"MAIL") and mails:
                writer.write(farewell)
                return
            writer.write(b"354 go\r\n" if line.startswith(b"DATA") else b"250 ok\r\n")
            if line.startswith(b"DATA"):
                await reader.readuntil(b"\r\n.\r\n")
                writer.write(b"250 ok\r\n")
                mails += 1

    async with serving(closes_at_second_mail) as route, Connections(hostname="h") as connections:
        for _ in range(2):
            assert (await connections.deliver(route, "", "ann@example.com", MAIL)).outcome == "accepted"
    assert connections_seen == 2


async def test_a_connection_on_which_the_server_talks_out_of_turn_is_not_kept() -> None:
    sink = Sink(MESSAGE=b"250 ok\r\n550 no, after all")
    async with serving(sink) as route, Connections(hostname="h") as connections:
        for _ in range(2):
            assert (await connections.deliver(route, "", "ann@example.com", MAIL)).outcome == "accepted"
    assert sink.connections == 2


async def test_an_idle_connection_is_closed_in_time() -> None:
    sink = Sink()
    async with serving(sink) as route, Connections(hostname="h", max_idle=0.01) as connections:
        await connections.deliver(route, "", "ann@example.com", MAIL)
        await asyncio.wait_for(sink.gone.wait(), 5)
    assert sink.commands[-1] == b"QUIT"


@pytest.mark.parametrize(("most", "opened"), [(5, 5), (2, 2)])
async def test_parallel_mails_have_connections_of_their_own_as_far_as_they_go(most: int, opened: int) -> None:
    sink = Sink()
    async with serving(sink) as route, Connections(hostname="h", max_open=most) as connections:
        attempts = await asyncio.gather(*(connections.deliver(route, "", f"a{n}@example.com", MAIL) for n in range(5)))
    assert [attempt.outcome for attempt in attempts] == ["accepted"] * 5
    assert len(sink.mails) == 5
    assert sink.connections == opened


async def test_a_mail_that_finds_all_connections_busy_for_long_is_deferred_and_another_route_is_not() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    sink = Sink()
    connections = Connections(hostname="h", max_open=1, max_wait=0.05, timeouts=Timeouts(greeting=5))
    async with serving(silent) as stuck, serving(sink) as route, connections:
        first = asyncio.create_task(connections.deliver(stuck, "", "a@example.com", MAIL))
        await asyncio.sleep(0.01)
        second = await connections.deliver(stuck, "", "b@example.com", MAIL)
        other = await connections.deliver(route, "", "c@example.com", MAIL)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        assert not await _is_stuck(connections, stuck)
    assert (second.outcome, second.phase) == ("deferred", "connect")
    assert second.error == f"all 1 connections to {stuck} were busy for 0.05 s"
    assert other.outcome == "accepted"


async def _is_stuck(connections: Connections, route: Route) -> bool:
    """Tell whether a mail finds no connection: one that was cancelled gives its own back."""
    trying = asyncio.create_task(connections.deliver(route, "", "d@example.com", MAIL))
    done, _ = await asyncio.wait({trying}, timeout=0.5)
    trying.cancel()
    return bool(done) and "busy" in (trying.result().error or "")


@pytest.mark.parametrize("recipient", ["a@b\r\nRCPT TO:<c@d>", "a\0@b.example", "\u00fc@b.example"])
async def test_an_address_that_breaks_a_command_is_never_sent(recipient: str) -> None:
    async with Connections(hostname="h") as connections:
        with pytest.raises(ValueError, match="cannot stand"):
            await connections.deliver(Route("127.0.0.1", 1), "", recipient, MAIL)


async def test_a_domain_of_another_alphabet_goes_out_in_ascii() -> None:
    sink = Sink()
    async with serving(sink) as route, Connections(hostname="h") as connections:
        await connections.deliver(route, "", "j@b\u00fccher.example", MAIL)
    assert b"RCPT TO:<j@xn--bcher-kva.example>" in sink.commands


@pytest.mark.parametrize(
    ("code", "lines", "written"),
    [
        (550, "5.1.1 No such\n5.1.1 user here", "550 5.1.1 No such user here"),
        (550, "No such user", "550 No such user"),
        (250, "2.0.0", "250 2.0.0"),
        (550, "4.1.1 odd", "550 4.1.1 odd"),
        (550, "a\r\x00b\udcff", "550 a\\r\\x00b\\udcff"),
    ],
)
async def test_a_reply_is_one_line(code: int, lines: str, written: str) -> None:
    assert str(read_reply(code, lines)) == written


PIPELINING = b"250-mx\r\n250 PIPELINING"


async def test_commands_go_out_together_where_the_server_says_so() -> None:
    """One segment, one wait; the mail itself waits for the server to say that somebody gets it."""
    segments: list[bytes] = []

    async def reads(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hi\r\n")
        await reader.readline()
        writer.write(PIPELINING + b"\r\n")
        segments.append(await reader.read(4096))
        writer.write(b"250 ok\r\n250 ok\r\n354 go\r\n")
        segments.append(await reader.readuntil(b"\r\n.\r\n"))
        writer.write(b"250 2.0.0 ok\r\n")

    assert (await try_once(reads)).outcome == "accepted"
    assert [line[:4] for line in segments[0].splitlines()] == [b"MAIL", b"RCPT", b"DATA"]
    assert segments[1].startswith(b"Subject")


@pytest.mark.parametrize(
    ("replies", "expected"),
    [
        (b"250 ok\r\n550 5.1.1 unknown\r\n503 5.5.1 no recipients\r\n", ("refused", "rcpt", 550)),
        (b"451 4.3.0 later\r\n503 first MAIL\r\n503 first MAIL\r\n", ("deferred", "mail", 451)),
        (b"250 ok\r\n250 ok\r\n452 4.3.1 full\r\n", ("deferred", "data", 452)),
    ],
)
async def test_the_first_refusal_decides_and_the_connection_goes_on(
    replies: bytes, expected: tuple[str, str, int]
) -> None:
    """The replies behind it are of this mail: the next one must not take them for its own."""
    seen: list[bytes] = []

    async def answers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hi\r\n")
        await reader.readline()
        writer.write(PIPELINING + b"\r\n")
        for said in (replies, b"250 reset\r\n" + replies):
            seen.append(await reader.read(4096))
            writer.write(said)
        await reader.read()

    async with serving(answers) as route, Connections(hostname="h", timeouts=QUICK) as connections:
        for _ in range(2):
            attempt = await connections.deliver(route, "", "ann@example.com", MAIL)
            assert attempt.reply is not None
            assert (attempt.outcome, attempt.phase, attempt.reply.code) == expected
    assert [line[:4] for line in seen[1].splitlines()] == [b"RSET", b"MAIL", b"RCPT", b"DATA"]


async def test_a_data_that_is_taken_for_nobody_gets_nothing() -> None:
    """The recipient is refused and the server waits for the mail: no byte of it is sent."""
    got: list[bytes] = []

    async def careless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hi\r\n")
        await reader.readline()
        writer.write(PIPELINING + b"\r\n")
        await reader.read(4096)
        writer.write(b"250 ok\r\n550 5.1.1 unknown\r\n354 go\r\n")
        got.append(await reader.read())

    async with serving(careless) as route, Connections(hostname="h", timeouts=QUICK) as connections:
        attempt = await connections.deliver(route, "", "ann@example.com", MAIL)
    assert (attempt.outcome, attempt.phase) == ("refused", "rcpt")
    assert got in ([b""], [])


async def test_a_connection_carries_so_many_mails() -> None:
    sink = Sink()
    async with serving(sink) as route, Connections(hostname="h", max_mails=2) as connections:
        for _ in range(4):
            assert (await connections.deliver(route, "", "ann@example.com", MAIL)).outcome == "accepted"
    assert sink.connections == 2


async def test_a_refusal_after_the_acceptance_changes_nothing() -> None:
    """A server that says 250 and then 5xx has taken the mail; what it says later is no reply of the next one's."""
    sink = Sink(MESSAGE=b"250 2.0.0 queued\r\n554 5.7.1 changed my mind")
    async with serving(sink) as route, Connections(hostname="h", timeouts=QUICK) as connections:
        attempts = [await connections.deliver(route, "", "ann@example.com", MAIL) for _ in range(2)]
    assert [attempt.outcome for attempt in attempts] == ["accepted", "accepted"]
    assert sink.connections == 2


async def test_a_reset_in_the_content_is_a_deferral_that_may_have_arrived() -> None:
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hi\r\n")
        for reply in (b"250 ok\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n"):
            await reader.readline()
            writer.write(reply)
        writer.transport.abort()

    attempt = await try_once(reset)
    assert (attempt.outcome, attempt.reply) == ("deferred", None)
    assert attempt.phase in {"data", "message"}


async def test_a_reply_that_drips_meets_the_deadline_in_every_phase() -> None:
    """A byte now and then is no sign of life."""

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hi\r\n")
        await reader.readline()
        while not writer.is_closing():
            writer.write(b"250-x\r\n")
            await asyncio.sleep(0.02)

    attempt = await try_once(drip)
    assert (attempt.outcome, attempt.phase, attempt.error) == ("deferred", "ehlo", "no reply to ehlo in 0.3 s")


@given(st.binary(max_size=2000))
def test_whatever_is_in_a_mail_the_wire_has_one_mail(content: bytes) -> None:
    """Bare CR and LF, dots, NUL: nothing ends DATA before its end, no line ends in anything but CRLF."""
    written = stuffed(content)
    assert written.endswith(b"\r\n.\r\n") or written == b".\r\n"
    assert written.count(b"\r\n") == written.count(b"\r") == written.count(b"\n")
    lines = written.split(b"\r\n")[:-2]
    assert not any(line == b"." for line in lines)
    unstuffed = b"\n".join(line[1:] if line.startswith(b".") else line for line in lines)
    plain = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    assert unstuffed in {plain, plain.removesuffix(b"\n")}
