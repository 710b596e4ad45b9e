"""Fixtures of the whole suite, and what CI must not skip."""

import os
import pickle
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

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


@pytest.fixture(autouse=True, scope="session")
def _as_if_apart() -> "Iterator[None]":
    """Have what the server asks of SQLite and what comes of it go through pickle, as it does in ``carom serve``, which writes
    in a process of its own. What tests themselves ask is let be."""
    from carom.server.store.database import SqliteDatabase

    write = SqliteDatabase.write

    def checked(database: SqliteDatabase, function: Any, *args: Any, **kwargs: Any) -> Any:
        if not sys._getframe(1).f_globals["__name__"].startswith("carom.server."):
            return write(database, function, *args, **kwargs)
        return pickled(database, *_through_pickle((function, args, kwargs)))

    async def pickled(database: SqliteDatabase, function: Any, args: Any, kwargs: Any) -> Any:
        try:
            return _through_pickle(await write(database, function, *args, **kwargs))
        except Exception as error:
            raise _through_pickle(error) from error

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SqliteDatabase, "write", checked)
        yield


def _through_pickle(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))


@pytest.fixture
def fresh_server() -> "Iterator[LocalServer]":
    """A server of its own, for tests that count what is in it."""
    from carom.testing import LocalServer

    with LocalServer() as server:
        yield server
