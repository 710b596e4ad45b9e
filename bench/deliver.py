"""Mails a second that are accepted and delivered, durable at each step: Carom beside Debian's postfix, in one run.

- ``carom``: HTTP in front, 200 after the commit, each mail composed, signed (RSA-2048) and given by SMTP to a sink on loopback, its event
  recorded and committed. On SQLite.
- ``postfix``: the same mails by SMTP on 16 connections, queue file and fsync, given to the same sink by its smtp processes, as
  many at once as Carom's. It signs nothing and records nothing but a log line. Needs root; left out where there is none.

A rate is the number of mails over the time from the first to the last at the sink, load and delivery going on at once. Each has
its turn several times over; the ratio is the median of the rounds'. Beside the rates stands the processor's time a mail.
"""

import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Generator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, NamedTuple
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bench.accept import module, spent
from bench.accepting.mails import mail
from carom.server.pipeline.signing import Signer, sign
from carom.server.rules.compose import Facts, compose
from carom.wire.email import SEND_EMAIL
from tests.peers.ports import free_port
from tests.peers.postfix import POSTFIX, running_postfix

ROUNDS = 3
SECONDS = 3.0
CONNECTIONS = 32
SMTP_CONNECTIONS = 16
AT_ONCE = 32
GATE = 2.0
SIGN_GATE = 0.7


class Sink(NamedTuple):
    """The recipients' system."""

    port: int
    asked: IO[str]
    said: IO[str]

    def waited(self, mails: int) -> float:
        """Wait until so many have come; return the seconds between the first and the last."""
        self.asked.write(f"{mails}\n")
        self.asked.flush()
        return float(self.said.readline())


class Took(NamedTuple):
    """Mails a second, and processor seconds a mail."""

    rate: float
    cpu: float


@contextlib.contextmanager
def sinking() -> Generator[Sink]:
    """Run the sink."""
    command = [sys.executable, "-m", "bench.delivering.sink"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield Sink(int(process.stdout.readline()), process.stdin, process.stdout)
    finally:
        process.terminate()
        process.wait(30)
        process.stdin.close()
        process.stdout.close()


@contextlib.contextmanager
def carom(folder: Path, token: str, sink: Sink) -> Generator[tuple[int, int]]:
    """Serve, and give the port and the process."""
    command = [sys.executable, "-m", "bench.delivering.served", str(folder), token, str(sink.port)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline()), process.pid
    finally:
        process.terminate()
        process.wait(60)
        process.stdout.close()


@contextlib.contextmanager
def postfix(sink: Sink) -> Generator[tuple[int, int] | None]:
    """Run a postfix that relays to the sink, and give its port and process; None where it cannot be."""
    if os.geteuid() != 0 or not Path(POSTFIX).exists():
        print("postfix: not measured, it needs root and the Debian package")
        yield None
        return
    port = free_port()
    with running_postfix(domain="peer.example", return_path="bounces.example", port=port, mx_port=free_port()) as peer:
        config = str(peer.folder / "config")
        subprocess.run(
            ["/usr/sbin/postconf", "-c", config, "-e", f"relayhost = [127.0.0.1]:{sink.port}",
             f"default_destination_concurrency_limit = {AT_ONCE}", f"initial_destination_concurrency = {AT_ONCE}",
             "smtpd_client_connection_count_limit = 0"],
            check=True,
        )  # fmt: skip
        subprocess.run([POSTFIX, "-c", config, "reload"], check=True, capture_output=True)
        yield port, int((peer.folder / "queue" / "pid" / "master.pid").read_text())


def run(kind: str, port: int, process: int, connections: int, token: str, sink: Sink) -> Took:
    """Send for some seconds and wait until all is delivered."""
    before = spent([process])
    done = subprocess.run(
        module("load", kind, port, connections, SECONDS, token),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    if done.returncode:
        raise RuntimeError(f"{kind}: {done.stderr}")
    said = json.loads(done.stdout.splitlines()[-1])
    mails: int = said["warm"] + said["taken"]
    return Took(mails / sink.waited(mails), (spent([process]) - before) / mails)


def signing() -> float:
    """Return the rate of signing one of the mails, which is hashing and an RSA operation, over that of the operation."""
    request = SEND_EMAIL.parse({}, (), json.dumps(mail(1)).encode())
    now = datetime.now(UTC)
    facts = Facts(
        message_id=uuid4(), server_id=1, account_id=1, recipient="customer-1@shop1.example.org", submitted_at=now,
        hostname="mail.example", proof="p",
    )  # fmt: skip
    content, key = compose(request, facts), generate_private_key(65537, 2048)
    private = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    signer = Signer("shop.example", "pm", b64encode(private).decode())
    digest = bytes(32)
    best = {"sign": float("inf"), "rsa": float("inf")}
    for _ in range(2000):
        begun = time.perf_counter()
        sign(content, (signer,), now)
        between = time.perf_counter()
        key.sign(digest, PKCS1v15(), Prehashed(SHA256()))
        best["rsa"] = min(best["rsa"], time.perf_counter() - between)
        best["sign"] = min(best["sign"], between - begun)
    return round(best["rsa"] / best["sign"], 2)


def main() -> None:
    """Start all, measure in turn, show."""
    token = str(uuid4())
    folder = Path(tempfile.mkdtemp(prefix="carom-bench-", dir=os.environ.get("BENCH_DIR")))
    found: dict[str, list[Took]] = {"carom": [], "postfix": []}
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        sink = stack.enter_context(sinking())
        port, process = stack.enter_context(carom(folder, token, sink))
        peer = None if "alone" in sys.argv else stack.enter_context(postfix(sink))
        for _ in range(ROUNDS):
            found["carom"].append(run("http", port, process, CONNECTIONS, token, sink))
            if peer is not None:
                found["postfix"].append(run("smtp", *peer, SMTP_CONNECTIONS, token, sink))
    print(f"{'':10}{'mails/s':>10}{'CPU µs':>9}   medians of {ROUNDS} rounds; {os.getloadavg()[0]:.1f} load")
    for name, took in found.items():
        if took:
            rate, cpu = (statistics.median(values) for values in zip(*took, strict=True))
            print(f"{name:10}{rate:10,.0f}{cpu * 1e6:9,.0f}")
    ratios: dict[str, float] = {}
    if found["postfix"]:
        rounds = list(zip(found["carom"], found["postfix"], strict=True))
        ratios["vs_postfix"] = round(statistics.median(a.rate / b.rate for a, b in rounds), 2)
        cpu = statistics.median(b.cpu / a.cpu for a, b in rounds)
        good = "ok" if ratios["vs_postfix"] >= GATE else "MISSED"
        print(f"vs_postfix {ratios['vs_postfix']:.2f}, at least {GATE}: {good}; by the processor {cpu:.2f}")
    ratios["sign_vs_raw_rsa"] = signing()
    good = "ok" if ratios["sign_vs_raw_rsa"] >= SIGN_GATE else "MISSED"
    print(f"sign_vs_raw_rsa {ratios['sign_vs_raw_rsa']:.2f}, at least {SIGN_GATE}: {good}")
    print(json.dumps({"suite": "deliver", "ratios": ratios}))


if __name__ == "__main__":
    main()
