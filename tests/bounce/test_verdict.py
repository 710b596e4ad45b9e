"""What counts: a false HardBounce kills a good address."""

from pathlib import Path

import pytest

from carom.bounce import classify
from carom.taxonomy import BounceType

REFUSALS = [
    ("550 5.1.1 <a@example.com>: Recipient address rejected: User unknown in local recipient table", "HardBounce"),
    ("550 5.4.1 Recipient address rejected: Access denied. AS(201806281)", "HardBounce"),
    ("550 5.7.1 <a@example.com>... User unknown", "HardBounce"),
    ("550 5.1.1 <a@example.com> sender@example.org has sent too many recipients this hour", "Transient"),
    ("550 5.1.0 <b@example.org> sender rejected AUP#In-1310", "Blocked"),
    ("550 5.2.1 Mailbox unavailable. Your IP address 192.0.2.1 is blacklisted", "Blocked"),
    ("550-5.7.1 Our system has detected that this message is likely unsolicited mail.", "SpamNotification"),
    ("550 5.7.1 Command rejected", "Blocked"),
    ("552 5.2.2 Mailbox full", "SoftBounce"),
    ("450 4.1.1 <a@example.com>: user unknown", "SoftBounce"),
    ("421 Service not available", "Transient"),
    ("554 Transaction failed", "Unknown"),
    ("", "Unknown"),
]


@pytest.mark.parametrize(("text", "kind"), REFUSALS)
def test_a_refusal_has_its_type(text: str, kind: str) -> None:
    assert classify(text=text, command="RCPT").type == kind


WORDED = [line.split("\t") for line in (Path(__file__).parent / "refusals.tsv").read_text("utf-8").splitlines()[1:]]


@pytest.mark.parametrize(("kind", "text"), WORDED)
def test_what_mail_systems_write_has_its_type(kind: str, text: str) -> None:
    """Written from what is known of mail systems and providers, not from the corpus."""
    assert classify(text=text).type == kind


@pytest.mark.parametrize(
    "text",
    [
        "550 Invalid message ID",
        "550 unknown queue id",
        "550 Your host is not registered here",
        "550 There is no entry for your host in our list",
        "550 mailbox moved to another store, deliver it there",
        "550 нет такого домена отправителя",
        "550 няма такъв домейн",
        "550 العنوان غير مسموح",
    ],
)
def test_words_that_speak_of_something_else_make_no_recipient_unknown(text: str) -> None:
    """Without a command nobody knows what a 550 refuses."""
    assert classify(text=text).type is not BounceType.HARD_BOUNCE


NEVER_HARD = (Path(__file__).parent / "never-hard.txt").read_text("utf-8").splitlines()


@pytest.mark.parametrize("text", NEVER_HARD)
def test_what_does_not_speak_of_the_recipient_is_never_hard(text: str) -> None:
    """Words of hard bounces said of records, files, certificates, senders and rules, also in answer to RCPT."""
    assert classify(text=text).type is not BounceType.HARD_BOUNCE
    assert classify(text=text, command="RCPT").type is not BounceType.HARD_BOUNCE


def test_an_address_never_matches_a_rule() -> None:
    """A local part may be any word; only what the server says counts."""
    assert classify(text="550 <blacklisted.spam@quota.example>: no").type is BounceType.UNKNOWN


def test_the_code_in_the_text_is_the_remotes_own() -> None:
    """Status is often the reporter's summary; the text holds what the remote said."""
    assert classify(status="5.0.0", text="550 5.1.1 no").status == "5.1.1"
    assert classify(status="5.2.2", text="550 5.1.1 no").status == "5.1.1"
    assert classify(status="5.2.2", text="550 5.0.0 no").status == "5.2.2"
    assert classify(text="5.1.0 - Unknown address error 550-'5.2.2 mailbox full'").status == "5.2.2"


def test_a_delayed_report_is_transient_whatever_its_codes_say() -> None:
    assert classify(status="5.1.1", text="User unknown", action="delayed").type is BounceType.TRANSIENT


@pytest.mark.parametrize("text", ["192.5.1.1", "5.1.1.7", "version 15.1.1"])
def test_an_ip_address_is_no_code(text: str) -> None:
    assert classify(text=text).status is None
