"""``carom parse`` as programs and people use it."""

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from carom.cli.parse import parse

MAILS = Path(__file__).parent.parent / "bounce" / "mails"
MAIL = MAILS / "dsn-unknown-user.eml"
KEYS = "recipient original_recipient action status reply diagnostic remote_mta reporting_mta type type_code"


def printed(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def recipients(answer: dict[str, Any]) -> list[str]:
    return [event["recipient"] for event in answer["events"]]


def test_json_has_one_object_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty = tmp_path / "empty.eml"
    empty.write_bytes(b"")
    assert parse(MAIL, empty, as_json=True) == 0
    first, second = printed(capsys)
    assert first["file"] == str(MAIL)
    assert list(first["events"][0]) == [*KEYS.split(), "original_message_id", "feedback_type", "rule"]
    assert second["events"] == []


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert parse(tmp_path / "missing.eml", MAIL, as_json=True) == 1
    out, err = capsys.readouterr()
    assert "missing.eml" in err
    assert len(out.splitlines()) == 1


def test_an_mbox_gives_an_index_a_mail(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mbox = tmp_path / "bounces"
    separator = b"From MAILER-DAEMON Mon Nov 23 10:00:00 2026\n"
    mails = [MAIL.read_bytes(), (MAILS / "gmx.eml").read_bytes()]
    mbox.write_bytes(b"".join(separator + mail + b"\n" for mail in mails))
    assert parse(mbox, as_json=True) == 0
    answers = printed(capsys)
    assert [answer["index"] for answer in answers] == [0, 1]
    assert [recipients(answer) for answer in answers] == [["someone@example.org"], ["someone@example.org"]]


def test_a_returned_mbox_line_does_not_split_an_eml_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mail = tmp_path / "mail.eml"
    line = b"From MAILER-DAEMON Mon Nov 23 10:00:00 2026\n"
    mail.write_bytes(line + (MAILS / "gmx.eml").read_bytes() + b"\n" + line + b"To: someone@example.org\n")
    assert parse(mail, as_json=True) == 0
    assert len(printed(capsys)) == 1


def test_one_mail_with_an_mbox_line_is_no_mbox(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mail = tmp_path / "mail.eml"
    mail.write_bytes(b"From MAILER-DAEMON Mon Nov 23 10:00:00 2026\n" + MAIL.read_bytes())
    assert parse(mail, as_json=True) == 0
    (answer,) = printed(capsys)
    assert "index" not in answer
    assert recipients(answer) == ["someone@example.org"]


def test_a_maildir_is_read_without_its_unfinished_mails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for place in ("cur", "new", "tmp"):
        (tmp_path / place).mkdir()
        (tmp_path / place / f"1.{place}").write_bytes(MAIL.read_bytes())
    assert parse(tmp_path, as_json=True) == 0
    assert [Path(answer["file"]).name for answer in printed(capsys)] == ["1.cur", "1.new"]


def test_a_folder_is_read_in_the_order_of_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("b.eml", "a.eml"):
        (tmp_path / name).write_bytes(MAIL.read_bytes())
    assert parse(tmp_path, as_json=True) == 0
    assert [Path(answer["file"]).name for answer in printed(capsys)] == ["a.eml", "b.eml"]


def test_standard_input_is_a_mail(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(MAIL.read_bytes())))
    assert parse(Path("-"), as_json=True) == 0
    (answer,) = printed(capsys)
    assert recipients(answer) == ["someone@example.org"]


def test_the_picture_shows_how_it_was_decided(capsys: pytest.CaptureFixture[str]) -> None:
    assert parse(MAIL, MAILS / "autoreply-de.eml") == 0
    out = " ".join(capsys.readouterr().out.split())
    for part in ("message/delivery-status", "550 5.1.1", "rule recipient.unknown", "suppresses the address"):
        assert part in out
    assert "AutoResponder: leaves the address active" in out


def test_no_file_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert parse() == 1
    assert "name at least one" in capsys.readouterr().err


def test_own_rules_decide_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rules = tmp_path / "own.toml"
    rules.write_text(
        "[[rule]]\nid='own'\ntype='Blocked'\nmatch.phrases=['user unknown']\nsource='us'\nexample='user unknown'"
    )
    assert parse(MAIL, as_json=True, rules=rules) == 0
    (answer,) = printed(capsys)
    assert [(event["type"], event["rule"]) for event in answer["events"]] == [("Blocked", "own")]
    rules.write_text("[[rule]]")
    assert parse(MAIL, as_json=True, rules=rules) == 1
    assert "own.toml" in capsys.readouterr().err
