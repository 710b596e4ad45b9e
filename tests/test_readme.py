"""What the README shows, runs."""

import re
from pathlib import Path

import pytest

from carom.testing import LocalServer
from tests.e2e.bouncing import at_test_domain, bounce_of, send

README = (Path(__file__).parents[1] / "README.md").read_text()
CLIENT, FIXTURES = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_the_client_code_runs(
    fresh_server: LocalServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Against a server with one inactive address: it is listed, shown and reactivated."""
    monkeypatch.setenv("POSTMARK_API_URL", fresh_server.url)
    with fresh_server.client() as client:
        bounce = bounce_of(client, send(client, at_test_domain("hardbounce")))
        exec(CLIENT.replace("your-server-token", fresh_server.server_token), {})
        assert not client.get_bounce(bounce.id).inactive
    shown = capsys.readouterr().out
    assert bounce.email in shown
    assert "Status: 5.1.1" in shown


def test_the_fixtures_run(pytester: pytest.Pytester) -> None:
    """In somebody else's test suite."""
    pytester.makepyfile(FIXTURES)
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)


def test_it_names_its_two_commands() -> None:
    """The first screen."""
    assert README.index("make demo") < README.index("make test") < 600
