"""carom queue, beside a server that runs."""

import json
from pathlib import Path
from typing import Any

import pytest

from carom.server.relays import Relays
from carom.testing import LocalServer
from tests.cli.test_commands import carom
from tests.e2e.bouncing import send
from tests.peers.ports import free_port
from tests.peers.sink import running_sink
from tests.waiting import eventually


def queue(data: Path, *arguments: str) -> str:
    done = carom(None, "queue", *arguments, "--data", str(data))
    assert done.returncode == 0, done.stderr
    return done.stdout


def listed(data: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(queue(data, "list", "--json"))
    return found


def test_the_verbs_beside_a_running_server(tmp_path: Path) -> None:
    """Paused mail waits, resumed mail goes; what the dead relay left is seen, tried again when told to, and cancelled."""
    with running_sink() as sink:
        relay = Relays.read([f"{sink.host}:{sink.port}"])
        with LocalServer(data=tmp_path, mode="relay", relay=relay) as server, server.client() as client:
            server.allow("example.com")
            queue(tmp_path, "pause", "Wait.example")
            waiting = send(client, "ann@wait.example")
            send(client, "ann@go.example")
            eventually(lambda: sink.deliveries, what="the mail that is not paused")
            [one] = listed(tmp_path)
            assert (one["domain"], one["depth"], one["paused"]) == ("wait.example", 1, True)
            assert waiting in queue(tmp_path, "show", "wait.example")
            assert "goes on" in queue(tmp_path, "resume", "wait.example")
            eventually(lambda: len(sink.deliveries) == 2, what="the mail that was resumed")
            eventually(lambda: not listed(tmp_path), what="an empty queue")


def test_what_cannot_be_delivered_is_seen_retried_and_cancelled(tmp_path: Path) -> None:
    relay = Relays.read([f"127.0.0.1:{free_port()}"])
    with LocalServer(data=tmp_path, mode="relay", relay=relay) as server, server.client() as client:
        server.allow("example.com")
        message_id = send(client, "ann@dead.example")
        eventually(lambda: "refused" in queue(tmp_path, "list").lower(), what="the first attempt")
        [one] = listed(tmp_path)
        assert one["next_try"] is not None
        assert queue(tmp_path, "retry", "dead.example") == "1 due now\n"
        eventually(lambda: json.loads(queue(tmp_path, "show", "--json"))[0]["attempts"] == 2, what="the second attempt")
        eventually(lambda: queue(tmp_path, "cancel", "--message", message_id) == "1 cancelled\n", what="cancelling")
        assert listed(tmp_path) == []
        assert [event.type for event in client.get_message(message_id).message_events] == ["Transient", "Transient"]


@pytest.mark.parametrize("verb", ["retry", "cancel"])
def test_nothing_is_done_to_all_mail_by_mistake(tmp_path: Path, verb: str) -> None:
    done = carom(None, "queue", verb, "--data", str(tmp_path))
    assert done.returncode == 1
    assert "say which mail" in done.stderr
