"""How smart hosts are written in the settings."""

from pathlib import Path

import pytest

from carom.server.outbound.logins import routes_to
from carom.server.outbound.route import Login
from carom.server.relays import PASSWORD, BadRelay, Relay, Relays


@pytest.mark.parametrize(
    ("text", "relay"),
    [
        ("127.0.0.1:25", Relay("127.0.0.1", 25)),
        ("[::1]:25", Relay("::1", 25)),
        ("smtp://mx.example.com", Relay("mx.example.com", 25)),
        ("smtp://mx.example.com?tls=required", Relay("mx.example.com", 25, "required")),
        ("smtp://me@mx.example.com", Relay("mx.example.com", 587, "required", "me")),
        ("smtp://me%40example.com@mx.example.com:2587", Relay("mx.example.com", 2587, "required", "me@example.com")),
        ("smtps://me@mx.example.com", Relay("mx.example.com", 465, "implicit", "me")),
        ("smtp://me@127.0.0.1:25?tls=none", Relay("127.0.0.1", 25, "none", "me")),
    ],
)
def test_a_relay_reads_as_it_is_written(text: str, relay: Relay) -> None:
    assert Relay.read(text) == relay
    assert Relay.read(str(relay)) == relay


@pytest.mark.parametrize(
    "text",
    ["", "mx.example.com", "mx.example.com:0", "mx.example.com:x", "http://mx.example.com", "smtp://mx.example.com/path",
     "smtp://mx.example.com?tls=maybe", "smtp://mx.example.com?tls=implicit", "smtps://mx.example.com?tls=none",
     "smtp://mx.example.com?ssl=yes", "smtp://me:swordfish@mx.example.com", "smtp://me@mx.example.com?tls=none",
     "smtp://me@mx.example.com?tls=opportunistic"],
)  # fmt: skip
def test_what_is_no_relay_is_refused_without_a_word_of_its_password(text: str) -> None:
    """Nor does a password go out in clear."""
    with pytest.raises(BadRelay) as caught:
        Relay.read(text)
    assert "swordfish" not in str(caught.value)


def test_several_stand_in_one_text() -> None:
    relays = Relays.read(["a.test:25,smtp://b.test", "c.test:26"])
    assert [relay.host for relay in relays] == ["a.test", "b.test", "c.test"]
    assert Relays.read([str(relays)]) == relays


def test_passwords_come_from_the_file_or_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "passwords"
    file.write_text("# ours\nme@a.test:587 first word\n")
    relays = Relays.read(["smtp://me@a.test,smtps://you@b.test,c.test:25"])
    routes = routes_to(relays, file, {PASSWORD: "second"})
    assert [route.login for route in routes] == [Login("me", "first word"), Login("you", "second"), None]
    assert "word" not in repr(routes)
    with pytest.raises(BadRelay, match=r"no password for you@b.test:465"):
        routes_to(relays, file, {})
