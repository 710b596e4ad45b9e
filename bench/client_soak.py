"""A client left running: 100,000 calls and 1,000 failed ones. Its memory at the end against that after the first tenth,
and the sockets that are left when it is closed. Sync and async, each in a process of its own.
"""

import asyncio
import gc
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bench import stub

ROOT = Path(__file__).parents[1]
CALLS = 100_000
FAILED_EACH = 100  # one call of so many fails
PATIENCE = 65.0 if "FULL" not in os.environ else 3600.0  # seconds for one client
MOST = 1.1
TOKEN = "11111111-2222-3333-4444-555555555555"
FAULTS = ("reset", "error", "html", "cut", "gzip", "slow")


class Unreliable(asyncio.Protocol):
    """A stub of the API that answers, or does what its path says."""

    transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.pending = b""

    def data_received(self, data: bytes) -> None:
        """Answer each request that is whole."""
        self.pending += data
        while (end := self.pending.find(b"\r\n\r\n")) >= 0:
            at = self.pending.find(b"Content-Length: ", 0, end)
            length = int(self.pending[at + 16 : self.pending.index(b"\r", at)]) if at >= 0 else 0
            if len(self.pending) < end + 4 + length:
                return
            line = self.pending.split(b"\r\n", 1)[0].decode()
            self.pending = self.pending[end + 4 + length :]
            self._act(line.split(" ")[1])

    def _act(self, path: str) -> None:
        fault = path.rpartition("/fail/")[2] if "/fail/" in path else ""
        if fault == "reset":
            self.transport.abort()
        elif fault == "cut":
            self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf")
            self.transport.close()
        elif fault != "slow":
            self.transport.write(FAULTY.get(fault) or (PAGE if "bounces" in path else SENT))


def _answer(body: bytes, status: str = "200 OK", more: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\n{more}Content-Length: {len(body)}\r\n\r\n".encode() + body


SENT = _answer(json.dumps(stub.SENT).encode())
PAGE = _answer(json.dumps({"TotalCount": 20, "Bounces": [stub.BOUNCE] * 20}).encode())
FAULTY = {
    "error": _answer(b'{"ErrorCode":0,"Message":"Oh"}', "500 Oh"),
    "html": _answer(b"<html>"),
    "gzip": _answer(b"\x1f\x8b broken", more="Content-Encoding: gzip\r\n"),
}


async def serve() -> None:
    """Be the stub."""
    server = await asyncio.get_running_loop().create_server(Unreliable, "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


def resident() -> int:
    """Return the bytes that this process has in memory, rubbish taken away."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def sockets() -> int:
    """Return how many sockets this process has open."""
    links: list[str] = []
    for entry in Path("/proc/self/fd").iterdir():
        try:
            links.append(str(entry.readlink()))
        except FileNotFoundError:
            continue  # the folder's own
    return sum(link.startswith("socket:") for link in links)


def plan(client: Any) -> Iterator[Callable[[], Any]]:
    """Say what is called: sends, a page now and then, and what fails."""
    for number in range(CALLS):
        if number % FAILED_EACH == FAILED_EACH - 1:
            fault = FAULTS[number // FAILED_EACH % len(FAULTS)]
            yield lambda fault=fault: client.request("GET", f"/fail/{fault}", timeout=0.02 if fault == "slow" else None)
        elif number % 10 == 0:
            yield lambda: client.get_bounces(count=20)
        else:
            yield lambda: client.deliver(from_="a@example.com", to="b@example.org", text_body="Hello")


class Watch:
    """What is seen of a client while it runs."""

    def __init__(self) -> None:
        """Begin."""
        self.open_before = sockets()
        self.ends = time.monotonic() + PATIENCE
        self.done = self.failed = self.early = 0

    def call(self, *, failed: bool) -> bool:
        """Count a call; return whether there is time for another."""
        self.done += 1
        self.failed += failed
        if self.done == CALLS // 10:
            self.early = resident()
        return time.monotonic() < self.ends

    def say(self) -> None:
        """Print what was seen."""
        left = sockets() - self.open_before
        late = resident()
        print(json.dumps({"calls": self.done, "failed": self.failed, "early": self.early, "late": late, "left": left}))


async def run_async(url: str) -> None:
    """Have the async client make the calls."""
    from carom import AsyncApiClient, Error

    watch = Watch()
    async with AsyncApiClient(TOKEN, base_url=url) as client:
        for call in plan(client):
            try:
                await call()
                again = watch.call(failed=False)
            except Error:
                again = watch.call(failed=True)
            if not again:
                break
    watch.say()


def run_sync(url: str) -> None:
    """Have the sync client make the calls."""
    from carom import ApiClient, Error

    watch = Watch()
    with ApiClient(TOKEN, base_url=url) as client:
        for call in plan(client):
            try:
                call()
                again = watch.call(failed=False)
            except Error:
                again = watch.call(failed=True)
            if not again:
                break
    watch.say()


def main() -> None:
    """Serve, run both, show."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")])}
    command = [sys.executable, "-m", "bench.client_soak"]
    api = subprocess.Popen([*command, "stub"], stdout=subprocess.PIPE, text=True, env=env)
    ratios: dict[str, float] = {}
    try:
        assert api.stdout is not None
        url = api.stdout.readline().strip()
        for kind in ("sync", "async"):
            said = subprocess.run([*command, kind, url], stdout=subprocess.PIPE, text=True, check=True, env=env).stdout
            seen = json.loads(said)
            if not seen["early"]:
                raise SystemExit(f"{kind}: {seen['calls']:,} calls in {PATIENCE:.0f} s are too few; FULL=1 waits")
            growth = round(seen["late"] / seen["early"], 3)
            good = growth <= MOST and seen["left"] == 0
            short = f" (cut short after {PATIENCE:.0f} s; FULL=1 waits)" if seen["calls"] < CALLS else ""
            print(
                f"{kind:6} {seen['calls']:,} calls, {seen['failed']:,} failed{short}: {seen['early'] / 1e6:.1f} MB after the first "
                f"tenth, {seen['late'] / 1e6:.1f} MB at the end (at most {MOST}: {growth}), {seen['left']} sockets left  "
                f"{'ok' if good else 'MISSED'}"
            )
            ratios |= {f"{kind}_rss_end_vs_first_tenth": growth, f"{kind}_sockets_left": seen["left"]}
    finally:
        api.kill()
        api.communicate()
    print(json.dumps({"suite": "client_soak", "ratios": ratios}))


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["stub"]:
            asyncio.run(serve())
        case ["async", at]:
            asyncio.run(run_async(at))
        case ["sync", at]:
            run_sync(at)
        case _:
            main()
