"""When to try again."""

from datetime import timedelta
from functools import partial
from itertools import pairwise

from carom.server.rules.retry import DELIVERY, JITTER, retry_delay


def test_delivery_is_tried_for_about_two_days() -> None:
    """The delays grow, and add up to what a weekend's outage needs."""
    assert timedelta(hours=40) < sum(DELIVERY, timedelta()) < timedelta(hours=60)
    assert all(first <= second for first, second in pairwise(DELIVERY))


def test_jitter_keeps_within_its_share() -> None:
    """So that a day's mail to a dead host does not come back in step."""
    low, middle, high = (retry_delay(DELIVERY, 1, partial(float, chance)) for chance in (0.0, 0.5, 1.0))
    assert middle == DELIVERY[0]
    assert low == DELIVERY[0] * (1 - JITTER)
    assert high == DELIVERY[0] * (1 + JITTER)


def test_after_the_last_delay_it_is_given_up() -> None:
    """None says so."""
    assert retry_delay(DELIVERY, len(DELIVERY), lambda: 0.5) == DELIVERY[-1]
    assert retry_delay(DELIVERY, len(DELIVERY) + 1, lambda: 0.5) is None
