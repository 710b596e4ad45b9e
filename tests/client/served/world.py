# pyright: basic
"""What a test has in its hands: clients of either flavour, whose calls are awaited, of a fresh Postmark server."""

import inspect
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import anyio

from carom import AccountApiClient, ApiClient, AsyncAccountApiClient, AsyncApiClient, AsyncPager, Pager
from tests.client.served.servers import Served

F = TypeVar("F", bound=Callable[..., Any])

CLASSES: dict[str, dict[str, Any]] = {
    "sync": {"server": ApiClient, "account": AccountApiClient},
    "async": {"server": AsyncApiClient, "account": AsyncAccountApiClient},
}
FROM = "Me <me@example.com>"
LETTER = {"from_": FROM, "to": "ann@example.org", "subject": "Hi", "text_body": "Hello"}
HARD = "hardbounce@bounce-testing.postmarkapp.com"
SECONDS = 30.0
STEP = 0.02


def calls(*names: str) -> Callable[[F], F]:
    """Say which methods of the clients a test sees succeed."""
    return _noted("calls", names)


def refuses(*names: str) -> Callable[[F], F]:
    """Say which methods of the clients a test sees refused by the server."""
    return _noted("refuses", names)


def _noted(word: str, names: tuple[str, ...]) -> Callable[[F], F]:
    def note(test: F) -> F:
        setattr(test, word, getattr(test, word, set()) | set(names))
        return test

    return note


async def _said(result: Any) -> Any:
    return await result if inspect.isawaitable(result) else result


class Calls:
    """A client whose methods are awaited in either flavour, and that knows which ones were called. Pagers are lists."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.called: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        member = getattr(self.client, name)
        if not inspect.ismethod(member):
            return member

        def call(*args: Any, **kwargs: Any) -> Any:
            self.called.add(name)
            result = member(*args, **kwargs)
            return Listed(result) if isinstance(result, (Pager, AsyncPager)) else _said(result)

        return call


class Listed:
    """A pager of either flavour: ``await`` gives its items."""

    def __init__(self, pager: Any) -> None:
        self.pager = pager

    def __await__(self) -> Any:
        return _said(self.pager.to_list()).__await__()

    async def size(self) -> int:
        """How many items there are."""
        size: int = await _said(self.pager.size())
        return size

    async def first(self, count: int) -> list[Any]:
        """The first items."""
        first: list[Any] = await _said(self.pager.first(count))
        return first


class _Log(logging.Handler):
    """The requests that the clients made, from their own log."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.requests: list[tuple[str, str, int]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.requests.append((record.method, record.path, record.status))  # type: ignore[attr-defined]


class World:
    """A server on one of the stores, a Postmark server in it that nobody else uses, and clients of one flavour."""

    def __init__(self, served: Served, flavour: str) -> None:
        self.served = served
        self.flavour = flavour
        self.token = served.fresh()
        self.others: list[World] = []
        self.made: list[Calls] = []
        self.log = _Log()
        self.client = self.make()
        self.account = self.make("account", served.local.account_token)

    def another(self) -> "World":
        """Another Postmark server in the same server."""
        self.others.append(World(self.served, self.flavour))
        return self.others[-1]

    def make(self, kind: str = "server", token: str | None = None, **options: Any) -> Calls:
        """Make a client."""
        options = {"base_url": self.served.url, **options}
        return self.adopt(CLASSES[self.flavour][kind](token or self.token, **options))

    def adopt(self, client: Any) -> Calls:
        """Take a client over, to be closed with the others."""
        made = Calls(client)
        self.made.append(made)
        return made

    @property
    def called(self) -> set[str]:
        """The methods that were called."""
        return set[str]().union(*(made.called for made in self.made))

    async def send(self, to: Any = "ann@example.org", **fields: Any) -> str:
        """Send a message and return its id."""
        result = await self.client.deliver({**LETTER, "to": to, **fields})
        assert result.ok
        message_id: str = result.message_id
        return message_id

    async def bounced(self, to: str, **fields: Any) -> Any:
        """Send a message that bounces and return the bounce."""
        message_id = await self.send(to, **fields)
        [bounce] = await until(lambda: self.client.get_bounces(message_id=message_id), "a bounce")
        return bounce

    async def close(self) -> None:
        """Close the clients."""
        for made in self.made:
            await _said(made.client.close())
        for other in self.others:
            await other.close()


async def until(probe: Callable[[], Awaitable[Any]], what: str) -> Any:
    """Return the first true answer of a probe: the server does some of its work after it has answered."""
    deadline = time.monotonic() + SECONDS
    while not (answer := await probe()):
        assert time.monotonic() < deadline, f"{what} did not come in {SECONDS:.0f} s"
        await anyio.sleep(STEP)
    return answer
