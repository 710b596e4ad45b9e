"""Fixtures of the whole suite, and what CI must not skip."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from carom.testing import LocalServer

pytest_plugins = ("tests.stores", "pytester")

CI = os.environ.get("CI") == "true"

COMMANDS = {
    "postfix": "/usr/sbin/postfix",
    "ruby-postmark": "/usr/share/rubygems-integration/all/gems",
    "swaks": "/usr/bin/swaks",
}


def _installed(package: str) -> bool:
    place = Path(COMMANDS[package])
    if package == "ruby-postmark":
        return shutil.which("ruby") is not None and bool(list(place.glob("postmark-*")))
    return place.exists()


@pytest.fixture(autouse=True)
def _debian(request: pytest.FixtureRequest) -> None:
    """Skip a test whose Debian package is missing; with CI=true that is a failure."""
    for marker in request.node.iter_markers("debian"):
        package: str = marker.args[0]
        if _installed(package):
            continue
        reason = f"the Debian package {package} is not installed (apt-get install {package})"
        if CI:
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.fixture
def fresh_server() -> "Iterator[LocalServer]":
    """A server of its own, for tests that count what is in it."""
    from carom.testing import LocalServer

    with LocalServer() as server:
        yield server
