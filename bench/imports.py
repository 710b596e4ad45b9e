"""What ``import carom`` costs, beside importing asyncio, which every async program pays."""

import json
import statistics
import subprocess
import sys

RUNS = 15
SCRIPT = "import time; begun = time.perf_counter(); import {}; print((time.perf_counter() - begun) * 1000)"


def milliseconds(module: str) -> float:
    """Import a module in a fresh interpreter."""
    done = subprocess.run([sys.executable, "-c", SCRIPT.format(module)], capture_output=True, text=True, check=True)
    return float(done.stdout)


def main() -> None:
    """Measure both in turn and print medians."""
    pairs = [(milliseconds("carom"), milliseconds("asyncio")) for _ in range(RUNS)]
    ours, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(f"import carom    {ours:6.1f} ms (goal: under 100)")
    print(f"import asyncio  {theirs:6.1f} ms")
    print(json.dumps({"suite": "imports", "ratios": {"vs_asyncio": round(theirs / ours, 2)}}))


if __name__ == "__main__":
    main()
