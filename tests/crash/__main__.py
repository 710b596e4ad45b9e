"""make crash: kill a server hundreds of times under load, on each store, and count at a sink.

Nothing that was accepted may be lost, and no more copies may arrive than there were kills. Exit status 1 otherwise.
"""

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from carom.testing import fresh_database
from tests.crash.faults import interrupted
from tests.crash.lives import Count, Lives
from tests.peers.postgres import running_postgres
from tests.peers.sink import running_sink

HEAD = ("what", "times", "accepted", "delivered", "queued", "bounced", "failed", "lost", "duplicated", "seconds")


def on_sqlite(runs: int) -> Count:
    """Kill a server on SQLite."""
    with running_sink() as sink, tempfile.TemporaryDirectory(prefix="carom-crash-") as folder:
        return Lives(None, Path(folder), sink).kill(runs, _say("sqlite"))


def on_postgres(runs: int) -> Count:
    """Kill a server on PostgreSQL."""
    with (
        running_postgres() as postgres,
        fresh_database(postgres.url) as url,
        running_sink() as sink,
        tempfile.TemporaryDirectory(prefix="carom-crash-") as folder,
    ):
        return Lives(url, Path(folder), sink).kill(runs, _say("postgresql"))


def postgres_faults(runs: int) -> Count:
    """Restart PostgreSQL and terminate its back ends under load; the server lives on."""
    with (
        running_postgres() as postgres,
        fresh_database(postgres.url) as url,
        running_sink() as sink,
        tempfile.TemporaryDirectory(prefix="carom-crash-") as folder,
    ):
        return interrupted(Lives(url, Path(folder), sink), postgres, max(2, runs // 30), _say("postgresql itself"))


def _say(store: str) -> Callable[[str], None]:
    return lambda text: print(f"{store}: {text}", file=sys.stderr, flush=True)


def holds(count: Count) -> bool:
    """Tell whether nothing is lost, nothing is left over, and nothing was sent too often."""
    return not count.ledger.lost and not count.ledger.queued and count.ledger.duplicated <= count.kills


SERIES = {
    "kills on sqlite": on_sqlite,
    "kills on postgresql": on_postgres,
    "faults of postgresql": postgres_faults,
}


def main() -> int:
    """Run the series that are asked for, by default all."""
    sys.setswitchinterval(0.0005)  # the sink shares this process with the load: its 250 is not to wait for that
    runs = int(os.environ.get("RUNS", "300"))
    wanted = os.environ.get("ONLY", "")
    rows = {name: run(runs) for name, run in SERIES.items() if wanted in name}
    print("  ".join((f"{HEAD[0]:22}", *(f"{word:>10}" for word in HEAD[1:]))))
    for name, count in rows.items():
        numbers = (count.kills, *count.ledger, round(count.seconds))
        print("  ".join((f"{name:22}", *(f"{number:>10}" for number in numbers))))
    for name, count in rows.items():
        died = ", ".join(f"{place} {times}" for place, times in count.places.items() if times)
        print(f"{name}: {died}; unanswered {count.unanswered}, refused {count.refused}")
    return 0 if all(holds(count) for count in rows.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
