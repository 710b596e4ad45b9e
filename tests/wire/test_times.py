"""Postmark's times."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from carom.wire.bounces import BounceDump
from carom.wire.endpoint import encode_json
from carom.wire.times import Timestamp, filter_bound


def test_times_go_out_in_utc_with_seven_digits() -> None:
    """Whatever zone they came in."""
    at = datetime(2026, 11, 5, 11, 33, 54, 907025, tzinfo=timezone(timedelta(hours=-5)))
    assert encode_json([Timestamp.of(at)]) == b'["2026-11-05T16:33:54.9070250Z"]'
    assert encode_json([Timestamp.of(at.replace(microsecond=0))]) == b'["2026-11-05T16:33:54.0000000Z"]'


def test_a_naive_time_is_no_timestamp() -> None:
    """It would mean another moment on another machine."""
    with pytest.raises(ValueError, match="zone"):
        Timestamp.of(datetime(2026, 1, 1))  # noqa: DTZ001  that is the point


def test_a_field_that_is_left_out_is_left_out() -> None:
    """A dump that is not kept has no key."""
    assert encode_json(BounceDump()) == b"{}"


@pytest.mark.parametrize(
    ("text", "end", "utc"),
    [
        ("2024-01-01", False, "2024-01-01T05:00:00+00:00"),
        ("2024-01-01", True, "2024-01-02T04:59:59.999999+00:00"),
        ("2024-7-1", False, "2024-07-01T04:00:00+00:00"),
        ("2024-01-01T12:30:00", False, "2024-01-01T17:30:00+00:00"),
        ("2024-01-01T12:30:00", True, "2024-01-01T17:30:00.999999+00:00"),
        ("2024-01-01T12:30:00Z", False, "2024-01-01T12:30:00+00:00"),
        ("2024-01-01 12:30:00", False, "2024-01-01T17:30:00+00:00"),
        ("2024-01-01t12:30:00.1234567+02:00", False, "2024-01-01T10:30:00.123456+00:00"),
        ("2024-01-01T12:30:00 02:00", False, "2024-01-01T10:30:00+00:00"),
        ("2024-01-01 12:30:00 00:00", True, "2024-01-01T12:30:00.999999+00:00"),
    ],
)
def test_filter_bounds_are_us_eastern_and_inclusive(text: str, end: bool, utc: str) -> None:
    """A day ends at its last microsecond, a second too."""
    assert filter_bound(text, end=end).astimezone(UTC).isoformat() == utc


@pytest.mark.parametrize("text", ["tomorrow", "2024", "2024-13-01", "2024-01-01T25:00", "--"])
def test_a_bad_bound_is_refused(text: str) -> None:
    """The caller hears which one."""
    with pytest.raises(ValueError, match=r"."):
        filter_bound(text, end=False)
