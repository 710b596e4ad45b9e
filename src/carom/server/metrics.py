"""What the server counts and measures, for ``/metrics``: one table of all of it, by the names that Prometheus sees.

Counted is what is durable, after its commit. Labels are few and from our own tables: never a tenant, an address, a tag or
anything else that somebody sent.
"""

import time
from collections.abc import Iterable
from typing import Final, Protocol

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector

from carom.server.rules.accepting import Accepted
from carom.server.rules.lifecycle import Event
from carom.server.rules.refusals import Refusal
from carom.taxonomy import BounceType

REGISTRY: Final = CollectorRegistry()
ProcessCollector(registry=REGISTRY)  # memory, file handles and time of this process

_FAST: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_SLOW: Final = (0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)

ACCEPTED = Counter("carom_accepted", "Messages accepted, by HTTP and SMTP", registry=REGISTRY)
REFUSED = Counter("carom_refused", "Messages refused, by ErrorCode", ("code",), registry=REGISTRY)
RECEIVED = Counter("carom_received", "Mails that came in from outside: bounces, complaints, inbound", registry=REGISTRY)
SETTLED = Counter(
    "carom_settled",
    "What became of messages, by recipient: accepted (delivered), deferred, refused, suppressed, returned, ...",
    ("event",),
    registry=REGISTRY,
)
BOUNCED = Counter("carom_bounces", "Bounces, by what the bounce engine made of them", ("type",), registry=REGISTRY)
HOOKS = Counter("carom_webhook_attempts", "Posts to webhooks, by outcome", ("outcome",), registry=REGISTRY)
JOBS_FAILED = Counter("carom_jobs_failed", "Jobs that failed in this program, by kind", ("kind",), registry=REGISTRY)
REMOVED = Counter("carom_removed_rows", "Rows removed by age, by step", ("step",), registry=REGISTRY)
HOUSEKEEPING = Counter("carom_housekeeping", "Rounds of housekeeping, by outcome", ("outcome",), registry=REGISTRY)

ACCEPT_SECONDS = Histogram(
    "carom_accept_seconds", "From a checked message to its commit", buckets=_FAST, registry=REGISTRY
)
COMMIT_SECONDS = Histogram(
    "carom_commit_seconds",
    "Transactions that store mail: on SQLite each group of writes",
    buckets=_FAST,
    registry=REGISTRY,
)
DELIVER_SECONDS = Histogram(
    "carom_deliver_seconds", "An attempt to deliver, connecting included", buckets=_SLOW, registry=REGISTRY
)


class timed:  # noqa: N801  as contextlib's
    """Measure a block that ends well."""

    __slots__ = ("_begun", "_histogram")

    def __init__(self, histogram: Histogram) -> None:
        """Measure for a histogram."""
        self._histogram = histogram

    def __enter__(self) -> None:
        """Begin."""
        self._begun = time.perf_counter()

    def __exit__(self, kind: type[BaseException] | None, error: object, traceback: object) -> None:
        """End."""
        if kind is None:
            self._histogram.observe(time.perf_counter() - self._begun)


def answered(answers: Iterable[Accepted | Refusal]) -> None:
    """Count the messages of a request by their answers."""
    for answer in answers:
        if isinstance(answer, Refusal):
            REFUSED.labels(answer.code).inc()
        else:
            ACCEPTED.inc()


class _Bounced(Protocol):
    @property
    def type(self) -> BounceType: ...


class Fact(Protocol):
    """What the pipeline settles: its layer is above the store, which counts too."""

    @property
    def event(self) -> Event:
        """What happened."""
        ...

    @property
    def bounced(self) -> _Bounced | None:
        """The bounce, if it is one."""
        ...


def settled(facts: Iterable[Fact]) -> None:
    """Count facts that are recorded."""
    for fact in facts:
        SETTLED.labels(_EVENTS[fact.event]).inc()
        if fact.bounced is not None:
            BOUNCED.labels(fact.bounced.type.value).inc()


_EVENTS: Final = {event: event.name.lower() for event in Event}
