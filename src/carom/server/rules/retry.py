"""When to try again, as tables. Delays are before jitter, in order of attempts; after the last one we give up."""

from collections.abc import Callable
from datetime import timedelta

JITTER = 0.2
"""A delay is stretched or cut by up to this share, so that a day's mail to a dead host does not come back in step."""


def _minutes(*delays: float) -> tuple[timedelta, ...]:
    return tuple(timedelta(minutes=delay) for delay in delays)


DELIVERY = _minutes(1, 5, 10, 20, 40, 60, 120, 180, 240, 360, 360, 480, 480, 480)
"""Delivery to a remote that says later: about two days."""

RESTS = _minutes(1, 2, 5, 10, 20, 30)
"""How long all mail of a bucket waits after a remote said 421 or 4.7.x, by how often in a row it did; the last one again and
again."""

OWN_JOBS = _minutes(0.1, 0.5, 2, 10, 30, 60, 120)
"""Jobs of our own that fail for a reason of our own."""

_EVENT = _minutes(1, 5, 10, 10, 10, 15)
POSTS = {
    "Delivery": _EVENT,
    "Bounce": _EVENT,
    "SpamComplaint": _EVENT,
    "Open": _EVENT,
    "Click": _EVENT,
    "SubscriptionChange": _EVENT,
    "Inbound": _minutes(1, 5, 10, 10, 10, 15, 30, 60, 120, 360),
}
"""Posts to webhooks, by what is posted; a hook is told how many retries remain, so these have no jitter.
https://postmarkapp.com/developer/webhooks/webhooks-overview, https://postmarkapp.com/developer/webhooks/inbound-webhook"""


def retry_delay(schedule: tuple[timedelta, ...], attempts: int, chance: Callable[[], float]) -> timedelta | None:
    """Return how long to wait after so many attempts, or None to give up. ``chance`` gives 0 to 1."""
    if attempts > len(schedule):
        return None
    return schedule[attempts - 1] * (1 + JITTER * (2 * chance() - 1))
