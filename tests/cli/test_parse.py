"""``carom parse`` as a program uses it."""

import json
from pathlib import Path

import pytest

from carom.cli.parse import parse

MAIL = Path(__file__).parent.parent / "bounce" / "mails" / "dsn-unknown-user.eml"
KEYS = "recipient original_recipient action status reply diagnostic remote_mta reporting_mta type type_code"


def test_json_has_one_object_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty = tmp_path / "empty.eml"
    empty.write_bytes(b"")
    assert parse(MAIL, empty, as_json=True) == 0
    first, second = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert first["file"] == str(MAIL)
    assert list(first["events"][0]) == [*KEYS.split(), "original_message_id", "feedback_type", "rule"]
    assert second["events"] == []


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert parse(tmp_path / "missing.eml", MAIL, as_json=True) == 1
    out, err = capsys.readouterr()
    assert "missing.eml" in err
    assert len(out.splitlines()) == 1
