"""What watches a server: ``/healthz``, ``/readyz`` and ``/metrics``, on the port of the API and without a token.

The first two say nothing that is worth hiding. Metrics are for those networks that the settings name; what came through a
proxy is not taken for its sender's.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Final

import msgspec
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector
from sqlalchemy.exc import DBAPIError

from carom.server.config import Networks
from carom.server.disk import Disk
from carom.server.health import OK, Health
from carom.server.http.api import Asgi, Receive, Scope, Send
from carom.server.metrics import REGISTRY
from carom.server.store.database import Database
from carom.server.store.depth import Depth, depths

KEPT_SECONDS = 5.0
"""How long the depth of the queues is taken for true."""
PROXIED: Final = frozenset({b"forwarded", b"x-forwarded-for", b"via"})
JSON: Final = b"application/json; charset=utf-8"
Answer = Callable[[Scope], Awaitable[tuple[int, bytes, bytes]]]


class Operation:
    """The three paths, by their first segments."""

    def __init__(
        self, health: Health, database: Database, disk: Disk, readers: Networks, clock: Callable[[], datetime]
    ) -> None:
        """Watch a server; ``readers`` may read its metrics."""
        self._health, self._database, self._disk, self._clock = health, database, disk, clock
        self._readers = readers
        self._depths: tuple[float, list[Depth]] = (float("-inf"), [])
        self._asking = asyncio.Lock()

    @property
    def pages(self) -> Mapping[str, Asgi]:
        """What answers, by path."""
        return {
            "healthz": _page("healthz", self._alive),
            "readyz": _page("readyz", self._ready),
            "metrics": _page("metrics", self._metrics),
        }

    async def _alive(self, scope: Scope) -> tuple[int, bytes, bytes]:
        del scope
        return 200, JSON, _json({"status": "alive"})

    async def _ready(self, scope: Scope) -> tuple[int, bytes, bytes]:
        del scope
        checks = await self._health.ready()
        good = all(said == OK for said in checks.values())
        return 200 if good else 503, JSON, _json({"status": "ready" if good else "not ready", "checks": checks})

    async def _metrics(self, scope: Scope) -> tuple[int, bytes, bytes]:
        client: tuple[str, int] | None = scope.get("client")
        proxied = any(name in PROXIED for name, _ in scope["headers"])
        if client is None or proxied or not self._readers.have(client[0]):
            return 403, JSON, _json({"status": "metrics are not for this address (--metrics-from)"})
        queues = await self._queues()
        own = CollectorRegistry()
        own.register(_Now(queues, self._disk, self._clock()))
        return 200, CONTENT_TYPE_LATEST.encode(), generate_latest(REGISTRY) + generate_latest(own)

    async def _queues(self) -> list[Depth]:
        """Return the depth of the queues, as it was a few seconds ago at most; none while the store is away."""
        async with self._asking:
            if time.monotonic() - self._depths[0] > KEPT_SECONDS:
                try:
                    self._depths = (time.monotonic(), await self._database.read(depths, self._clock()))
                except DBAPIError:
                    return []
            return self._depths[1]


class _Now(Collector):
    """What is looked at and not counted."""

    def __init__(self, queues: Iterable[Depth], disk: Disk, now: datetime) -> None:
        self._queues, self._disk, self._now = queues, disk, now

    def collect(self) -> Iterable[Metric]:
        due = GaugeMetricFamily("carom_queue_due", "Rows that are due now", labels=["kind"])
        waiting = GaugeMetricFamily("carom_queue_waiting", "Rows to be done some time, due ones too", labels=["kind"])
        oldest = GaugeMetricFamily("carom_queue_oldest_seconds", "How long the first row is due", labels=["kind"])
        for one in self._queues:
            age = 0.0 if one.oldest is None else max((self._now - one.oldest).total_seconds(), 0.0)
            for family, value in ((due, one.due), (waiting, one.waiting), (oldest, age)):
                family.add_metric([one.kind], value)
        yield from (due, waiting, oldest)
        if self._disk.floor:
            yield GaugeMetricFamily("carom_disk_floor_bytes", "What has to be free", value=self._disk.floor)
            try:
                yield GaugeMetricFamily("carom_disk_free_bytes", "Free on the store's disk", value=self._disk.free())
            except OSError:  # the folder is gone: readyz says so
                return


def _json(value: Any) -> bytes:
    return msgspec.json.encode(value)


def _page(name: str, answer: Answer) -> Asgi:
    """Return the application of one path: GET and HEAD, never kept."""

    async def page(scope: Scope, receive: Receive, send: Send) -> None:
        del receive
        status, kind, body = 404, JSON, _json({"status": "no such path"})
        if str(scope["path"]).strip("/") == name:
            if scope["method"] in {"GET", "HEAD"}:
                status, kind, body = await answer(scope)
            else:
                status, body = 405, _json({"status": "GET or HEAD"})
        headers = [(b"content-type", kind), (b"cache-control", b"no-store"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    return page
