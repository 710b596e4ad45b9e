"""The API on each database, without a network: requests go straight into the ASGI application."""

import json
from typing import Any, NamedTuple
from uuid import uuid4

import msgspec
import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from carom.server.config import HostPort, Settings
from carom.server.http import handlers
from carom.server.http.api import Api
from carom.server.http.routes import routes
from carom.server.outbound.resolver import Resolver
from carom.server.outbound.session import Connections, Route
from carom.server.pipeline.deps import Deps
from carom.server.pipeline.intake import Context
from carom.server.pipeline.jobs import Job
from carom.server.pipeline.signing import Identities
from carom.server.pipeline.worker import HANDLERS, Follow
from carom.server.store import jobs, schema, servers
from carom.server.store.servers import Tenant, Tokens
from carom.wire.codes import codes
from carom.wire.endpoints import ENDPOINTS
from tests.stores import NOW, TOKENS, Store

__all__ = ["handlers"]

OTHER_TOKEN = "f0f0f0f0-0000-4000-8000-000000000003"


class Answer(NamedTuple):
    """What the API said."""

    status: int
    json: Any
    headers: dict[str, str] = {}  # noqa: RUF012  # of a tuple, which nobody changes

    @property
    def code(self) -> tuple[int, int]:
        """HTTP status and Postmark's code."""
        return self.status, self.json["ErrorCode"]

    @property
    def ok(self) -> Any:
        """The body of a success."""
        assert self.status == 200, self.json
        return self.json


NO_NAMESERVER = HostPort("127.0.0.1", 1)
SETTINGS = Settings(dns=NO_NAMESERVER)


def assert_documented(method: str, path: str, answer: Answer) -> None:
    """Every refusal of a call is one of those that the OpenAPI document lists."""
    found = routes.find(path)
    if answer.status == 200 or found is None or method not in found[0].methods:
        return
    endpoint = found[0].methods[method][0]
    name = next(name for name, one in ENDPOINTS.items() if one is endpoint)
    assert answer.json["ErrorCode"] in codes(name), f"carom.wire.codes does not list it for {name}: {answer.json}"


class Server:
    """The API over a store with two servers. ``now`` is its clock; ``other`` is a second tenant."""

    def __init__(
        self,
        store: Store,
        other: Tenant,
        tokens: Tokens = TOKENS,
        settings: Settings = SETTINGS,
    ) -> None:
        self.store = store
        self.other = other
        self.tokens = tokens
        self.now = NOW
        self.change_settings(settings)

    def change_settings(self, settings: Settings) -> None:
        """Start again with other settings, on the same store."""
        self.settings = settings
        self._api = Api(
            Context(
                database=self.store.database,
                keyring=self.store.keyring,
                settings=settings,
                public_url="http://127.0.0.1",
                clock=lambda: self.now,
                new_id=uuid4,
                wake=lambda: None,
                resolver=Resolver(settings.dns),
            ),
            routes,
        )

    async def account(self, method: str, path: str, body: object = None, *, token: str | None = "") -> Answer:
        """Make a call with an account token."""
        return await self.call(method, path, body, token=token, kind="account")

    async def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        token: str | None = "",
        kind: str = "server",
        key: str = "",
        content_type: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Make a call with a token of a kind, by default its own, or with none. ``key`` is an Idempotency-Key."""
        token = getattr(self.tokens, kind) if token == "" else token
        path, _, query = path.partition("?")
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [
                *([] if token is None else [(f"x-postmark-{kind}-token".encode(), token.encode())]),
                *([(b"idempotency-key", key.encode())] if key else []),
                *([] if content_type is None else [(b"content-type", content_type.encode())]),
                *((name.encode(), value.encode()) for name, value in (headers or {}).items()),
            ],
        }
        said: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": content, "more_body": False}

        async def send(event: Any) -> None:
            said.append(event)

        await self._api(scope, receive, send)
        answered = {name.decode(): value.decode() for name, value in said[0]["headers"]}
        answer = Answer(said[0]["status"], json.loads(said[1]["body"]), answered)
        assert_documented(method, path, answer)
        return answer

    async def get(self, path: str, *, token: str = "") -> Any:
        """Return what a path answers."""
        return (await self.call("GET", path, token=token)).ok

    async def post(self, path: str, body: object = None, *, token: str = "") -> Any:
        """Return what a path answers."""
        return (await self.call("POST", path, body, token=token)).ok

    async def send(self, to: str = "ann@example.org", **fields: Any) -> str:
        """Send a message and return its id."""
        email = {"From": "Me <me@example.com>", "To": to, "Subject": "Hi", "TextBody": "Hello", **fields}
        message_id: str = (await self.post("/email", email))["MessageID"]
        return message_id

    def deps(self) -> Deps:
        """Return what jobs work with: there is nowhere to deliver to."""
        nowhere = Route("127.0.0.1", 1)
        return Deps(
            public_url="http://127.0.0.1",
            database=self.store.database,
            keyring=self.store.keyring,
            settings=self.settings,
            connections=Connections(hostname="carom.test"),
            identities=Identities(self.store.keyring, self.settings, lambda: self.now),
            built_in=nowhere,
            home=nowhere,
            clock=lambda: self.now,
            chance=lambda: 0.5,
        )

    async def work(self, *only: int) -> None:
        """Run the jobs that are there, or some of them, as the worker does, each with what follows from it in one transaction."""
        deps = self.deps()
        waiting = await self.store.database.read(lambda c: list(c.scalars(sa.select(schema.job.c.id))))
        for job_id in only or waiting:
            kind, payload = await self.store.database.read(jobs.read, job_id)
            job = msgspec.convert({"type": kind, **payload}, Job)
            if type(job) not in HANDLERS:
                continue
            follow = await HANDLERS[type(job)](job, deps)

            def finish(connection: Connection, done: int = job_id, follow: Follow | None = follow) -> None:
                connection.execute(sa.delete(schema.job).where(schema.job.c.id == done))
                if follow is not None:
                    follow(connection)

            await self.store.database.write(finish)


STRANGER = Tokens("f0f0f0f0-0000-4000-8000-000000000004", "f0f0f0f0-0000-4000-8000-000000000005")
"""The tokens of another account and its first server."""


async def server_over(store: Store, nameserver: HostPort = NO_NAMESERVER) -> Server:
    """Return the API over a store with a second server, and with another account that has one too."""

    def add_other(connection: Connection) -> None:
        servers.create(connection, store.keyring, store.tenant.account_id, "Other", token=OTHER_TOKEN, now=NOW)

    await store.database.write(add_other)
    await store.database.write(servers.begin, store.keyring, STRANGER, NOW)
    other = await store.database.read(servers.by_token, OTHER_TOKEN)
    assert other is not None
    return Server(store, other, settings=Settings(dns=nameserver))


@pytest.fixture
async def server(store: Store) -> Server:
    """The API over a fresh store."""
    return await server_over(store)
