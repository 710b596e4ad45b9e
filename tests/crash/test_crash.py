"""A few kills on each store: make crash runs hundreds."""

import subprocess
import sys
from pathlib import Path

import pytest

from carom.server.failpoints import POINTS, VARIABLE
from tests.crash.__main__ import SERIES, holds
from tests.e2e.test_serve import CAROM, FREE

RUNS = 20


@pytest.mark.timeout(400)
@pytest.mark.parametrize("series", SERIES)
def test_nothing_is_lost(series: str, capsys: pytest.CaptureFixture[str]) -> None:
    """And no more copies arrive than there were kills or faults."""
    count = SERIES[series](RUNS)
    with capsys.disabled():
        print(f"\n{series}: {count.ledger}, kills {count.kills}")
    assert count.ledger.lost == 0
    assert count.ledger.accepted > 10 * count.kills
    assert holds(count), count


@pytest.mark.parametrize("point", POINTS)
def test_a_place_stands_where_the_table_says(point: str) -> None:
    """Each is somewhere in the program, by its name."""
    source = Path(sys.modules["carom"].__file__ or "").parent / "server"
    found = [path for path in source.rglob("*.py") if f'failpoint("{point}")' in path.read_text()]
    assert found, f"{point} is nowhere"


@pytest.mark.parametrize("spec", ["deliver.after-25", "deliver.after-250:0", "deliver.after-250:x"])
def test_a_place_that_is_none_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spec: str) -> None:
    """Otherwise a test would pass by never dying."""
    monkeypatch.setenv(VARIABLE, spec)
    done = subprocess.run(
        [*CAROM, "serve", "--data", str(tmp_path), *FREE], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith(f"carom: CAROM_FAILPOINT={spec} names no place")
