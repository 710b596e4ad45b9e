"""The line as a pure thing: whatever is in it, nobody is passed over and no limit is broken."""

from collections import Counter
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from carom.server.rules.line import Bucket, Line, Standing, Waiting

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
BUCKETS: list[Bucket] = [(server, domain) for server in (1000, 1001) for domain in ("a.example", "b.example")]


@given(st.lists(st.sampled_from(BUCKETS), max_size=60), st.integers(1, 12))
def test_each_due_mail_is_taken_once_and_rounds_are_fair(arrivals: list[Bucket], free: int) -> None:
    """Whoever has mail in line gets one before anybody gets a second more than it."""
    line = Line()
    waiting = {n: Waiting(n, bucket, line.join(bucket), Standing()) for n, bucket in enumerate(arrivals)}
    left = Counter(arrivals)
    got: Counter[Bucket] = Counter()
    taken: list[int] = []
    while waiting:
        in_line = sorted(waiting.values(), key=lambda one: one.turn or 0)
        chosen = line.choose(in_line, {}, free, NOW, more=False)
        assert chosen.taken
        for one in chosen.taken:
            taken.append(one.id)
            del waiting[one.id]
            left[one.bucket] -= 1
            got[one.bucket] += 1
        with_mail = [got[bucket] for bucket in got if left[bucket]]
        assert not with_mail or max(got.values()) - min(with_mail) <= free
    assert sorted(taken) == list(range(len(arrivals)))


@given(st.dictionaries(st.sampled_from(BUCKETS), st.integers(0, 5)), st.integers(0, 12), st.integers(1, 3))
def test_limits_hold(running: dict[Bucket, int], free: int, most: int) -> None:
    line, limited = Line(), Standing(most=most)
    waiting = [Waiting(n, BUCKETS[n % 4], line.join(BUCKETS[n % 4]), limited) for n in range(40)]
    chosen = line.choose(waiting, running, free, NOW, more=True)
    assert len(chosen.taken) <= free
    now_running = Counter(running) + Counter(one.bucket for one in chosen.taken)
    assert all(now_running[bucket] <= max(most, running.get(bucket, 0)) for bucket in BUCKETS)


def test_a_newcomer_stands_where_the_line_is() -> None:
    """Not behind what another bucket has piled up, and not before what was there first."""
    line = Line()
    pile = [Waiting(n, BUCKETS[0], line.join(BUCKETS[0]), Standing()) for n in range(1000)]
    line.choose(pile[:500], {}, 1000, NOW, more=True)
    newcomer = line.join(BUCKETS[1])
    assert (pile[499].turn or 0) <= newcomer <= (pile[501].turn or 0)
