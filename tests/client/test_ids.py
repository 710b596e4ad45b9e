# pyright: basic
"""Every requirement has a test that carries its id."""

import re
from pathlib import Path

HERE = Path(__file__).parent

IDS = [
    *(f"c{n}" for n in (*range(1, 11), *range(20, 30), *range(30, 35), *range(40, 48), *range(50, 54), 6, 7)),
    *(f"c{n}" for n in (*range(80, 86), *range(90, 99), *range(100, 103))),
    *(f"s{n}" for n in (*range(1, 16), 17, 18, 19, 20, 21)),
    *(f"m{n}" for n in (*range(1, 8), 12, 13, 15, 16)),
    "a1",
    *(f"r{n}" for n in (1, 3, 4, 5, 7)),
]


def ids_of_tests() -> set[str]:
    """The ids in the names of tests."""
    names = [name for path in HERE.glob("test_*.py") for name in re.findall(r"def test_(\w+)", path.read_text())]
    return {part for name in names for part in name.split("_") if re.fullmatch(r"[csmar]\d+", part)}


def test_no_requirement_is_without_a_test() -> None:
    missing = sorted(set(IDS) - ids_of_tests())
    assert not missing, f"requirements without a test: {', '.join(missing)}"
