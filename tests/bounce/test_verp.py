"""A return path proves which recipient a bounce belongs to, and nothing else does."""

import string

from hypothesis import given
from hypothesis import strategies as st

from carom.bounce.verp import Forged, Proven, proof, read_proof, read_return_path, return_path

KEYS = {"a": b"first key", "b": b"second key"}


@given(st.integers(0, 2**63), st.sampled_from("ab"))
def test_what_is_written_is_read(recipient_id: int, version: str) -> None:
    address = return_path(recipient_id, "bounces.example.com", KEYS, version)
    assert read_return_path(address, KEYS) == Proven(recipient_id)
    assert read_return_path(f"<{address.upper()}>", KEYS) == Proven(recipient_id)
    assert len(address.partition("@")[0]) <= 64
    assert read_proof(proof(recipient_id, KEYS, version), KEYS) == Proven(recipient_id)


@given(st.integers(2, 34), st.sampled_from(string.ascii_lowercase + "234567"))
def test_a_changed_character_is_a_forgery(position: int, character: str) -> None:
    address = return_path(1000, "example.com", KEYS, "a")
    forged = address[:position] + character + address[position + 1 :]
    if forged != address:
        assert isinstance(read_return_path(forged, KEYS), Forged)


def test_a_header_proof_is_no_return_path() -> None:
    token = proof(1000, KEYS, "a")
    assert isinstance(read_return_path(f"b+{token}@example.com", KEYS), Forged)
    assert isinstance(read_proof(return_path(1000, "example.com", KEYS, "a")[2:].partition("@")[0], KEYS), Forged)


def test_other_addresses_are_no_return_paths() -> None:
    assert read_return_path("someone@example.com", KEYS) is None
    assert read_return_path("", KEYS) is None
    assert read_proof(" ", KEYS) is None


@given(st.text(max_size=60))
def test_any_text_behind_the_mark_is_a_forgery(text: str) -> None:
    assert isinstance(read_return_path(f"b+{text.replace('@', '')}@example.com", KEYS), Forged)


def test_an_unknown_key_is_a_forgery() -> None:
    assert isinstance(read_return_path(return_path(1, "example.com", KEYS, "b"), {"a": KEYS["a"]}), Forged)
