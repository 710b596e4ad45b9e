"""Any bytes give a report: nothing is raised, whatever the mail."""

from hypothesis import given
from hypothesis import strategies as st

from carom.bounce import Report, parse


@given(st.binary(max_size=4000))
def test_any_bytes_give_a_report(raw: bytes) -> None:
    assert isinstance(parse(raw), Report)
