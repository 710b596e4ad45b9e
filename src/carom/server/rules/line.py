"""Who is next: the order in which recipients get their turn, fair to every bucket, which is a server and a destination.

Each bucket stands in one line with the others. A mail that joins gets a turn: the one after its bucket's last, but none that
has passed already. So a bucket of 400,000 has one mail in each round, and whoever comes later waits for a round and not for
400,000 (start-time fair queueing: Goyal, Vin, Cheng 1996). What is remembered here is a hint: a worker that forgets it gives
the next mails of a bucket an earlier turn than they would have had, and nothing else.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from msgspec import Struct

Bucket = tuple[int, str]
"""The id of a server and a destination domain."""

EVERY_SERVER = 0
"""Stands for the id of a server in what is said of a destination's mail from all of them."""


class Standing(Struct, frozen=True):
    """What is said of a bucket. ``most`` deliveries run at once, ``per_minute`` begin; None where there is no limit of its
    own."""

    paused: bool = False
    rests_until: datetime | None = None
    most: int | None = None
    per_minute: int | None = None


PLAIN = Standing()

VIEW = 32
"""How many are looked at beyond those that there is room for: the front may be of buckets that have enough running."""
WIDEST_VIEW = 1024


class Waiting(NamedTuple):
    """A recipient whose mail is due. ``turn`` is its place in line, None where it has none yet."""

    id: int
    bucket: Bucket
    turn: int | None
    standing: Standing


class Chosen(NamedTuple):
    """What becomes of those that are due: they are taken, get a (new) turn, wait until a time, or until somebody resumes."""

    taken: list[Waiting]
    turns: list[tuple[int, int]]
    later: list[tuple[int, datetime]]
    parked: list[int]


class Line:
    """The line as one worker knows it. ``view`` is how far it looks beyond those that there is room for."""

    def __init__(self) -> None:
        """Know nothing."""
        self.view = VIEW
        self._reached = 0
        self._last: dict[Bucket, int] = {}
        self._next_at: dict[Bucket, datetime] = {}
        self._promised: dict[Bucket, datetime] = {}

    def join(self, bucket: Bucket) -> int:
        """Return the turn of a bucket's next mail."""
        turn = self._last[bucket] = max(self._reached, self._last.get(bucket, 0)) + 1
        return turn

    def choose(
        self, waiting: Sequence[Waiting], running: Mapping[Bucket, int], free: int, now: datetime, *, more: bool
    ) -> Chosen:
        """Choose up to ``free`` of those at the front. ``more`` says that others stand behind them.

        A bucket runs no more deliveries than there is room left, so however many of them are slow, others find room.
        """
        chosen = Chosen([], [], [], [])
        new = {one.id: self.join(one.bucket) for one in waiting if one.turn is None}
        in_line = sorted(waiting, key=lambda one: one.turn or new[one.id])
        full: list[Waiting] = []
        busy = Counter(running)
        for one in in_line:
            standing = one.standing
            if standing.paused:
                chosen.parked.append(one.id)
            elif standing.rests_until is not None and standing.rests_until > now:
                chosen.later.append((one.id, standing.rests_until))
            elif (begins := self._paced(one, now)) is not None:
                chosen.later.append((one.id, begins))
            elif self._has_room(standing, busy[one.bucket], free - len(chosen.taken)):
                self._take(one, new, now)
                busy[one.bucket] += 1
                chosen.taken.append(one)
            elif one.turn is None:
                chosen.turns.append((one.id, new[one.id]))
            else:
                full.append(one)
        stuck = more and free > 0 and not chosen.taken
        if stuck:  # nobody at the front may run: let others pass, in greater strides each time
            chosen.turns.extend((one.id, self.join(one.bucket)) for one in full)
        self.view = min(2 * self.view, WIDEST_VIEW) if stuck else VIEW
        self._forget()
        return chosen

    @staticmethod
    def _has_room(standing: Standing, running: int, free: int) -> bool:
        return running < min(free, standing.most or free)

    def _paced(self, one: Waiting, now: datetime) -> datetime | None:
        """Return when a mail of a bucket with a rate may begin, None where it may now."""
        if one.standing.per_minute is None:
            return None
        next_at = self._next_at.get(one.bucket, now)
        if next_at <= now:
            return None
        at = max(self._promised.get(one.bucket, next_at), next_at)
        self._promised[one.bucket] = at + _apart(one.standing.per_minute)
        return at

    def _take(self, one: Waiting, new: Mapping[int, int], now: datetime) -> None:
        turn = one.turn or new[one.id]
        self._reached = max(self._reached, turn - 1)
        if self._last.get(one.bucket, 0) <= turn:  # nobody of the bucket waits: the next begins where the line is
            self._last.pop(one.bucket, None)
        if one.standing.per_minute is not None:
            self._next_at[one.bucket] = max(now, self._next_at.get(one.bucket, now)) + _apart(one.standing.per_minute)

    def _forget(self) -> None:
        if len(self._last) > 10_000:
            self._last = {bucket: turn for bucket, turn in self._last.items() if turn > self._reached}


def _apart(per_minute: int) -> timedelta:
    return timedelta(minutes=1) / per_minute
