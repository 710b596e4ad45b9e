"""carom webhooks, beside a server that runs."""

import json
from pathlib import Path
from typing import Any

from carom.testing import LocalServer
from carom.webhooks import verify_signature
from tests.cli.test_commands import carom
from tests.e2e.bouncing import send
from tests.peers.receiver import running_receiver
from tests.waiting import eventually


def webhooks(data: Path, *arguments: str) -> str:
    done = carom(None, "webhooks", *arguments, "--data", str(data))
    assert done.returncode == 0, done.stderr
    return done.stdout


def listed(data: Path, *arguments: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(webhooks(data, "list", *arguments, "--json"))
    return found


def test_a_dead_letter_is_seen_and_posted_again(tmp_path: Path) -> None:
    """What the endpoint refused for good lies there with its attempt; when it takes it, it is the same event, signed."""
    with running_receiver() as receiver, LocalServer(data=tmp_path) as server, server.client() as client:
        receiver.statuses["/hook"] = 403
        hook = client.create_webhook(url=f"{receiver.url}/hook", triggers={"Delivery": {"Enabled": True}})
        send(client, "ann@example.org")
        [dead] = eventually(lambda: listed(tmp_path, "--dead"), what="the dead letter")
        assert (dead["endpoint"], dead["type"], dead["email"], dead["state"]) == (
            str(hook.id), "Delivery", "ann@example.org", "dead",
        )  # fmt: skip
        [attempt] = json.loads(webhooks(tmp_path, "attempts", str(dead["id"]), "--json"))
        assert (attempt["status"], attempt["url"]) == (403, f"{receiver.url}/hook")
        assert "ann@example.org" in webhooks(tmp_path, "list", "--dead")

        receiver.statuses.clear()
        assert webhooks(tmp_path, "replay", "--dead", "--webhook", str(hook.id)) == "1 to be posted again\n"
        first, again = eventually(lambda: got if len(got := receiver.of("/hook")) == 2 else [], what="the second post")
        assert first.headers["x-carom-event-id"] == again.headers["x-carom-event-id"]
        assert first.body == again.body
        secret = webhooks(tmp_path, "secret", str(hook.id)).strip()
        assert verify_signature(again.headers["x-carom-signature"], again.body, secret)
        eventually(lambda: listed(tmp_path, "--dead") == [], what="no dead letter to be left")


def test_to_post_everything_again_is_asked_for_in_words(tmp_path: Path) -> None:
    with LocalServer(data=tmp_path):
        done = carom(None, "webhooks", "replay", "--data", str(tmp_path))
    assert done.returncode == 1
    assert "name a post" in done.stderr
