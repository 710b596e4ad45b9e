"""A fresh server on free loopback ports, in this process or in one of its own."""

import asyncio
import os
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from carom import ApiClient, AsyncApiClient
from carom.server.app import Carom, Listening, utc_now
from carom.server.config import HostPort, Settings
from carom.server.keyring import Keyring
from carom.server.store import senders
from carom.server.store.opening import open_database
from carom.server.store.servers import Tokens
from carom.testing.databases import finished

START_SECONDS = 60.0
STOP_SECONDS = 60.0

_FREE = HostPort("127.0.0.1", 0)
_READY = re.compile(r"ready http=(\S+) smtp=(\S+) mx=(\S+) mode=(\S+)")


class LocalServer:
    """A Postmark of your own for a test: real HTTP, real SMTP, real bounces, nothing beyond loopback.

    ``with LocalServer() as server: server.client().deliver(...)``. In sandbox mode every From may send, and the
    addresses of ``bounce-testing.postmarkapp.com`` bounce as their names say.
    """

    def __init__(
        self,
        *,
        process: bool = False,
        data: Path | None = None,
        environment: Mapping[str, str] | None = None,
        **settings: Any,
    ) -> None:
        """Prepare a server; ``process`` runs it as ``carom serve`` instead of on a thread.

        ``data`` keeps the store beyond the server's life; without it the store goes when the server does. The rest are
        fields of :class:`carom.server.config.Settings`; ``database`` may be the URL of an empty PostgreSQL database, see
        :func:`carom.testing.fresh_database`.
        """
        self.process = process
        self.server_token = str(uuid4())
        self.account_token = str(uuid4())
        self._folder = tempfile.TemporaryDirectory(prefix="carom-") if data is None else None
        self.data = data or Path(self._folder.name if self._folder else "")
        self._settings = replace(Settings(http=_FREE, smtp=_FREE, mx=_FREE), **{"data": self.data, **settings})
        self._secret = os.environ.get("CAROM_SECRET") or f"a:{secrets.token_hex(32)}"
        shared = {} if self._settings.postgres_url is None else {"CAROM_SECRET": self._secret}
        self._environment = {**shared, **(environment or {})}
        self._running: _Thread | _Process | None = None

    def start(self) -> Self:
        """Start it and wait until it listens. Raises RuntimeError with what it said when it does not."""
        tokens = {"CAROM_SERVER_TOKEN": self.server_token, "CAROM_ACCOUNT_TOKEN": self.account_token}
        make = _Process if self.process else _Thread
        self._running = make(self._settings, {**tokens, **self._environment})
        return self

    def stop(self) -> None:
        """Stop it cleanly; a store of its own is removed."""
        if self._running is not None:
            self._running.stop()
            self._running = None
        if self._folder is not None:
            self._folder.cleanup()

    def kill(self) -> None:
        """Kill its process, as a power cut would; start it again with :meth:`start`. Needs ``process=True``."""
        self._own_process().kill()
        self._running = None

    def ended(self, seconds: float) -> int | None:
        """Wait for its process to end by itself; return its exit status (minus the signal's number), None if it still
        runs then. Needs ``process=True``."""
        return self._own_process().ended(seconds)

    def _own_process(self) -> "_Process":
        if not isinstance(self._running, _Process):
            raise TypeError("this server has no process of its own: LocalServer(process=True)")
        return self._running

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()

    @property
    def listening(self) -> Listening:
        """Where it listens: ``http``, ``smtp`` (submission) and ``mx`` (return path)."""
        if self._running is None:
            raise RuntimeError("the server is not started")
        return self._running.listening

    @property
    def url(self) -> str:
        """The address of the API."""
        return self.listening.url

    def allow(self, sender: str) -> None:
        """Confirm a sender address or domain by hand, as ``carom senders allow`` does."""
        finished(self._allow(sender))

    async def _allow(self, sender: str) -> None:
        database = open_database(self._settings)
        try:
            await database.write(senders.allow_first, sender, utc_now())
        finally:
            await database.close()

    def client(self, **options: Any) -> ApiClient:
        """Return a client of its first server."""
        return ApiClient(self.server_token, base_url=self.url, **options)

    def async_client(self, **options: Any) -> AsyncApiClient:
        """Return an async client of its first server."""
        return AsyncApiClient(self.server_token, base_url=self.url, **options)


class _Thread:
    """A server on an event loop of its own, in a thread."""

    def __init__(self, settings: Settings, environment: Mapping[str, str]) -> None:
        self.listening: Listening
        self._failed: BaseException | None = None
        self._started = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        tokens = Tokens(environment["CAROM_SERVER_TOKEN"], environment["CAROM_ACCOUNT_TOKEN"])
        secret = environment.get("CAROM_SECRET")
        self._carom = Carom(settings, tokens=tokens, keyring=Keyring.read(secret) if secret else None)
        self._thread = threading.Thread(target=self._run, name="carom", daemon=True)
        self._thread.start()
        if not self._started.wait(START_SECONDS):
            raise RuntimeError(f"the server did not start in {START_SECONDS:.0f} s")
        if self._failed is not None:
            raise self._failed

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        try:
            self.listening = await self._carom.start()
        except BaseException as error:  # noqa: BLE001  raised again where it is waited for
            self._failed = error
            return
        finally:
            self._started.set()
        await self._stop.wait()
        await self._carom.stop()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(STOP_SECONDS)
        if self._thread.is_alive():
            raise RuntimeError(f"the server did not stop in {STOP_SECONDS:.0f} s")


class _Process:
    """``carom serve`` as a process."""

    def __init__(self, settings: Settings, environment: Mapping[str, str]) -> None:
        self._tls = settings.tls_cert is not None
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115  it lives as long as the process
        self._process = subprocess.Popen(  # noqa: S603  our own program
            [sys.executable, "-m", "carom", "serve", *_flags(settings)],
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env={**os.environ, **environment},
            text=True,
        )
        self.listening = self._wait()

    def _wait(self) -> Listening:
        assert self._process.stdout is not None
        timer = threading.Timer(START_SECONDS, self._process.kill)
        timer.start()
        try:
            for line in self._process.stdout:
                ready = _READY.match(line)
                if ready:
                    http, smtp, mx = (HostPort.read(ready[place]) for place in (1, 2, 3))
                    return Listening(http, smtp, mx, tls=self._tls)
        finally:
            timer.cancel()
        self._process.wait()
        raise RuntimeError(f"the server did not start:\n{self.errors()}")

    def errors(self) -> str:
        """Return what it wrote to stderr."""
        self._errors.seek(0)
        return self._errors.read()

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            status = self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise RuntimeError(f"the server did not stop in {STOP_SECONDS:.0f} s:\n{self.errors()}") from None
        errors = self.errors()
        self._close()
        if status != 0:
            raise RuntimeError(f"the server ended with status {status}:\n{errors}")

    def ended(self, seconds: float) -> int | None:
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self._close()

    def _close(self) -> None:
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._errors.close()


def _flags(settings: Settings) -> list[str]:
    """Write settings as flags of ``carom serve``."""
    default = Settings()
    flags: list[str] = []
    for name in default.__dataclass_fields__:
        value = getattr(settings, name)
        flag = f"--{name.replace('_', '-')}"
        if value is True:
            flags.append(flag)
        elif value is not None and value != getattr(default, name):
            flags += [flag, str(value)]
    return flags
