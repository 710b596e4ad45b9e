"""The server as one object: puts the parts together, starts them, stops them in order."""

import asyncio
import contextlib
import fcntl
import os
import random
import socket
import ssl
import time
from collections.abc import Callable, Generator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO
from uuid import UUID, uuid4

import structlog
import uvicorn
from msgspec import Struct

from carom.server import links
from carom.server.config import BadSetting, HostPort, Settings
from carom.server.disk import Disk
from carom.server.failpoints import check_failpoint
from carom.server.health import Health
from carom.server.http import handlers
from carom.server.http.api import Api, Asgi
from carom.server.http.operation import Operation
from carom.server.http.pages import Confirmation, Front
from carom.server.http.protocol import HttpProtocol
from carom.server.http.routes import routes
from carom.server.http.tracking import Pixel, Redirection
from carom.server.http.unsubscribing import Unsubscribing
from carom.server.keyring import Keyring, load_keyring, new_message_id
from carom.server.logs import configure_logs
from carom.server.outbound.logins import routes_to
from carom.server.outbound.resolver import Resolver
from carom.server.outbound.session import Connections, Route
from carom.server.pipeline.deps import Deps
from carom.server.pipeline.housekeeping import Housekeeping
from carom.server.pipeline.intake import Context
from carom.server.pipeline.jobs import Answer
from carom.server.pipeline.journal import NAME as JOURNAL
from carom.server.pipeline.journal import Journal
from carom.server.pipeline.notifier import Notifier
from carom.server.pipeline.signing import Identities, Signing
from carom.server.pipeline.worker import Worker
from carom.server.places import Places
from carom.server.relays import BadRelay
from carom.server.rules.senders import CONFIRM_PATH
from carom.server.sandbox.answer import Sandbox
from carom.server.smtp.mx import Homecoming, mx_listener
from carom.server.smtp.session import Listener
from carom.server.smtp.submission import Submission, submission_listener
from carom.server.store.opening import begin, open_database
from carom.server.store.servers import Tokens
from carom.server.tls import server_context
from carom.wire.endpoints import ENDPOINTS

__all__ = ["Carom", "Listening", "handlers"]

log = structlog.get_logger("carom.server")

GRACE_SECONDS = 20.0
KEEP_ALIVE_SECONDS = 75
LOCK_SECONDS = 2.0


class Listening(Struct, frozen=True):
    """Where a started server listens."""

    http: HostPort
    smtp: HostPort
    mx: HostPort
    tls: bool = False

    @property
    def url(self) -> str:
        """The API's address."""
        return f"{'https' if self.tls else 'http'}://{self.http}"


class _HttpServer(uvicorn.Server):
    """uvicorn without its signal handlers: signals are the program's, not a part's."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave signals alone."""
        yield


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


class Carom:
    """A server. ``start`` returns where it listens; ``stop`` finishes what is in flight and lets go of the store."""

    def __init__(
        self,
        settings: Settings,
        *,
        tokens: Tokens | None = None,
        keyring: Keyring | None = None,
        works: bool = True,
        apart: bool = False,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        """Take settings over; nothing is opened before ``start``. ``tokens`` are those of an empty store's first server
        and account, by default from the environment or made up; ``keyring`` holds the installation's keys, by default
        those of CAROM_SECRET or the data folder. One that does not work takes mail in and leaves what is due to others.
        ``apart`` has processes of their own write to SQLite and sign: for a program that is nothing but the server. Raises
        BadSetting."""
        settings.check()
        self.settings = settings
        self._tokens = tokens or _tokens()
        self._keyring = keyring
        self._works = works
        self._apart = apart
        self.clock = clock
        self.new_tokens: Tokens | None = None
        self._closing = contextlib.AsyncExitStack()

    async def start(self) -> Listening:
        """Open the store and listen. Raises BadSetting when another server has the data folder, when the store cannot be
        used, or when an address is taken."""
        check_failpoint()
        configure_logs(self.settings.log_format, self.settings.log_level)
        async with contextlib.AsyncExitStack() as starting:
            listening = await self._start(starting)
            self._closing = starting.pop_all()
        return listening

    async def stop(self) -> None:
        """Accept no more, finish what is in flight, give the rest back, close the store."""
        await self._closing.aclose()

    async def _start(self, starting: contextlib.AsyncExitStack) -> Listening:
        settings = self.settings
        try:
            relays = routes_to(settings.relay or (), settings.relay_passwords, os.environ)
        except BadRelay as error:
            raise BadSetting(str(error)) from error
        if settings.postgres_url is None:
            settings.data.mkdir(parents=True, exist_ok=True)
            starting.enter_context(await _locked(settings.data))
        # These fork: before there are threads, and sockets that others would keep open.
        database = open_database(settings, apart=self._apart)
        starting.push_async_callback(database.close)
        signing = None
        if self._apart and self._works and settings.mode != "sandbox":
            signing = Signing.process()
            starting.push_async_callback(signing.close)
        http_socket = _listen(settings.http)
        starting.callback(http_socket.close)
        http_at = HostPort(settings.http.host, http_socket.getsockname()[1])
        tls = None if settings.tls_cert is None else server_context(settings.tls_cert, settings.tls_key)
        public_url = settings.public_url or f"{'http' if tls is None else 'https'}://{http_at}"
        keyring = self._keyring or load_keyring(settings.data if settings.postgres_url is None else None)
        self.new_tokens = await begin(database, keyring, self._tokens, self.clock())

        disk = Disk.of(settings)
        sandbox = Sandbox(database, self.clock)
        built_in = await sandbox.start()
        starting.push_async_callback(sandbox.stop, GRACE_SECONDS)
        homecoming = Homecoming(database, settings, self.clock)
        mx = mx_listener(settings, homecoming, tls, disk.has_room)
        mx_at = await _start_smtp(mx, "--mx", settings.mx)
        starting.push_async_callback(mx.stop, GRACE_SECONDS)

        connections = Connections(hostname=settings.hostname, authorities=settings.relay_authorities)
        starting.push_async_callback(connections.close)
        identities = Identities(keyring, settings, self.clock)
        await identities.prepare(database)
        deps = Deps(
            database=database,
            keyring=keyring,
            settings=settings,
            connections=connections,
            identities=identities,
            relays=relays,
            built_in=built_in,
            home=Route(mx_at.host, mx_at.port),
            public_url=public_url,
            clock=self.clock,
            chance=random.random,
            journal=await _journal(settings, starting),
            signing=Signing(signing),
        )
        worker = Worker(deps, {Answer: sandbox.answer})
        notifier = Notifier(deps, worker.owner)
        worker.done = notifier.wake

        def wake() -> None:
            worker.wake()
            notifier.wake()
            database.announce()

        sandbox.wake = homecoming.wake = wake
        if self._works:
            await worker.start()
            starting.push_async_callback(worker.stop, GRACE_SECONDS)
            await notifier.start()
            starting.push_async_callback(notifier.stop, GRACE_SECONDS)
            housekeeping = Housekeeping(database, settings, self.clock)
            housekeeping.start()
            starting.push_async_callback(housekeeping.stop)
        idle_seconds = (lambda: time.monotonic() - worker.turned_at) if self._works else None
        health = Health(database, disk, idle_seconds)
        operation = Operation(health, database, disk, settings.metrics_from, self.clock)
        places = Places(settings.geo)
        starting.callback(places.close)

        context = Context(
            database=database,
            keyring=keyring,
            settings=settings,
            public_url=public_url,
            clock=self.clock,
            new_id=_new_id,
            wake=wake,
            resolver=Resolver(settings.dns),
            has_room=disk.has_room,
        )
        submission = submission_listener(settings, Submission(context), tls, disk.has_room)
        smtp_at = await _start_smtp(submission, "--smtp", settings.smtp)
        starting.push_async_callback(submission.stop, GRACE_SECONDS)
        await _start_http(starting, context, places, operation, http_socket, tls)
        return Listening(http_at, smtp_at, mx_at, tls is not None)


async def _start_http(
    starting: contextlib.AsyncExitStack,
    context: Context,
    places: Places,
    operation: Operation,
    listener: socket.socket,
    tls: ssl.SSLContext | None,
) -> None:
    pages: dict[str, Asgi] = {
        CONFIRM_PATH: Confirmation(context),
        links.OPEN: Pixel(context, places),
        links.CLICK: Redirection(context, places),
        links.UNSUBSCRIBE: Unsubscribing(context),
        **operation.pages,
    }
    routes.check(ENDPOINTS.values())
    config = uvicorn.Config(
        Front(Api(context, routes), pages),
        interface="asgi3",
        http=HttpProtocol,
        proxy_headers=False,  # the pages look for themselves
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=int(GRACE_SECONDS),
        ssl_context_factory=None if tls is None else _given(tls),
    )
    server = _HttpServer(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]), name="http")

    async def stop() -> None:
        server.should_exit = True
        await serving

    starting.push_async_callback(stop)
    while not server.started:
        if serving.done():
            await serving
        await asyncio.sleep(0.005)


async def _journal(settings: Settings, starting: contextlib.AsyncExitStack) -> Journal:
    """Return the journal of the data folder, which is ours. On PostgreSQL there may be no folder that can be written, or
    another node may have it: then there is none."""
    if settings.postgres_url is not None:
        try:
            settings.data.mkdir(parents=True, exist_ok=True)
            starting.enter_context(await _locked(settings.data))
        except (OSError, BadSetting) as error:
            log.info("no journal: a mail may be sent twice if this process is killed", reason=str(error))
            return Journal()
    journal = Journal(settings.data / JOURNAL)
    starting.callback(journal.close)
    return journal


def _given(tls: ssl.SSLContext) -> Callable[[uvicorn.Config, Callable[[], ssl.SSLContext]], ssl.SSLContext]:
    return lambda config, default: tls  # noqa: ARG005  uvicorn would make its own


def _new_id() -> UUID:
    return new_message_id(time.time_ns() // 1_000_000)


def _tokens() -> Tokens:
    return Tokens(
        server=os.environ.get("CAROM_SERVER_TOKEN") or str(uuid4()),
        account=os.environ.get("CAROM_ACCOUNT_TOKEN") or str(uuid4()),
    )


def _listen(at: HostPort) -> socket.socket:
    family = socket.AF_INET6 if ":" in at.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(at)
    except OSError as error:
        listener.close()
        raise _cannot_listen("--http", at, error) from error
    listener.listen(1024)
    return listener


async def _start_smtp(listener: Listener, flag: str, at: HostPort) -> HostPort:
    try:
        return HostPort(*await listener.start())
    except OSError as error:
        raise _cannot_listen(flag, at, error) from error


def _cannot_listen(flag: str, at: HostPort, error: OSError) -> BadSetting:
    reason = os.strerror(error.errno) if error.errno else str(error)
    return BadSetting(f"cannot listen at {at}: {reason}; choose another {flag} HOST:PORT (port 0 picks a free one)")


async def _locked(data: Path) -> IO[str]:
    """Hold the data folder until the file is closed: one folder, one server. What a server that has just been killed was
    writing is waited for."""
    file = (data / "lock").open("a+")
    until = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if time.monotonic() < until:
                await asyncio.sleep(0.02)
                continue
            file.close()
            raise BadSetting(
                f"another Carom server has the data folder {data}; stop it, or start this one with another --data"
            ) from None
        return file
