"""Who fails to log in too often is refused for a while, by name and by address."""

import pytest

from carom.server.smtp import lockout
from carom.server.smtp.lockout import FAILURES_OF_ADDRESS, FAILURES_OF_KEY, WINDOW, Lockout


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_name_is_locked_from_anywhere_and_others_are_not() -> None:
    lock = Lockout(Clock())
    for number in range(FAILURES_OF_KEY):
        assert not lock.locked("PM-key", "192.0.2.1")
        lock.failed("PM-key", f"192.0.2.{number}")
    assert lock.locked("pm-KEY", "198.51.100.1")
    assert not lock.locked("other", "192.0.2.1")


def test_an_address_is_locked_for_every_name() -> None:
    lock = Lockout(Clock())
    for number in range(FAILURES_OF_ADDRESS):
        assert not lock.locked("new", "192.0.2.1")
        lock.failed(f"guess {number}", "192.0.2.1")
    assert lock.locked("new", "192.0.2.1")
    assert not lock.locked("new", "192.0.2.2")


def test_time_forgives() -> None:
    clock = Clock()
    lock = Lockout(clock)
    for _ in range(FAILURES_OF_KEY):
        lock.failed("key", "192.0.2.1")
    clock.now = WINDOW - 1
    assert lock.locked("key", "192.0.2.1")
    clock.now = WINDOW + 1
    assert not lock.locked("key", "192.0.2.1")


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lockout, "MOST", 100)
    lock = Lockout(Clock())
    for number in range(1000):
        lock.failed(f"guess {number}", f"192.0.2.{number}")
    assert len(lock._failures) == 100
