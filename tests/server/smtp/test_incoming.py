"""Reading a message: any bytes, in any pieces, come out as they went in."""

import asyncio
import itertools
import re
from collections.abc import Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from carom.server.smtp.incoming import BareLineEnd, Gone, Incoming, TooBig

# Pieces that make line ends, dots and their neighbours likely.
octets = st.lists(st.sampled_from([b"\r", b"\n", b".", b"\r\n", b"\r\n.", b"\0", b"x", b"\xff"])).map(b"".join)
LIMIT = 10_000


def stuffed(content: bytes) -> bytes:
    """What a client sends for some content: a dot before each line that begins with one, CRLF, the end."""
    lines = (content + b"\r\n").split(b"\r\n")[:-1]
    return b"".join((b"." if line.startswith(b".") else b"") + line + b"\r\n" for line in lines) + b".\r\n"


def read(sent: bytes, cuts: Sequence[int], *, limit: int = LIMIT, refuse_bare: bool = False) -> tuple[bytes, bytes]:
    """Read a message that arrives in pieces, and the line after it."""

    async def reading() -> tuple[bytes, bytes]:
        stream = asyncio.StreamReader()
        incoming = Incoming(stream)
        places = sorted({0, len(sent), *(cut % (len(sent) + 1) for cut in cuts)})

        async def arrive() -> None:
            for start, stop in itertools.pairwise(places):
                stream.feed_data(sent[start:stop])
                await asyncio.sleep(0)
                await asyncio.sleep(0)
            stream.feed_eof()

        arriving = asyncio.create_task(arrive())
        try:
            content = await incoming.content(limit, refuse_bare=refuse_bare, seconds=5)
            return content, await incoming.line(LIMIT)
        finally:
            await arriving

    return asyncio.run(reading())


@settings(deadline=None, max_examples=200)
@given(content=octets, cuts=st.lists(st.integers(0, 500), max_size=8))
def test_any_content_in_any_pieces_comes_out_as_it_went_in(content: bytes, cuts: list[int]) -> None:
    assert read(stuffed(content) + b"NOOP\r\n", cuts) == (content + b"\r\n", b"NOOP")


@settings(deadline=None, max_examples=200)
@given(content=octets, cuts=st.lists(st.integers(0, 500), max_size=8))
def test_a_bare_line_end_is_seen_wherever_the_pieces_break(content: bytes, cuts: list[int]) -> None:
    bare = re.search(rb"\r(?!\n)|(?<!\r)\n", content + b"\r\n") is not None
    try:
        came, _ = read(stuffed(content) + b"NOOP\r\n", cuts, refuse_bare=True)
    except BareLineEnd:
        assert bare
    else:
        assert not bare
        assert came == content + b"\r\n"


@settings(deadline=None, max_examples=100)
@example(size=98, cuts=[])
@example(size=99, cuts=[])
@given(size=st.integers(0, 300), cuts=st.lists(st.integers(0, 500), max_size=8))
def test_the_limit_is_exact(size: int, cuts: list[int]) -> None:
    sent = b"x" * size + b"\r\n.\r\nNOOP\r\n"
    if size + 2 <= 100:
        assert read(sent, cuts, limit=100)[0] == b"x" * size + b"\r\n"
    else:
        with pytest.raises(TooBig):
            read(sent, cuts, limit=100)


def test_a_client_that_leaves_has_sent_nothing() -> None:
    with pytest.raises(Gone):
        read(b"half a message\r\n.\r", [3])
