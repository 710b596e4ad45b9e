"""Secrets, keys and ids."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from carom.server.config import BadSetting
from carom.server.keyring import Keyring, load_keyring, new_message_id, token_hash

ONE, TWO = "a:" + "1" * 64, "b:" + "2" * 64


def test_a_secret_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    """Mode 0600, and the same keys at the next start."""
    first = load_keyring(tmp_path)
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600
    assert load_keyring(tmp_path).return_path_keys == first.return_path_keys


def test_the_environment_goes_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is written then."""
    monkeypatch.setenv("CAROM_SECRET", ONE)
    assert load_keyring(tmp_path).version == "a"
    assert not (tmp_path / "secret").exists()


def test_two_versions_are_valid_at_once() -> None:
    """What the old one sealed is read after the change."""
    old, new = Keyring.read(ONE), Keyring.read(f"{TWO}\n{ONE}")
    assert new.unseal(old.seal("token")) == "token"
    assert (new.version, set(new.return_path_keys)) == ("b", {"a", "b"})
    assert new.return_path_keys["a"] == old.return_path_keys["a"]


@pytest.mark.parametrize("text", ["", "a:12", "1" * 64, "A:" + "1" * 64, f"{ONE} x", "a:" + "g" * 64])
def test_a_bad_secret_says_how_to_make_a_good_one(text: str) -> None:
    """And is never shown."""
    with pytest.raises(BadSetting, match=r"secrets\.token_hex") as caught:
        Keyring.read(text)
    assert "1" * 64 not in str(caught.value)


def test_another_secret_does_not_open_the_store() -> None:
    """Better to stop than to answer with rubbish."""
    with pytest.raises(BadSetting, match="another installation secret"):
        Keyring.read(TWO).unseal(Keyring.read(ONE).seal("token"))
    with pytest.raises(BadSetting, match="another installation secret"):
        Keyring.read("a:" + "3" * 64).unseal(Keyring.read(ONE).seal("token"))


def test_tokens_are_looked_up_without_regard_to_case() -> None:
    """And white space around them."""
    assert token_hash("ABC-def ") == token_hash("abc-DEF")


def test_message_ids_are_uuids_of_version_7_in_order_of_time() -> None:
    """RFC 9562."""
    ids = [new_message_id(1_700_000_000_000 + step) for step in range(100)]
    assert ids == sorted(ids)
    assert {(one.version, one.variant) for one in ids} == {(7, UUID(int=0x8000 << 48).variant)}
    assert ids[0].int >> 80 == 1_700_000_000_000


def test_a_confirmation_is_good_for_one_signature_and_for_its_time() -> None:
    """Nothing of it can be changed; a secret that is still known confirms what it signed."""
    until = datetime(2026, 11, 30, tzinfo=UTC)
    token = Keyring.read(ONE).confirmation(1000, until)
    both = Keyring.read(f"{TWO} {ONE}")
    for keyring in (Keyring.read(ONE), both):
        assert keyring.read_confirmation(token, until) == 1000
        assert keyring.read_confirmation(token, until + timedelta(seconds=1)) is None
    later = f"{int(until.timestamp()) + 9}"
    for wrong in (
        token.replace(f"{int(until.timestamp())}", later),
        token.replace("1000", "1001"),
        token[:-1],
        "",
        "a",
    ):
        assert both.read_confirmation(wrong, until) is None
    assert Keyring.read(TWO).read_confirmation(token, until) is None
