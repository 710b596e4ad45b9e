"""Settings from a file, the environment and flags, in that order."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


def carom(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command with no settings in the environment but those given."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CAROM_")}
    return subprocess.run(
        [sys.executable, "-m", "carom", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**clean, **environment},
    )


def settings(*arguments: object, **environment: str) -> dict[str, tuple[Any, str]]:
    """Return what `carom config` tells: the value and the origin of each setting."""
    said = carom("config", "--json", *arguments, **environment)
    assert said.returncode == 0, said.stderr
    return {row["setting"]: (row["value"], row["from"]) for row in json.loads(said.stdout)}


def written(folder: Path, text: str) -> Path:
    """Write a file of settings."""
    path = folder / "carom.toml"
    path.write_text(text)
    return path


def test_a_flag_goes_before_the_environment_and_that_before_the_file(tmp_path: Path) -> None:
    file = written(tmp_path, 'hostname = "file.example"\nkeep-days = 7\nlog-level = "error"\nstrict = true\n')
    found = settings(
        "--config", file, "--hostname", "flag.example", CAROM_HOSTNAME="variable.example", CAROM_KEEP_DAYS="8"
    )
    assert found["--hostname"] == ("flag.example", "flag")
    assert found["--keep-days"] == (8, "environment")
    assert found["--log-level"] == ("error", str(file))
    assert found["--strict"] == (True, str(file))
    assert found["--keep-dump-days"] == (30, "default")


def test_a_file_may_name_several_relays(tmp_path: Path) -> None:
    file = written(tmp_path, 'mode = "relay"\nrelay = ["one.example:2500", "smtps://two.example"]\n')
    assert (
        settings("--config", file)["--relay"][0] == "smtp://one.example:2500?tls=opportunistic,smtps://two.example:465"
    )


def test_the_environment_may_name_the_file(tmp_path: Path) -> None:
    file = written(tmp_path, "keep-days = 3\n")
    assert settings(CAROM_CONFIG=str(file))["--keep-days"] == (3, str(file))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('modee = "relay"\n', "--mode"),
        ('mode = "relay\n', "cannot be read"),
        ('keep-days = "many"\n', "keep-days"),
        ("[relay]\nhost = 1\n", "[relay]"),
        ('config = "other.toml"\n', "all settings into one"),
        ("keep-days = 0\n", "--keep-days"),
    ],
)
def test_a_file_with_a_fault_is_refused_by_name(tmp_path: Path, text: str, says: str) -> None:
    file = written(tmp_path, text)
    said = carom("config", "--config", file)
    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr.startswith("carom: ")
    assert says in said.stderr
    assert "Traceback" not in said.stderr


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    said = carom("config", "--config", tmp_path / "none.toml")
    assert said.returncode == 1
    assert "none.toml cannot be read" in said.stderr


def test_a_password_is_masked() -> None:
    url = "postgresql://carom:canary-7731@db.example/carom"
    for said in (carom("config", "--database", url), carom("config", "--json", CAROM_DATABASE=url)):
        assert said.returncode == 0
        assert "db.example" in said.stdout
        assert "canary-7731" not in said.stdout + said.stderr


def test_serve_takes_the_file(tmp_path: Path) -> None:
    file = written(tmp_path, 'mode = "live"\n')
    said = carom("serve", "--config", file, "--data", tmp_path / "data")
    assert said.returncode == 1
    assert "live mode" in said.stderr
