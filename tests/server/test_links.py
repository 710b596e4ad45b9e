"""Links in mails: sealed, good with an older secret too, and worthless when one bit of them is another (security row 21)."""

import random

import pytest

from carom.server.keyring import MAX_LINK_TOKEN, Keyring
from carom.server.links import Followed, Opened, Subscriber, link, read_link

OLD = Keyring({"a": b"k" * 32}, "a")
NEW = Keyring({"b": b"l" * 32, "a": b"k" * 32}, "b")
ALL: list[Opened | Followed | Subscriber] = [
    Opened(1000),
    Followed(1000, "HTML", "https://shop.example.com/?order=17"),
    Followed(2**53, "Text", "https://shop.example.com/" + "x" * 4000),
    Subscriber(1000, "broadcast", "ann@example.org", 1001),
]


def path(url: str) -> str:
    assert url.startswith("https://c.test/")
    return url.removeprefix("https://c.test")


@pytest.mark.parametrize("what", ALL)
def test_a_link_says_what_it_holds_to_us_alone(what: Opened | Followed | Subscriber) -> None:
    url = link(OLD, "https://c.test/", what)
    assert read_link(OLD, type(what), path(url)) == what
    assert read_link(NEW, type(what), path(url)) == what
    assert link(OLD, "https://c.test", what) == url
    assert read_link(OLD, type(what), path(link(NEW, "https://c.test", what))) is None
    assert "example" not in url


def test_a_link_is_for_one_thing() -> None:
    token = path(link(OLD, "https://c.test", Opened(1000))).rpartition("/")[2]
    for kind, name in ((Followed, "click"), (Subscriber, "unsubscribe")):
        assert read_link(OLD, kind, f"/{name}/{token}") is None
        assert read_link(OLD, kind, f"/open/{token}") is None


def test_no_changed_bit_is_accepted() -> None:
    """10,000 flips of one bit, over tokens of every kind and every length."""
    chance = random.Random(21)
    for number in range(10_000):
        what: Opened | Followed | Subscriber = (
            ALL[number % len(ALL)] if number % 5 else Followed(number, "HTML", f"https://a.test/{number}")
        )
        prefix, _, token = path(link(OLD, "https://c.test", what)).rpartition("/")
        octets = bytearray(token.encode())
        octets[chance.randrange(len(octets))] ^= 1 << chance.randrange(8)
        changed = octets.decode("latin-1")
        assert read_link(OLD, type(what), f"{prefix}/{changed}") is None, (what, changed)


def test_what_is_no_token_is_none() -> None:
    for token in (
        "",
        "a",
        "a=",
        "aAAAA",
        "z" * 50,
        "a" * (MAX_LINK_TOKEN + 1),
        "a" + "A" * 40,
        "ä" * 40,
        "a/b",
        "a%00",
    ):
        assert read_link(OLD, Opened, f"/open/{token}") is None
