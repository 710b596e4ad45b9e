"""Fuzz the bounce engine with atheris: ``python fuzz/parse.py [SECONDS] [CORPUS...]``, 60 seconds if not said.

The invariant: any bytes give a report, every event of it has a type and a rule, and a mail of 4 KB ends within the
fuzzer's time-out.
"""

import sys
import tempfile
from pathlib import Path

try:
    import atheris
except ModuleNotFoundError:
    sys.stdout.write("fuzz/parse.py: skipped: atheris is not installed\n")
    sys.exit(0)

with atheris.instrument_imports(include=["carom.bounce"]):
    from carom.bounce import parse

SEEDS = Path(__file__).parents[1] / "tests" / "bounce" / "mails"


def once(raw: bytes) -> None:
    """Check the invariant on one input."""
    report = parse(raw)
    for event in report.events:
        assert event.type
        assert event.rule


def main() -> None:
    """Run for a bounded time."""
    seconds, *corpus = sys.argv[1:] or ["60"]
    options = [f"-max_total_time={seconds}", "-max_len=4096", "-timeout=10", "-print_final_stats=1"]
    atheris.Setup([sys.argv[0], *options, *(corpus or [tempfile.mkdtemp()]), str(SEEDS)], once)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
