"""Every mail in ``mails/`` has its expected events beside it, as ``carom parse --json`` prints them.

An expected field that the file leaves out is not compared; the events are compared in order.
"""

import json
from pathlib import Path

import pytest

from carom.bounce import parse
from carom.cli.parse import event_fields

MAILS = sorted((Path(__file__).parent / "mails").glob("*.eml"))


@pytest.mark.parametrize("mail", MAILS, ids=lambda path: path.stem)
def test_a_mail_gives_its_events(mail: Path) -> None:
    expected = json.loads(mail.with_suffix(".json").read_text("utf-8"))
    got = [event_fields(event) for event in parse(mail.read_bytes()).events]
    assert [{key: event[key] for key in want} for event, want in zip(got, expected, strict=True)] == expected


def test_line_ends_make_no_difference() -> None:
    for mail in MAILS:
        raw = mail.read_bytes()
        assert parse(raw.replace(b"\n", b"\r\n")) == parse(raw) == parse(raw.replace(b"\n", b"\r"))
