"""carom history and carom stats, on a store of a server that was there."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from carom.testing import LocalServer
from tests.cli.test_commands import carom

MESSAGE: dict[str, Any] = {
    "RecordType": "Message",
    "MessageID": "7f4b1c2e-3d52-4e0a-9a53-1a1f0c7d9b10",
    "ReceivedAt": "2026-01-02T09:15:00Z",
    "From": "shop@example.com",
    "To": "ann@example.org",
    "TextBody": "Hello",
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a server that was started once, and stopped."""
    folder = tmp_path_factory.mktemp("data")
    with LocalServer(data=folder):
        pass
    return folder


def _bring(data: Path, *lines: bytes | str) -> subprocess.CompletedProcess[str]:
    text = "\n".join(line if isinstance(line, str) else line.decode() for line in lines)
    return carom(None, "history", "import", "-", "--data", str(data), given=text)


def test_a_history_is_made_up_brought_and_counted(data: Path) -> None:
    """Each in a store that is there."""
    made = carom(None, "history", "generate", "--messages", "500", "--data", str(data))
    assert (made.returncode, made.stderr) == (0, "")
    assert made.stdout.startswith("500 messages of 40 days are in ")
    again = carom(None, "history", "generate", "--data", str(data))
    assert again.returncode == 1
    assert "there is mail in the store already" in again.stderr

    brought = _bring(data, json.dumps(MESSAGE), "", json.dumps(MESSAGE))
    assert (brought.returncode, brought.stdout) == (0, "2 lines, 1 of them new\n"), brought.stderr
    wrong = _bring(data, json.dumps({**MESSAGE, "MessageID": "x"}))
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert wrong.stderr.startswith("carom: line 1: the MessageID 'x' is no UUID")
    assert "0 lines are stored; mend line 1" in wrong.stderr

    rebuilt = carom(None, "stats", "rebuild", "--data", str(data))
    assert (rebuilt.returncode, rebuilt.stdout) == (0, "the statistics say what is kept\n"), rebuilt.stderr


def test_where_there_is_no_store_nothing_is_made(tmp_path: Path) -> None:
    """A name mistyped is no new store."""
    for command in (("history", "generate"), ("history", "import", "-"), ("stats", "rebuild")):
        done = carom(None, *command, "--data", str(tmp_path / "none"), given="")
        assert done.returncode == 1
        assert "there is no store in" in done.stderr
        assert not (tmp_path / "none").exists()


def test_a_running_server_keeps_its_store(tmp_path: Path) -> None:
    """A history is made up beside nobody; bringing one is no matter."""
    with LocalServer(data=tmp_path):
        made = carom(None, "history", "generate", "--data", str(tmp_path))
        assert (made.returncode, "stop it first" in made.stderr) == (1, True)
        brought = _bring(tmp_path, json.dumps(MESSAGE))
        assert (brought.returncode, brought.stdout) == (0, "1 lines, 1 of them new\n"), brought.stderr
