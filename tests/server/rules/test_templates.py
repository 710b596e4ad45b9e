"""What may be kept as a template."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carom.server.rules.templates import alias_of, check_alias

NAMES = [
    ("Welcome", "welcome"),
    ("Order No. 7 -- shipped!", "order-no.-7-shipped"),
    ("Crème brûlée", "creme-brulee"),
    ("2nd reminder", "template-2nd-reminder"),
    ("---", "template"),
    ("x" * 300, "x" * 245),
]


@pytest.mark.parametrize(("name", "alias"), NAMES)
def test_an_alias_reads_like_its_name(name: str, alias: str) -> None:
    """Lower case, words joined by hyphens, a letter first."""
    assert alias_of(name, ()) == alias


@given(st.text(), st.integers(0, 3))
def test_an_alias_made_from_any_name_may_be_kept_and_is_new(name: str, times: int) -> None:
    """Whatever is taken before."""
    taken: set[str] = set()
    for _ in range(times + 1):
        alias = alias_of(name, taken)
        check_alias(alias)
        assert alias not in taken
        taken.add(alias)
