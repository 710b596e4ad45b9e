"""make soak: a server under steady load for MINUTES (20), sampled all the while. Its memory, open files and tables after the
first tenth and at the end; exit status 1 where one has grown by more than a tenth. PICTURE=FILE draws them.

A day is a minute, and mail is kept for a day: what is removed keeps up with what comes in. Left out are the sums of
statistics, which are kept for ever by the day.
"""

import json
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

from carom import ApiClient
from tests.peers.receiver import running_receiver
from tests.soak.load import Load
from tests.soak.picture import Curve, picture

STEP = 5.0
MOST = 1.1
KEPT_FOR_EVER = ("stat",)
EVENTS = ("Delivery", "Bounce", "Open", "SubscriptionChange")


class Sample(NamedTuple):
    """What is seen of a server at one moment: megabytes resident (RSS), open files, megabytes of tables and indexes, rows in all
    tables, and rows by table."""

    memory: float
    files: float
    store: float
    rows: float
    tables: dict[str, int]


def look(process: int, folder: Path) -> Sample:
    """Look at a server from outside, at all of its processes."""
    own = Path(f"/proc/{process}")
    places = [own, *(Path(f"/proc/{pid}") for pid in (own / f"task/{process}/children").read_text().split())]
    memory = sum(int((place / "statm").read_text().split()[1]) for place in places) * os.sysconf("SC_PAGE_SIZE")
    files = sum(1 for place in places for _ in (place / "fd").iterdir())
    with closing(sqlite3.connect(f"file:{folder / 'carom.db'}?mode=ro", uri=True, timeout=30)) as store:
        page, pages, free = (
            store.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_size", "page_count", "freelist_count")
        )
        names = [name for (name,) in store.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        tables = {name: store.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in sorted(names)}
    level = sum(number for name, number in tables.items() if not name.startswith(KEPT_FOR_EVER))
    return Sample(memory / 1e6, files, page * (pages - free) / 1e6, level, tables)


def watch(process: subprocess.Popen[str], folder: Path, seconds: float, says: Callable[[str], None]) -> list[Sample]:
    """Sample until the time is over. Raises RuntimeError when the server ends."""
    samples: list[Sample] = []
    begun = time.monotonic()
    while (past := time.monotonic() - begun) < seconds:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended by itself, with status {process.returncode}")
        samples.append(look(process.pid, folder))
        if len(samples) % 12 == 1:
            one = samples[-1]
            says(
                f"{past / 60:4.1f} min: {one.memory:6.1f} MB, {one.files:.0f} files, {one.rows:,.0f} rows, tables {one.store:.1f} MB"
            )
        time.sleep(max(0.0, len(samples) * STEP - (time.monotonic() - begun)))
    return samples


def compared(samples: list[Sample]) -> dict[str, tuple[float, float]]:
    """Return the medians of the second tenth and of the last one, by figure."""
    tenth = max(len(samples) // 10, 1)
    early, late = samples[tenth : 2 * tenth], samples[-tenth:]
    figures: dict[str, Callable[[Sample], float]] = {
        "memory, MB": lambda one: one.memory,
        "open files": lambda one: one.files,
        "rows": lambda one: one.rows,
        "tables, MB": lambda one: one.store,
    }
    return {
        name: (statistics.median(map(figure, early)), statistics.median(map(figure, late)))
        for name, figure in figures.items()
    }


def main() -> int:
    """Run it, print the table, draw the picture."""
    minutes = float(os.environ.get("MINUTES", "20"))
    token = str(uuid4())
    with tempfile.TemporaryDirectory(prefix="carom-soak-") as place, running_receiver() as receiver:
        folder = Path(place)
        command = [sys.executable, "-m", "tests.soak.served", place, token]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        try:
            url = f"http://127.0.0.1:{int(process.stdout.readline())}"
            with ApiClient(token, base_url=url) as client:
                triggers: dict[str, Any] = {name: {"Enabled": True} for name in EVENTS}
                client.create_webhook(url=f"{receiver.url}/soak", triggers=triggers)
            load = Load(url, token)
            with load.running():
                samples = watch(process, folder, minutes * 60, lambda text: print(text, flush=True))
        finally:
            process.terminate()
            status = process.wait(90)
            process.stdout.close()
        told = len(receiver.posts)
    grown = compared(samples)
    print(f"\n{load.sent:,} sent, {load.refused:,} refused as inactive, {load.activated:,} reactivated, {told:,} posts")
    print(f"{'':12}{'after 1/10':>12}{'at the end':>12}")
    for name, (early, late) in grown.items():
        print(f"{name:12}{early:12,.1f}{late:12,.1f}  {'ok' if late <= early * MOST else 'GREW'}")
    print(json.dumps({"rows": samples[-1].tables}))
    if target := os.environ.get("PICTURE"):
        curves = [
            Curve("Memory", "MB resident", [one.memory for one in samples]),
            Curve("Open files", "descriptors", [one.files for one in samples]),
            Curve("Rows", "in all tables but the sums of statistics", [one.rows for one in samples]),
            Curve("Tables", "MB, with their indexes", [one.store for one in samples]),
        ]
        title = f"{minutes:.0f} minutes, {load.sent / minutes / 60:.0f} mails a second, a day a minute long"
        Path(target).write_text(picture(title, minutes, curves))
    level = all(late <= early * MOST for early, late in grown.values())
    return 0 if level and status == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
