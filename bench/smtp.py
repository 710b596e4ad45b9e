"""Mails a second that are durably received by SMTP on loopback, Carom beside Debian's postfix, all in one run.

- ``mx``: what comes to a return path: the mail as it came, its row and the job that reads it; 250 after the commit.
- ``submission``: what a program submits after its log-in: the mail is read, checked, and stored as the messages and recipients
  that a send by HTTP makes; 250 after the commit.
- ``postfix``: Debian's postfix takes the same mails and holds them: smtpd, cleanup, the queue file and its fsync. Needs root;
  left out where there is none.

The same mails, with the envelope in one piece (RFC 2920), on as many connections for each; postfix is as fast on 16. Nothing
takes out of a queue what was received. Rounds in turn; the ratio is the median of the rounds', of the rates at the MX and at
postfix. That of the processor's time stands beside it. Postfix does not read what it takes, so submission is shown and has no
gate.
"""

import asyncio
import contextlib
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Generator
from pathlib import Path
from uuid import uuid4

import uvloop

from bench.accept import Contender, Took, holding_postfix, measure, module
from bench.accepting.served import KEYRING, settings
from carom.cli.serve import tune
from carom.server.app import Carom
from carom.server.store.servers import Tokens

CONNECTIONS = 64
SECONDS = 3.0
GATE = 2.5


async def serve(folder: str, token: str) -> None:
    """Serve for ever, and print the ports of submission and of the MX."""
    server = Carom(
        settings("sqlite", folder), tokens=Tokens(token, token[::-1]), keyring=KEYRING, works=False, apart=True
    )
    listening = await server.start()
    print(listening.smtp.port, listening.mx.port, flush=True)
    await asyncio.Event().wait()


@contextlib.contextmanager
def served(folder: Path, token: str) -> Generator[tuple[int, int, int]]:
    """Serve in a process, and give its ports and id."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.smtp", str(folder), token], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        smtp, mx = process.stdout.readline().split()
        yield int(smtp), int(mx), process.pid
    finally:
        process.terminate()
        process.wait(60)
        process.stdout.close()


def show(found: dict[str, list[Took]]) -> float | None:
    """Print the table and the gate; return the ratio."""
    print(f"{'':12}{'mails/s':>10}{'p99 ms':>9}{'CPU µs':>9}")
    for name, took in found.items():
        rate, p99, cpu = (sorted(values)[len(values) // 2] for values in zip(*took, strict=True))
        print(f"{name:12}{rate:10,.0f}{p99 * 1e3:9.1f}{cpu * 1e6:9,.0f}")
    if "postfix" not in found:
        return None
    by_cpu, by_rate = (
        {name: [getattr(one, what) for one in took] for name, took in found.items()} for what in ("cpu", "rate")
    )
    cpu = statistics.median(b / a for a, b in zip(by_cpu["mx"], by_cpu["postfix"], strict=True))
    ratio = round(statistics.median(a / b for a, b in zip(by_rate["mx"], by_rate["postfix"], strict=True)), 2)
    good = "ok" if ratio >= GATE else "MISSED"
    print(f"receive_vs_postfix {ratio:.2f}, at least {GATE}: {good}; by the processor {cpu:.2f}")
    return ratio


def main() -> None:
    """Start both, measure, show."""
    token = str(uuid4())
    folder = Path(tempfile.mkdtemp(prefix="carom-bench-"))
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        smtp, mx, process = stack.enter_context(served(folder / "data", token))
        peer = stack.enter_context(holding_postfix())

        def load(kind: str, port: int) -> list[str]:
            return module("load", kind, port, CONNECTIONS, SECONDS, token)

        contenders = [
            Contender("mx", [process], load("mx", mx)),
            Contender("submission", [process], load("submission", smtp)),
        ]
        if peer is not None:
            contenders.insert(1, Contender("postfix", [peer[1]], load("mx", peer[0])))
        ratio = show(measure(contenders))
    print(json.dumps({"suite": "smtp", "ratios": {} if ratio is None else {"receive_vs_postfix": ratio}}))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        tune()
        uvloop.run(serve(*sys.argv[1:3]))
    else:
        main()
