# pyright: basic
"""An API that answers from a list, and notes what it was asked."""

import inspect
import json
from collections.abc import AsyncIterable, Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from carom.client.transports.seam import Reply, Request, Stage, TransportFault

OK = {"ErrorCode": 0, "Message": "OK", "MessageID": "m-1", "To": "a@example.org"}
MESSAGE = {"from_": "me@example.com", "to": "a@example.org", "text_body": "Hi"}


def answer(body: Any = None, status: int = 200, **headers: str) -> Reply:
    """An answer; a body that is no bytes is sent as JSON."""
    raw = body if isinstance(body, bytes) else json.dumps(OK if body is None else body).encode()
    return Reply(status, {name.replace("_", "-"): value for name, value in headers.items()}, raw)


def refused(code: int, message: str = "No.", status: int = 422, **headers: str) -> Reply:
    """An answer that refuses."""
    return answer({"ErrorCode": code, "Message": message}, status, **headers)


def fault(stage: Stage, *, timeout: bool = False) -> TransportFault:
    """A network that fails."""
    error = TransportFault("the network failed", stage, timeout=timeout)
    error.__cause__ = OSError("cause")
    return error


class Asked:
    """A request, taken apart."""

    def __init__(self, request: Request) -> None:
        self.method = request.method
        self.path = urlsplit(request.target).path
        self.query = dict(parse_qsl(urlsplit(request.target).query, keep_blank_values=True))
        self.headers = request.headers
        self.body = request.body
        self.timeout = request.read_timeout

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Script:
    """Answers in order, the last one for ever; a function of what was asked answers everything."""

    def __init__(self, *answers: Reply | TransportFault | Callable[[Asked], Reply]) -> None:
        self.answers: list[Any] = list(answers) or [answer()]
        self.asked: list[Asked] = []
        self.pauses: list[float] = []

    def __call__(self, request: Request) -> Reply:
        asked = Asked(request)
        self.asked.append(asked)
        given = self.answers[min(len(self.asked), len(self.answers)) - 1]
        if isinstance(given, TransportFault):
            raise given
        return given if isinstance(given, Reply) else given(asked)

    def sleeper(self, flavour: str) -> Callable[[float], Any]:
        if flavour == "sync":
            return self.pauses.append

        async def sleep(seconds: float) -> None:
            self.pauses.append(seconds)

        return sleep

    @property
    def last(self) -> Asked:
        return self.asked[-1]


async def settle(value: Any) -> Any:
    """The result of a call of either client."""
    return await value if inspect.isawaitable(value) else value


async def collect(pager: Any, found: list[Any]) -> None:
    """Put the items of a pager of either client into a list, keeping those before an error."""
    if isinstance(pager, AsyncIterable):
        async for item in pager:
            found.append(item)  # noqa: PERF401  # a comprehension would lose them
    else:
        found.extend(pager)


async def items(pager: Any) -> list[Any]:
    """All items of a pager of either client."""
    return [item async for item in pager] if isinstance(pager, AsyncIterable) else list(pager)


__all__ = [
    "MESSAGE",
    "OK",
    "Asked",
    "Awaitable",
    "Script",
    "Stage",
    "answer",
    "collect",
    "fault",
    "items",
    "refused",
    "settle",
]
