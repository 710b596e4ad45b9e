"""Debian's ruby-postmark, a program that knows nothing of this project, runs the lines of its own bounce page."""

import json
import subprocess
from pathlib import Path
from typing import Any, cast

import pytest

from carom.testing import LocalServer
from tests.e2e.bouncing import FROM, at_test_domain, bounce_of, send

HERE = Path(__file__).parent
PAGE: dict[str, Any] = json.loads((HERE / "bounce_page.json").read_text())

NEWER = {"record_type", "server_id", "message_stream", "from"}
"""What today's answers have beside those of the page, which is from 2013."""

pytestmark = pytest.mark.debian("ruby-postmark")


def run_ruby(script: str, *arguments: str) -> Any:
    """Run a Ruby script and return the JSON that it prints."""
    done = subprocess.run(
        ["ruby", str(HERE / script), *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def shape(value: Any) -> Any:
    """Return the keys and the classes of an answer, without its values."""
    if isinstance(value, dict):
        return {key: shape(member) for key, member in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [shape(item) for item in value]  # pyright: ignore[reportUnknownVariableType]
    return type(value).__name__


def without_newer(value: Any) -> Any:
    """Leave out what the page is too old to have; it must be there."""
    if isinstance(value, list):
        return [without_newer(item) for item in value]  # pyright: ignore[reportUnknownVariableType]
    assert set(value) >= NEWER
    return {key: member for key, member in value.items() if key not in NEWER}


def test_the_pages_own_lines_get_the_pages_own_answers(fresh_server: LocalServer) -> None:
    """Keys and classes equal those on the page; the values are those of what really bounced."""
    with fresh_server.client() as client:
        hard = bounce_of(client, send(client, at_test_domain("hardbounce")))
        delayed = bounce_of(client, send(client, at_test_domain("transient")))
        answers = run_ruby(
            "bounce_page.rb", str(fresh_server.listening.http.port), fresh_server.server_token, str(delayed.id)
        )
        assert shape(answers["delivery_stats"]) == shape(PAGE["delivery_stats"])
        assert answers["delivery_stats"]["inactive_mails"] == 1
        for call in ("get_bounces", "get_bounce", "activate_bounce"):
            assert shape(without_newer(answers[call])) == shape(PAGE[call]), call
        assert shape(answers["dump_bounce"]) == shape(PAGE["dump_bounce"])
        same = ("type", "type_code", "name", "description", "inactive", "can_activate", "dump_available")
        for call in ("get_bounce", "activate_bounce"):
            assert {key: answers[call][key] for key in same} == {key: PAGE[call][key] for key in same}
        assert answers["get_bounces"][0]["id"] == delayed.id
        assert answers["get_bounce"]["content"] == answers["dump_bounce"]["body"]
        assert answers["get_bounce"]["from"] == FROM
        activated = run_ruby(
            "bounce_page.rb", str(fresh_server.listening.http.port), fresh_server.server_token, str(hard.id)
        )
        assert activated["get_bounce"]["inactive"] is True
        assert activated["activate_bounce"]["inactive"] is False
