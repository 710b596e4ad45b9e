"""The commands that talk to a server, as a person and as a program use them."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from carom import ApiClient
from carom.testing import LocalServer
from tests.e2e.bouncing import at_test_domain, bounce_of, send

CAROM = [sys.executable, "-m", "carom"]


def carom(server: LocalServer | None, *arguments: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command against a server."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("POSTMARK_", "CAROM_"))}
    if server is not None:
        environment |= {"POSTMARK_API_URL": server.url, "POSTMARK_API_TOKEN": server.server_token}
    return subprocess.run(
        [*CAROM, *arguments], capture_output=True, text=True, timeout=60, check=False, env=environment, input=given
    )


def carom_json(server: LocalServer, *arguments: str) -> Any:
    """Run a command and return the JSON that it prints."""
    done = carom(server, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_main_job_by_commands(carom_server: LocalServer, carom_client: ApiClient) -> None:
    """send, then list, show, dump, activate."""
    to = at_test_domain("hardbounce+cli")
    sent = carom_json(carom_server, "send", "--from", "a@example.com", "--to", to, "--subject", "Hi", "--text", "Hello")
    assert (sent["message"], sent["error_code"], sent["to"]) == ("OK", 0, to)
    bounce = bounce_of(carom_client, sent["message_id"])
    identity = str(bounce.id)

    listed = carom_json(carom_server, "bounces", "list", "--message-id", sent["message_id"])
    assert (listed["total_count"], listed["bounces"][0]["id"]) == (1, bounce.id)
    table = carom(carom_server, "bounces", "list", "--email", to)
    for cell in (identity, to, "HardBounce", "inactive"):
        assert cell in table.stdout
    assert "550 5.1.1" in table.stdout

    shown = carom(carom_server, "bounces", "show", identity)
    assert "550 5.1.1" in shown.stdout
    assert carom_json(carom_server, "bounces", "show", identity)["inactive"] is True

    dump = carom(carom_server, "bounces", "dump", identity)
    assert dump.stdout.startswith("Return-Path: <>\n")
    assert "Status: 5.1.1" in dump.stdout

    assert carom_json(carom_server, "bounces", "activate", identity)["inactive"] is False
    assert carom(carom_server, "send", "--from", "a@example.com", "--to", to, given="Hello again").returncode == 0

    stats = carom_json(carom_server, "bounces", "stats")
    assert stats["bounces"][0]["name"] == "All"
    assert "Hard bounce" in carom(carom_server, "bounces", "stats").stdout


def test_a_refusal_is_a_line_on_stderr(carom_server: LocalServer, carom_client: ApiClient) -> None:
    """With Postmark's code and text, and status 1."""
    to = at_test_domain("hardbounce+cli-refused")
    bounce_of(carom_client, send(carom_client, to))
    done = carom(carom_server, "send", "--from", "a@example.com", "--to", to, "--text", "x")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("carom: You tried to send to recipient(s)")
    assert "error code 406" in done.stderr
    assert done.stderr.count("\n") == 1
    unknown = carom(carom_server, "bounces", "show", "4")
    assert "error code 1001" in unknown.stderr


def test_a_server_and_a_token_must_be_named() -> None:
    """There is no default host: no test mail goes to the world by mistake."""
    done = carom(None, "bounces", "list")
    assert done.returncode == 1
    assert "--url" in done.stderr
    done = carom(None, "bounces", "list", "--url", "http://127.0.0.1:1")
    assert "--token" in done.stderr
    done = carom(None, "bounces", "list", "--url", "http://127.0.0.1:1", "--token", "x")
    assert done.returncode == 1
    assert "no connection was made" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "command",
    [[], ["serve"], ["send"], ["bounces"], ["bounces", "list"], ["bounces", "activate"], ["parse"], ["demo"],
     ["migrate"], ["senders", "allow"], ["queue", "list"], ["queue", "cancel"]],
)  # fmt: skip
def test_every_command_has_help(command: list[str]) -> None:
    """A sentence, and its parameters."""
    done = carom(None, *command, "--help")
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) > 5


def test_senders_must_be_addresses_or_domains(tmp_path: Any) -> None:
    """And a store must be there."""
    assert "there is no store" in carom(None, "senders", "allow", "example.com", "--data", str(tmp_path)).stderr
    assert "Give an address" in carom(None, "senders", "allow", "no domain", "--data", str(tmp_path)).stderr


def test_the_demo_shows_the_main_job() -> None:
    """Its transcript has each call with its values, and it ends by itself without a terminal."""
    done = carom(None, "demo", given="")
    assert done.returncode == 0, done.stderr
    for line in ("delivery_stats()", "get_bounces(count=4, offset=0)", "get_bounce(1000)", "dump_bounce(100",
                 "activate_bounce(100", "inactive: True -> False", "accepted again: OK"):  # fmt: skip
        assert line in done.stdout, line
    for text in ("HardBounce", "SoftBounce", "Transient", "550 5.1.1", "552 5.2.2", "451 4.4.1"):
        assert text in done.stdout, text
