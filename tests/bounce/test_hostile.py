"""Any bytes give a report, in time that grows with their number and in memory that does not."""

import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carom.bounce import Report, classify, parse
from carom.bounce.mime import HEAD_BYTES, TAIL_BYTES

MAILS = [path.read_bytes() for path in sorted((Path(__file__).parent / "mails").glob("*.eml"))]
MEGABYTE = 1 << 20
DSN = b"From: <>\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\n"
STATUS = b"\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.org\n\n"
RECIPIENT = b"Final-Recipient: rfc822; a@example.org\nAction: failed\nStatus: 5.1.1\n\n"
PROSE = b"From: MAILER-DAEMON@example.org\nSubject: failure notice\n\n"


@given(st.binary(max_size=4000))
def test_any_bytes_give_a_report(raw: bytes) -> None:
    assert isinstance(parse(raw), Report)


@given(st.sampled_from(MAILS), st.data())
def test_a_damaged_mail_gives_a_report(mail: bytes, data: st.DataObject) -> None:
    """Bytes overwritten, pieces doubled or lost: what spam filters and disks do to mail."""
    at = data.draw(st.integers(0, len(mail)))
    lost = data.draw(st.integers(0, 200))
    put = data.draw(
        st.one_of(st.binary(max_size=40), st.sampled_from([b"\r", b"\0", b"\n\n", b"--", b"=", b"<", b"@"]))
    )
    assert isinstance(parse(mail[:at] + put + mail[at + lost :]), Report)


@given(st.text(max_size=3000))
def test_any_text_is_classified(text: str) -> None:
    assert classify(text=text).rule


def test_a_mail_cut_anywhere_gives_a_report() -> None:
    for mail in MAILS:
        for tenth in range(100):
            assert isinstance(parse(mail[: len(mail) * tenth // 100]), Report)


def deep() -> bytes:
    """Nest 10,000 multiparts."""
    return b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (i, i) for i in range(10_000))


HOSTILE: dict[str, Callable[[], bytes]] = {
    "a 10 MB bounce": lambda: (
        DSN + STATUS + RECIPIENT + b"\n--b\nContent-Type: message/rfc822\n\n" + b"x" * 60 * 170_000
    ),
    "10 MB of recipients": lambda: DSN + STATUS + RECIPIENT * 140_000,
    "depth 10,000": deep,
    "100,000 parts": lambda: DSN + b"\n--b\n\nx" * 100_000,
    "a 10 MB header": lambda: b"Subject: " + b"x" * 10 * MEGABYTE + b"\n\n",
    "endless folding": lambda: b"Subject: x" + b"\n x" * 3_000_000 + b"\n\n",
    "a million headers": lambda: b"A: b\n" * 1_000_000 + b"\n",
    "a boundary of 64 KB": lambda: (
        b"Content-Type: multipart/mixed; boundary=" + b"b" * 65_536 + b"\n\n" + b"--" + b"b" * MEGABYTE
    ),
    "one boundary in itself": lambda: (
        b"Content-Type: multipart/mixed; boundary=b\n\n"
        + b"--b\nContent-Type: multipart/mixed; boundary=b\n\n" * 20_000
    ),
    "a line of addresses": lambda: PROSE + b"a@b," * 2_000_000,
    "lines of addresses": lambda: PROSE + b"<a@example.org>:\n" * 300_000,
    "at signs": lambda: PROSE + b"@" * MEGABYTE,
    "one word": lambda: PROSE + b"a" * 2 * MEGABYTE,
    "words of the returned mail": lambda: PROSE + b"original copy header " * 100_000,
    "angle brackets": lambda: PROSE.replace(b"\n\n", b"\nContent-Type: text/html\n\n") + b"<a <" * 300_000,
    "style elements": lambda: PROSE.replace(b"\n\n", b"\nContent-Type: text/html\n\n") + b"<style " * 300_000,
    "encoded words": lambda: b"From: MAILER-DAEMON\nSubject: " + b"=?utf-8?q?a?= " * 100_000 + b"\n\nx",
    "quotes": lambda: b"From: " + b'"' * MEGABYTE + b"\n\n" + b'"' * MEGABYTE,
    "digits": lambda: PROSE + b"5.1.1" * 200_000,
    "spaces": lambda: PROSE + b" " * 2 * MEGABYTE + b"a@example.org",
    "lines of spaces": lambda: PROSE + (b" " * 1900 + b"a@\n") * 1000,
    "lines of dashes": lambda: PROSE + (b"- " * 900 + b"a@b original\n") * 1000,
    "words of a failed delivery": lambda: PROSE + b"not fail deliver " * 60_000,
    "labels": lambda: PROSE + (b"recipient " * 180 + b"x@y\n") * 500,
    "headings": lambda: PROSE + b"delivered:\n" * 100_000 + b"a@b.example\n" * 500,
    "table cells": lambda: PROSE.replace(b"\n\n", b"\nContent-Type: text/html\n\n") + b"</td>a@b" * 200_000,
    "words without spaces": lambda: PROSE + "收件人".encode() * 200_000 + b"a@b.example",
    "half a rule": lambda: (
        PROSE + (b"a@b.example: 550 " + b"your ip 1.2.3.4 blocked client [x] user not " * 40 + b"\n") * 90
    ),
    "message ids": lambda: PROSE + b"message-id: <a@" * 60_000,
    "ids of all kinds": lambda: PROSE + b"> | id id:= <a@ id\n" * 60_000,
    "hosts": lambda: PROSE + b"host mx.a.b.c.d.e.f.example[1.2.3.4] said 550 a@b.example " * 30_000,
    "half a host": lambda: PROSE + b"<a@b.example> host " + b"a." * 1_000_000,
}


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_mail_costs_some_plain_scans(make: Callable[[], bytes]) -> None:
    """Linear, with a factor that is the same for all: at most a hundred and twenty times what it takes to split the bytes
    that are read into words. A reader that is quadratic within the limits takes thousands of times that."""
    raw = make()
    scan = min(cpu_time(plain_scan, raw[: HEAD_BYTES + TAIL_BYTES]) for _ in range(3))
    assert min(cpu_time(parse, raw) for _ in range(3)) < 120 * scan


def plain_scan(raw: bytes) -> int:
    return len(raw.decode("latin-1").lower().split())


def cpu_time(read: Callable[[bytes], object], raw: bytes) -> float:
    begun = time.process_time()
    read(raw)
    return time.process_time() - begun


def test_memory_does_not_grow_with_the_mail() -> None:
    """What a mail of 40 MB takes beside itself is what one of 10 MB takes."""
    small, large = (peak(HOSTILE["a 10 MB bounce"]() + b"x" * size) for size in (0, 30 * MEGABYTE))
    assert large < small * 1.2
    assert large < 20 * MEGABYTE


def peak(raw: bytes) -> int:
    tracemalloc.start()
    try:
        parse(raw)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_report_before_a_large_mail_is_read() -> None:
    raw = DSN + STATUS + RECIPIENT + b"\n--b\nContent-Type: message/rfc822\n\n" + b"x" * 5 * MEGABYTE + b"\n--b--\n"
    assert [event.recipient for event in parse(raw).events] == ["a@example.org"]


def test_a_report_between_large_parts_is_read() -> None:
    """A picture of a megabyte in the text for people, and the returned mail behind the report."""
    picture, returned = b"x" * 3 * MEGABYTE, b"\n--b\nContent-Type: message/rfc822\n\n" + b"y" * 3 * MEGABYTE
    raw = DSN + picture + STATUS + RECIPIENT + returned + b"\n--b--\n"
    assert [event.recipient for event in parse(raw).events] == ["a@example.org"]


def test_a_report_behind_a_large_mail_is_still_read() -> None:
    """The head and the tail of a mail are read: systems that put the returned mail first exist."""
    raw = DSN + b"x" * 5 * MEGABYTE + STATUS + RECIPIENT + b"\n--b--\n"
    assert [event.recipient for event in parse(raw).events] == ["a@example.org"]
