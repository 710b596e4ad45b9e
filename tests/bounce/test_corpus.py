"""The labelled corpus beside the repository: the goals of its scorer, and every mail cut at a hundred places.

Its mails are not ours to keep here. Where it is missing the tests are skipped; with ``CI=true`` that is a failure.
"""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from carom.bounce import classify, parse
from carom.cli.parse import event_fields

CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus"


@pytest.fixture(scope="module")
def mails() -> list[Path]:
    if not (CORPUS / "dev").is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{CORPUS} is missing")
        pytest.skip(f"{CORPUS} is missing")
    return sorted((CORPUS / "dev" / "mails").iterdir())


def test_the_scorer_meets_all_its_goals(mails: list[Path], tmp_path: Path) -> None:
    answers = tmp_path / "answers.jsonl"
    with answers.open("w", encoding="utf-8") as lines:
        for mail in mails:
            events = [event_fields(event) for event in parse(mail.read_bytes()).events]
            lines.write(json.dumps({"file": mail.name, "events": events}) + "\n")
    command = [sys.executable, str(CORPUS / "score.py"), str(CORPUS / "dev"), str(answers), "--gate"]
    scored = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert scored.returncode == 0, scored.stdout


def test_real_replies_have_the_types_that_we_gave_them(mails: list[Path]) -> None:
    """``replies.tsv`` has our label of each reply and, where it is doubtful, why."""
    replies = [json.loads(line) for line in (CORPUS / "dev" / "smtp-responses.jsonl").read_text("utf-8").splitlines()]
    with (Path(__file__).parent / "replies.tsv").open(encoding="utf-8", newline="") as table:
        labels = list(csv.DictReader(table, delimiter="\t"))
    assert len(labels) == len(replies) == 101
    for label, reply in zip(labels, replies, strict=True):
        assert (label["operator"], label["reply"]) == (reply["operator"], str(reply["reply"]))
        assert classify(text=reply["response"]).type == label["type"], label


def test_every_truncation_gives_a_report(mails: list[Path]) -> None:
    for mail in mails:
        raw = mail.read_bytes()
        for hundredth in range(100):
            assert parse(raw[: len(raw) * hundredth // 100]) is not None
