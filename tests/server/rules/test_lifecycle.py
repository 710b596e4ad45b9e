"""The lifecycle is a total table in which nothing that is over begins again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carom.server.rules.lifecycle import TRANSITIONS, WAITING, Event, State, follow


def test_every_event_has_an_answer_in_every_state() -> None:
    """A bounce can come before we know that the mail went out, twice, or years late."""
    assert set(TRANSITIONS) == set(State)
    for state, row in TRANSITIONS.items():
        assert set(row) == set(Event), state


def test_every_state_can_be_reached() -> None:
    """From a message that was just accepted."""
    reached = {State.QUEUED}
    for _ in State:
        reached |= {follow(state, event) for state in reached for event in Event}
    assert reached == set(State)


@given(st.lists(st.sampled_from(Event)))
def test_what_left_the_queue_never_comes_back(events: list[Event]) -> None:
    """Whatever comes in whatever order: no message is sent again because of a late fact."""
    state, over = State.QUEUED, False
    for event in events:
        state = follow(state, event)
        over = over or state not in WAITING
        assert not (over and state in WAITING)


@pytest.mark.parametrize("state", [State.BOUNCED, State.FAILED])
def test_final_states_stay(state: State) -> None:
    """Nothing moves them."""
    assert {follow(state, event) for event in Event} == {state}
