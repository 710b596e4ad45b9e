# pyright: basic
"""Every client test runs twice: with the sync client and with the async one, the same body."""

from collections.abc import Callable
from typing import Any

import pytest

from carom import AccountApiClient, ApiClient, AsyncAccountApiClient, AsyncApiClient
from tests.client.scripts import Script

TOKEN = "11111111-2222-3333-4444-55555555abcd"
CLASSES: dict[str, dict[str, Any]] = {
    "sync": {"server": ApiClient, "account": AccountApiClient},
    "async": {"server": AsyncApiClient, "account": AsyncAccountApiClient},
}

Make = Callable[..., Any]


@pytest.fixture(params=["sync", "async"])
def flavour(request: pytest.FixtureRequest) -> str:
    """Which of the two clients."""
    return str(request.param)


@pytest.fixture
def anyio_backend() -> str:
    """The loop of the async tests."""
    return "asyncio"


@pytest.fixture
def make(flavour: str, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Make a client whose API is a script and whose pauses are noted in it."""
    for name in ("POSTMARK_API_TOKEN", "POSTMARK_SERVER_TOKEN", "POSTMARK_ACCOUNT_TOKEN", "POSTMARK_API_URL"):
        monkeypatch.delenv(name, raising=False)

    def made(script: Script | None = None, kind: str = "server", token: str | None = TOKEN, **options: Any) -> Any:
        client = CLASSES[flavour][kind](token, transport=script or Script(), **options)
        client._sleep = (script or Script()).sleeper(flavour)
        return client

    return made
