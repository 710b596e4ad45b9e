"""Who has failed to log in too often. Kept in memory, by each process for itself: a restart forgives."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from time import monotonic

FAILURES_OF_KEY = 10
"""Wrong passwords for one user name before that name is refused, from anywhere."""
FAILURES_OF_ADDRESS = 50
"""Wrong log-ins from one address before it is refused. More than of a key: an office has one address."""
WINDOW = 600.0
"""Seconds after which a failure is forgotten."""
MOST = 50_000
"""Names and addresses that are remembered; the oldest go first."""


class Lockout:
    """Counts failures. ``clock`` gives seconds."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        """Remember nothing yet."""
        self._clock = clock
        self._failures: OrderedDict[bytes, list[float]] = OrderedDict()

    def locked(self, user: str, address: str) -> bool:
        """Whether a log-in is to be refused whatever its password is."""
        return any(self._recent(which) >= limit for which, limit in _counted(user, address))

    def failed(self, user: str, address: str) -> None:
        """Count a failure."""
        now = self._clock()
        for which, limit in _counted(user, address):
            times = [*self._failures.pop(which, ()), now]
            self._failures[which] = times[-limit:]
        while len(self._failures) > MOST:
            self._failures.popitem(last=False)

    def _recent(self, which: bytes) -> int:
        since = self._clock() - WINDOW
        return sum(at > since for at in self._failures.get(which, ()))


def _counted(user: str, address: str) -> tuple[tuple[bytes, int], tuple[bytes, int]]:
    """Return what a failure counts for, with its limit. User names are tokens, so no readable one is kept."""
    key = hashlib.sha256(user.lower().encode("utf-8", "replace")).digest()
    return (b"k" + key, FAILURES_OF_KEY), (b"a" + address.encode(), FAILURES_OF_ADDRESS)
