"""The built-in remote's table: every type, every form of address."""

import pytest

from carom.server.rules.scenarios import TEST_DOMAIN, local_part_decides, requested_type, scenario
from carom.taxonomy import BounceType

ASKABLE = [kind for kind in BounceType if kind is not BounceType.SPAM_COMPLAINT]


@pytest.mark.parametrize("kind", ASKABLE)
def test_every_type_can_be_asked_for(kind: BounceType) -> None:
    recipient = f"{kind}@{TEST_DOMAIN}"
    found = scenario(recipient)
    assert found.type is kind
    assert found.at is not None
    assert str(found.code)[0] == found.status[0]
    assert recipient in found.text


@pytest.mark.parametrize("local", ["hardbounce", "HardBounce", "Hard_Bounce", "HARD_BOUNCE", "hardbounce+17"])
def test_a_type_is_read_in_any_spelling(local: str) -> None:
    assert scenario(f"{local}@{TEST_DOMAIN.upper()}").type is BounceType.HARD_BOUNCE


@pytest.mark.parametrize("local", ["nobody", "spamcomplaint", "reply+2", "reply+250-2.0.0", "reply+550-4.1.1", "reply"])
def test_what_names_no_type_is_a_hard_bounce(local: str) -> None:
    found = scenario(f"{local}@{TEST_DOMAIN}")
    assert (found.type, found.at, found.code, found.status) == (BounceType.HARD_BOUNCE, "rcpt", 550, "5.1.1")


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        ("reply+550-5.7.1", ("rcpt", 550, "5.7.1", "failed")),
        ("reply+450-4.2.0", ("rcpt", 450, "4.2.0", "failed")),
        ("reply+552-5.3.4+data", ("data", 552, "5.3.4", "failed")),
        ("reply+550-5.1.1+later", ("later", 550, "5.1.1", "failed")),
        ("reply+450-4.4.1+later", ("later", 450, "4.4.1", "delayed")),
        ("Reply+550-5.7.1+DATA", ("data", 550, "5.7.1", "failed")),
    ],
)
def test_a_reply_can_be_asked_for_literally(local: str, expected: tuple[object, ...]) -> None:
    found = scenario(f"{local}@{TEST_DOMAIN}")
    assert found.type is None
    assert (found.at, found.code, found.status, found.action) == expected


def test_later_accepts_first() -> None:
    assert scenario(f"hardbounce+later@{TEST_DOMAIN}").at == "later"
    assert scenario(f"softbounce+x+later@{TEST_DOMAIN}").at == "later"


def test_transient_is_a_delay_reported_by_mail() -> None:
    found = scenario(f"transient@{TEST_DOMAIN}")
    assert (found.at, found.action, found.status[0]) == ("later", "delayed", "4")


def test_other_domains_accept_whatever_they_are_called() -> None:
    assert scenario("hardbounce@example.com").at is None
    assert scenario("a@example.com", "HardBounce").type is None
    assert scenario(f"hardbounce@sub.{TEST_DOMAIN}").at is None


def test_the_header_counts_before_the_local_part() -> None:
    assert requested_type(f"hardbounce@{TEST_DOMAIN}", "Soft_Bounce") is BounceType.SOFT_BOUNCE
    assert requested_type(f"anybody@{TEST_DOMAIN}", "blocked") is BounceType.BLOCKED
    assert requested_type(f"reply+550-5.7.1@{TEST_DOMAIN}", "blocked") is BounceType.BLOCKED
    assert requested_type(f"blocked@{TEST_DOMAIN}", " ") is BounceType.BLOCKED
    assert scenario(f"anybody+later@{TEST_DOMAIN}", "blocked").at == "later"


@pytest.mark.parametrize(
    ("recipient", "decides"),
    [
        (f"blocked@{TEST_DOMAIN}", True),
        (f"reply+550-5.7.1@{TEST_DOMAIN}", True),
        ("anybody@example.com", True),
        (f"anybody@{TEST_DOMAIN}", False),
        (f"reply+oops@{TEST_DOMAIN}", False),
    ],
)
def test_a_local_part_that_names_nothing_leaves_room_for_the_header(recipient: str, decides: bool) -> None:
    assert local_part_decides(recipient) is decides
