"""Reading addresses as Postmark does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carom.wire.addresses import Address, BadAddress, parse_address, parse_addresses


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a@b.co", [Address("", "a@b.co")]),
        ("Jo Doe <a@b.co>", [Address("Jo Doe", "a@b.co")]),
        ('"Doe, Jo" <a@b.co>, c@d.co', [Address("Doe, Jo", "a@b.co"), Address("", "c@d.co")]),
        ('"a \\"b\\" c" <a@b.co>', [Address('a "b" c', "a@b.co")]),
        ("a@b.co,, c@d.co ,", [Address("", "a@b.co"), Address("", "c@d.co")]),
        ("Jö <jo+x.y@sub.b-c.co>", [Address("Jö", "jo+x.y@sub.b-c.co")]),
        ("<a@b.co>", [Address("", "a@b.co")]),
        ("", []),
    ],
)
def test_lists_of_mailboxes_are_read(text: str, expected: list[Address]) -> None:
    """Quoted commas do not part a list, empty members are skipped."""
    assert parse_addresses(text, "To") == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "johne.xample.com",
            "Error parsing 'To': Illegal email address 'johne.xample.com'. It must contain the '@' symbol.",
        ),
        ("user@+", "Error parsing 'To': Illegal email domain '+' in address 'user@+'."),
        ("invalid@localhost", "Invalid 'To' address: 'invalid@localhost'."),
        ("x@postmarkapp.com", "Invalid 'To' address: 'x@postmarkapp.com'."),
        ("a..b@example.org", "Error parsing 'To': Illegal local part 'a..b' in address 'a..b@example.org'."),
        ("ü@example.org", "Error parsing 'To': Illegal local part 'ü' in address 'ü@example.org'."),
        ("a@b@c.org", "Error parsing 'To': Illegal local part 'a@b' in address 'a@b@c.org'."),
        ("a@[127.0.0.1]", "Error parsing 'To': Illegal email domain '[127.0.0.1]' in address 'a@[127.0.0.1]'."),
        ("a@127.0.0.1", "Invalid 'To' address: 'a@127.0.0.1'."),
        ("a@b.co\r\nBcc: x@y.co", "Error parsing 'To': Illegal control character in an address."),
        ("a@b.co\u2028x", "Error parsing 'To': Illegal control character in an address."),
    ],
)
def test_bad_addresses_are_named_in_postmarks_words(text: str, message: str) -> None:
    """Clients match on these texts."""
    with pytest.raises(BadAddress) as caught:
        parse_addresses(text, "To")
    assert str(caught.value) == message


def test_one_address_means_one() -> None:
    """From takes exactly one."""
    assert parse_address("Me <me@example.com>", "From") == Address("Me", "me@example.com")
    with pytest.raises(BadAddress, match="Exactly one"):
        parse_address("a@b.co, c@d.co", "From")


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    """Whatever comes in: addresses, or BadAddress, never another error; and what is read can be written and read."""
    try:
        found = parse_addresses(text, "To")
    except BadAddress:
        return
    assert parse_addresses(", ".join(map(str, found)), "To") == [Address(one.name.strip(), one.email) for one in found]
