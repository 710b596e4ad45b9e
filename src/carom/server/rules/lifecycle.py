"""What may become of a message on its way to one recipient: the one place where a state follows from another.

The unit is (message, recipient); a message's own status is derived. The table is total: every event has an answer in
every state, since a bounce can come back before we know that the mail went out, twice, or years late.
"""

from enum import IntEnum


class State(IntEnum):
    """Where a message stands for one recipient. The numbers are stored."""

    QUEUED = 0
    """Accepted from the sender, not tried yet."""
    DEFERRED = 1
    """Tried; the remote said later."""
    DELIVERED = 2
    """The remote took it. It may still bounce."""
    BOUNCED = 3
    """Refused for good, by the remote or by a mail that came back."""
    FAILED = 4
    """No longer to be sent: the address was suppressed in the meantime, or the mail was cancelled."""


class Event(IntEnum):
    """What happens to a message on its way to one recipient. The numbers are stored."""

    ACCEPTED = 0
    """The remote answered 250 to the message."""
    DEFERRED = 1
    """The remote answered 4xx, or could not be reached."""
    REFUSED = 2
    """The remote answered 5xx, or the last retry failed."""
    SUPPRESSED = 3
    """The address turned out to be suppressed when its turn came."""
    RETURNED = 4
    """A mail came back that says the delivery failed."""
    DELAYED = 5
    """A mail came back that says the delivery is delayed."""
    REMARKED = 6
    """A mail came back that says something else: an automatic reply, a challenge, a complaint, or nothing known."""
    CANCELLED = 7
    """Whoever runs the server took the mail out of the queue."""


_S, _E = State, Event

_WAITING = {
    _E.ACCEPTED: _S.DELIVERED,
    _E.DEFERRED: _S.DEFERRED,
    _E.REFUSED: _S.BOUNCED,
    _E.SUPPRESSED: _S.FAILED,
    _E.CANCELLED: _S.FAILED,
    _E.RETURNED: _S.BOUNCED,  # we died between the remote's 250 and our commit
}

TRANSITIONS: dict[State, dict[Event, State]] = {
    _S.QUEUED: {**_WAITING, _E.DELAYED: _S.QUEUED, _E.REMARKED: _S.QUEUED},
    _S.DEFERRED: {**_WAITING, _E.DELAYED: _S.DEFERRED, _E.REMARKED: _S.DEFERRED},
    _S.DELIVERED: {**dict.fromkeys(_E, _S.DELIVERED), _E.RETURNED: _S.BOUNCED},
    _S.BOUNCED: dict.fromkeys(_E, _S.BOUNCED),
    _S.FAILED: dict.fromkeys(_E, _S.FAILED),
}

WAITING = frozenset({State.QUEUED, State.DEFERRED})
"""The states in which a message is still to be sent."""


def follow(state: State, event: Event) -> State:
    """Return the state that an event leads to."""
    return TRANSITIONS[state][event]
