"""Calls per second and CPU per call of this client and of others, against a stub on loopback.

Every contender is a process of its own that is told how many calls to make; rounds are interleaved, medians are shown.
Others are fetched into ``.bench`` by pip and npm where they are not there.
"""

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[1]
PEERS = ROOT / ".bench"
ROUNDS = 5
CALLS = {"small": 300, "list500": 20, "batch500": 12, "c50": 500}


class Took(NamedTuple):
    """Seconds for a number of calls: on the clock, and of the processor."""

    wall: float
    cpu: float


CONTENDERS = {
    "carom async": ("carom_async", tuple(CALLS)),
    "carom sync": ("carom_sync", ("small", "list500", "batch500")),
    "carom over httpx2": ("carom_httpx2", tuple(CALLS)),
    "postmark-python": ("official", tuple(CALLS)),
    "postmarker": ("postmarker", ("small", "list500", "batch500")),
    "npm postmark": ("npm", ("small", "list500", "batch500")),
    "raw socket": ("raw", ("small",)),
}

# Name of the ratio: whose CPU, divided by whose, in which case; and the least (or, for the limit, the most) it may be.
RATIOS = {
    "async_small_vs_official": ("postmark-python", "carom async", "small", 4),
    "async_list500_vs_official": ("postmark-python", "carom async", "list500", 20),
    "async_batch500_vs_official": ("postmark-python", "carom async", "batch500", 4),
    "async_c50_vs_official": ("postmark-python", "carom async", "c50", 12),
    "sync_small_vs_postmarker": ("postmarker", "carom sync", "small", 5),
    "sync_list500_vs_postmarker": ("postmarker", "carom sync", "list500", 5),
    "sync_batch500_vs_postmarker": ("postmarker", "carom sync", "batch500", 8),
    "small_vs_npm": ("npm postmark", "carom async", "small", 2),
    "list500_vs_npm": ("npm postmark", "carom async", "list500", 2),
    "batch500_vs_npm": ("npm postmark", "carom async", "batch500", 2),
    "raw_limit": ("carom sync", "raw socket", "small", -6),
}


def fetch() -> None:
    """Install the others beside, if they are not there."""
    python, node = PEERS / "python", PEERS / "node"
    if not python.exists():
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(python)]
        subprocess.run([*pip, "postmarker", "postmark-python", "setuptools"], check=True, stderr=subprocess.DEVNULL)
    if not (node / "node_modules" / "postmark").exists():
        node.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "install", "--silent", "--prefix", str(node), "postmark"], check=True)


class Worker:
    """A contender's process."""

    def __init__(self, name: str, url: str) -> None:
        """Start it."""
        here = Path(__file__).parent
        command = (
            ["node", str(here / "npm_worker.cjs"), url]
            if name == "npm"
            else [sys.executable, str(here / "client_worker.py"), name, url]
        )
        path = os.pathsep.join([str(ROOT / "src"), str(PEERS / "python")])
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": path, "NODE_PATH": str(PEERS / "node" / "node_modules")},
        )

    def run(self, case: str, calls: int) -> Took:
        """Have it make calls."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{case} {calls}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the worker of {self.process.args!r} ended")
        said = json.loads(line)
        return Took(said["wall"], said["cpu"])

    def stop(self) -> None:
        """End it."""
        self.process.kill()
        self.process.communicate()


def measure(url: str) -> dict[tuple[str, str], Took]:
    """Return seconds per call of each contender and case: medians of interleaved rounds."""
    workers = {name: Worker(worker, url) for name, (worker, _) in CONTENDERS.items()}
    pairs = [(name, case) for case in CALLS for name, (_, cases) in CONTENDERS.items() if case in cases]
    found: dict[tuple[str, str], list[Took]] = {pair: [] for pair in pairs}
    try:
        for name, case in pairs:
            workers[name].run(case, max(CALLS[case] // 10, 2))
        for _ in range(ROUNDS):
            for name, case in pairs:
                took = workers[name].run(case, CALLS[case])
                found[name, case].append(Took(took.wall / CALLS[case], took.cpu / CALLS[case]))
    finally:
        for worker in workers.values():
            worker.stop()
    return {
        pair: Took(statistics.median(t.wall for t in took), statistics.median(t.cpu for t in took))
        for pair, took in found.items()
    }


def show(found: dict[tuple[str, str], Took]) -> dict[str, Any]:
    """Print the table and the gates; return the ratios."""
    print(f"{'case':10} {'client':18} {'calls/s':>10} {'CPU us/call':>12}")
    for (name, case), took in found.items():
        print(f"{case:10} {name:18} {1 / took.wall:10,.0f} {took.cpu * 1e6:12,.0f}")
    ratios: dict[str, float] = {}
    print()
    for ratio, (over, under, case, gate) in RATIOS.items():
        ratios[ratio] = round(found[over, case].cpu / found[under, case].cpu, 2)
        good = ratios[ratio] >= gate if gate > 0 else ratios[ratio] <= -gate
        print(
            f"{ratio:30} {ratios[ratio]:7.2f}  {'at least' if gate > 0 else 'at most'} {abs(gate)}  {'ok' if good else 'MISSED'}"
        )
    return ratios


def main() -> None:
    """Fetch, serve, measure, show."""
    fetch()
    stub = subprocess.Popen([sys.executable, str(Path(__file__).parent / "stub.py")], stdout=subprocess.PIPE, text=True)
    try:
        assert stub.stdout is not None
        url = stub.stdout.readline().strip()
        ratios = show(measure(url))
    finally:
        stub.kill()
        stub.communicate()
    print(json.dumps({"suite": "client", "ratios": ratios}))


if __name__ == "__main__":
    main()
