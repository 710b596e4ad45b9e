"""Reports that the service writes, read back by the standard library's parser and by the bounce engine."""

import re
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import Message
from typing import cast

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from carom import bounce
from carom.server.rules.report import ReportedRecipient, ReportFacts, write_report

AT = datetime(2026, 11, 23, 20, 0, 5, tzinfo=UTC)
RECIPIENT = ReportedRecipient(
    final_recipient="ann@example.com",
    original_recipient="Ann@example.com",
    status="5.1.1",
    remote_mta="mx.example.com",
    diagnostic="550 5.1.1 <ann@example.com>: Recipient address rejected: User unknown",
    last_attempt=AT,
)
FACTS = ReportFacts(
    reporting_mta="mail.carom.test",
    from_address="mailer-daemon@mail.carom.test",
    to_address="b+1abc@bounces.carom.test",
    envelope_id="0193589e",
    recipients=[RECIPIENT],
    arrival_date=AT,
    at=AT,
    transcript="S: 220 mx.example.com\nC: EHLO mail.carom.test\nS: 550 5.1.1 User unknown\n",
    returned=b"From: bob@example.org\r\nSubject: =?utf-8?b?w7w=?=\r\nX-PM-Message-Id: 17\r\n\r\nsecret body\r\n",
    report_id="r1",
)


def parts(raw: bytes) -> list[Message]:
    assert raw.isascii()
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)|\0", raw)
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    message = message_from_bytes(raw)
    assert message.get_content_type() == "multipart/report"
    assert message.get_param("report-type") == "delivery-status"
    return cast("list[Message]", message.get_payload())


def test_a_report_has_the_three_parts_of_rfc_3464() -> None:
    assert [part.get_content_type() for part in parts(write_report(FACTS))] == [
        "text/plain",
        "message/delivery-status",
        "text/rfc822-headers",
    ]


def test_the_status_has_a_block_for_the_message_and_one_a_recipient() -> None:
    carl = replace(RECIPIENT, final_recipient="carl@example.com", original_recipient=None, remote_mta=None)
    _, status, _ = parts(write_report(replace(FACTS, recipients=[RECIPIENT, carl])))
    message, first, second = cast("list[Message]", status.get_payload())
    assert dict(message.items()) == {
        "Reporting-MTA": "dns; mail.carom.test",
        "Original-Envelope-Id": "0193589e",
        "Arrival-Date": "Mon, 23 Nov 2026 20:00:05 +0000",
    }
    assert {name: re.sub(r"\r?\n ", " ", value) for name, value in first.items()} == {
        "Original-Recipient": "rfc822; Ann@example.com",
        "Final-Recipient": "rfc822; ann@example.com",
        "Action": "failed",
        "Status": "5.1.1",
        "Remote-MTA": "dns; mx.example.com",
        "Diagnostic-Code": "smtp; 550 5.1.1 <ann@example.com>: Recipient address rejected: User unknown",
        "Last-Attempt-Date": "Mon, 23 Nov 2026 20:00:05 +0000",
    }
    assert second["Final-Recipient"] == "rfc822; carl@example.com"
    assert "Remote-MTA" not in second


def test_nobody_answers_a_report() -> None:
    message = message_from_bytes(write_report(FACTS))
    assert message["Return-Path"] == "<>"
    assert message["Auto-Submitted"] == "auto-replied"
    assert message["To"] == FACTS.to_address


def test_only_the_headers_come_back() -> None:
    raw = write_report(FACTS)
    assert b"secret" not in raw
    assert (
        parts(raw)[2].get_payload() == "From: bob@example.org\r\nSubject: =?utf-8?b?w7w=?=\r\nX-PM-Message-Id: 17\r\n"
    )


def test_the_human_part_shows_the_reply_and_the_transcript() -> None:
    text = str(parts(write_report(FACTS))[0].get_payload())
    assert "mx.example.com said:" in text
    assert "S: 550 5.1.1 User unknown" in text
    assert "Transcript" not in str(parts(write_report(replace(FACTS, transcript=None)))[0].get_payload())


def test_a_delay_says_that_nothing_needs_to_be_done() -> None:
    raw = write_report(replace(FACTS, recipients=[replace(RECIPIENT, action="delayed", status="4.4.1")]))
    assert b"Subject: Delayed Mail" in raw
    assert b"has not been delivered yet" in raw


def test_the_bounce_engine_reads_it() -> None:
    (event,) = bounce.parse(write_report(FACTS)).events
    assert isinstance(event, bounce.Failed)
    assert (event.recipient, event.status) == ("ann@example.com", "5.1.1")
    assert "User unknown" in event.diagnostic


def test_a_boundary_in_foreign_text_does_not_end_a_part() -> None:
    hostile = replace(FACTS, transcript="x\n--=_report-r1-0\n--=_report-r1-0--\n", returned=b"--=_report-r1-0--\r\n")
    assert len(parts(write_report(hostile))) == 3


hostile_text = st.text(max_size=2000)


@settings(deadline=None, max_examples=100)
@given(diagnostic=hostile_text, transcript=hostile_text, address=hostile_text, returned=st.binary(max_size=3000))
def test_foreign_text_stays_in_its_place(diagnostic: str, transcript: str, address: str, returned: bytes) -> None:
    """Whatever a server said, whatever the mail held: three parts, two blocks, one Action."""
    recipient = replace(RECIPIENT, diagnostic=diagnostic, final_recipient=address[:200])
    raw = write_report(replace(FACTS, recipients=[recipient], transcript=transcript, returned=returned))
    _, status, _ = parts(raw)
    message, block = cast("list[Message]", status.get_payload())
    assert message.keys() == ["Reporting-MTA", "Original-Envelope-Id", "Arrival-Date"]
    assert block.get_all("Action") == ["failed"]
