"""carom serve as a person starts it."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from carom import ApiClient

CAROM = [sys.executable, "-m", "carom"]
FREE = ["--http", "127.0.0.1:0", "--smtp", "127.0.0.1:0", "--mx", "127.0.0.1:0"]
READY = re.compile(r"ready http=(\S+:\d+) smtp=(\S+:\d+) mx=(\S+:\d+) mode=(\w+)\n")


class Serving:
    """A running ``carom serve`` and what it printed."""

    def __init__(self, data: Path, *flags: str, **environment: str) -> None:
        self.process = subprocess.Popen(
            [*CAROM, "serve", "--data", str(data), *FREE, *flags],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **environment},
        )  # fmt: skip
        self.lines: list[str] = []
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            if line.startswith("export POSTMARK_API_URL"):
                break

    @property
    def http(self) -> str:
        """Where the API listens, from the ready line."""
        [found] = [match for line in self.lines if (match := READY.fullmatch(line))]
        return f"http://{found[1]}"

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and return the exit status; what else it printed is kept."""
        self.process.send_signal(number)
        output, errors = self.process.communicate(timeout=60)
        self.lines += [*output.splitlines(keepends=True), *errors.splitlines(keepends=True)]
        return self.process.returncode


@pytest.fixture
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No token of whoever runs the tests."""
    for name in ("CAROM_SERVER_TOKEN", "CAROM_ACCOUNT_TOKEN", "CAROM_SECRET", "POSTMARK_API_TOKEN", "POSTMARK_API_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("clean_environment")
def test_tokens_are_printed_once_and_work_ever_after(tmp_path: Path) -> None:
    """The first start makes them; the second says nothing of them."""
    first = Serving(tmp_path)
    [token] = [line.split(": ")[1].strip() for line in first.lines if line.startswith("server token: ")]
    with ApiClient(token, base_url=first.http) as client:
        assert client.server_info().api_tokens == [token]
    assert first.stop() == 0
    second = Serving(tmp_path)
    assert not any("token" in line.lower() for line in second.lines)
    with ApiClient(token, base_url=second.http) as client:
        assert client.server_info().id == 1000
    assert second.stop(signal.SIGINT) == 0


@pytest.mark.usefixtures("clean_environment")
def test_given_tokens_are_used_instead(tmp_path: Path) -> None:
    """For scripts that must know them beforehand."""
    token = "11111111-2222-4333-8444-555555555555"
    serving = Serving(tmp_path, CAROM_SERVER_TOKEN=token, CAROM_ACCOUNT_TOKEN=token[::-1])
    with ApiClient(token, base_url=serving.http) as client:
        assert client.delivery_stats().inactive_mails == 0
    assert serving.stop() == 0


@pytest.mark.usefixtures("clean_environment")
def test_no_secret_is_logged(tmp_path: Path) -> None:
    """Neither the token nor the installation secret, on a run with errors."""
    token = "11111111-2222-4333-8444-555555555555"
    serving = Serving(tmp_path, CAROM_SERVER_TOKEN=token)
    before = len(serving.lines)
    with ApiClient(token, base_url=serving.http) as client:
        client.deliver(from_="a@example.com", to="hardbounce@bounce-testing.postmarkapp.com", text_body="s3cret body")
    assert serving.stop() == 0
    later = "".join(serving.lines[before:]).replace(f"export POSTMARK_API_TOKEN={token}", "")
    secret = (tmp_path / "secret").read_text().strip().partition(":")[2]
    for hidden in (token, secret, "s3cret body"):
        assert hidden not in later


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Serving]:
    """A server that runs while the test does."""
    running = Serving(tmp_path)
    yield running
    assert running.stop() == 0


def test_one_data_folder_has_one_server(serving: Serving, tmp_path: Path) -> None:
    """The second says what to do."""
    assert serving.http
    second = subprocess.run(
        [*CAROM, "serve", "--data", str(tmp_path), *FREE], capture_output=True, text=True, timeout=60, check=False
    )
    assert second.returncode == 1
    assert second.stderr.startswith("carom: another Carom server has the data folder")
    assert "--data" in second.stderr


def test_a_taken_port_is_named(serving: Serving, tmp_path: Path) -> None:
    """And the flag that chooses another."""
    at = serving.http.removeprefix("http://")
    for flag in ("--http", "--smtp", "--mx"):
        flags = dict(zip(FREE[::2], FREE[1::2], strict=True)) | {flag: at}
        second = subprocess.run(
            [*CAROM, "serve", "--data", str(tmp_path / "other"), *(part for pair in flags.items() for part in pair)],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert second.returncode == 1
        assert second.stderr.startswith("carom: cannot listen"), second.stderr
        assert flag in second.stderr
        assert at in second.stderr


@pytest.mark.usefixtures("clean_environment")
@pytest.mark.parametrize(
    ("flags", "text"),
    [
        (["--database", "mysql://localhost/carom"], "a mysql store is not known; give --database postgresql://"),
        (["--database", "postgresql://localhost/carom"], "a PostgreSQL store needs the installation secret"),
        (["--mode", "live"], "live mode (delivery to the recipients' MX) is not served yet"),
        (["--mode", "relay"], "relay mode needs the smart host: --relay HOST:PORT"),
        (["--relay", "127.0.0.1:25"], "--relay is for relay mode"),
        (["--http", "8025"], "Invalid value for --http: '8025' is no HOST:PORT"),
        (["--http", "127.0.0.1:99999"], "Invalid value for --http: '127.0.0.1:99999' is no HOST:PORT"),
    ],
)
def test_settings_that_cannot_be_are_refused_in_a_line(tmp_path: Path, flags: list[str], text: str) -> None:
    """What is wrong and what to do, and nothing is made."""
    done = subprocess.run(
        [*CAROM, "serve", "--data", str(tmp_path / "data"), *flags],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"carom: {text}")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "data").exists()


def test_a_stop_waits_for_what_is_in_flight(tmp_path: Path) -> None:
    """Mail that was accepted before SIGTERM is there after the next start."""
    token = "11111111-2222-4333-8444-555555555555"
    first = Serving(tmp_path, CAROM_SERVER_TOKEN=token)
    accepted: list[str] = []

    def send() -> None:
        with ApiClient(token, base_url=first.http) as client:
            for number in range(50):
                sent = client.deliver(
                    from_="a@example.com", to=f"hardbounce+{number}@bounce-testing.postmarkapp.com", text_body="x"
                )
                assert sent.message_id is not None
                accepted.append(sent.message_id)

    sending = threading.Thread(target=send)
    sending.start()
    sending.join(60)
    assert first.stop() == 0
    second = Serving(tmp_path)
    from tests.waiting import eventually

    with ApiClient(token, base_url=second.http) as client:
        eventually(lambda: client.delivery_stats().bounces[0].count == 50, what="50 bounces")
        assert {bounce.message_id for bounce in client.bounces()} == set(accepted)
    assert second.stop() == 0
