"""The keys of a domain: their names, their states, and what DNS must say."""

from datetime import timedelta

import pytest

from carom.server.rules.dkim import SAFE_AFTER, WHEN_VERIFIED, KeyState, is_published, safe_to_remove, selector
from tests.stores import NOW


def test_every_state_has_a_following_one_and_makes_room_for_the_next() -> None:
    """A domain has one key in each state, so a key moves only where the one before has moved away."""
    assert set(WHEN_VERIFIED) == set(KeyState)
    emptied: set[KeyState | None] = {None}
    for state, following in WHEN_VERIFIED.items():
        assert following in emptied
        emptied.add(state)


def test_a_selector_is_the_second_or_the_next_that_is_free() -> None:
    assert selector(NOW, ()) == "20261123120000pm"
    assert selector(NOW, {"20261123120000pm", "20261123120001pm"}) == "20261123120002pm"


@pytest.mark.parametrize(
    ("text", "published"),
    [
        ("k=rsa; p=AB+/=", True),
        ("v=DKIM1; k=rsa; t=s; p=AB +/=", True),
        ("p=AB+/=", True),
        ("v=DKIM1;k=rsa;p=AB+/=;", True),
        ("k=rsa; p=AB+/", False),
        ("k=rsa; p=", False),
        ("k=rsa; P=AB+/=", False),
        ("AB+/=", False),
        ("", False),
    ],
)
def test_a_key_is_published_by_its_own_tag(text: str, *, published: bool) -> None:
    """Whatever else the record says."""
    assert is_published("AB+/=", ["v=spf1 -all", text]) is published


def test_a_revoked_key_is_safe_to_remove_once_its_mail_is_read() -> None:
    assert not safe_to_remove(NOW, NOW + SAFE_AFTER - timedelta(seconds=1))
    assert safe_to_remove(NOW, NOW + SAFE_AFTER)
