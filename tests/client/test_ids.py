# pyright: basic
"""Every requirement has a test that carries its id, on a script and on Carom's own server; every method is called there."""

import inspect
import re
from importlib import import_module
from pathlib import Path

import pytest

import carom

HERE = Path(__file__).parent

IDS = [
    *(f"c{n}" for n in (*range(1, 11), *range(20, 30), *range(30, 35), *range(40, 48), *range(50, 54), 6, 7)),
    *(f"c{n}" for n in (*range(80, 86), *range(90, 99), *range(100, 103))),
    *(f"s{n}" for n in (*range(1, 16), 17, 18, 19, 20, 21)),
    *(f"m{n}" for n in (*range(1, 8), 12, 13, 15, 16)),
    "a1",
    *(f"r{n}" for n in (1, 3, 4, 5, 7)),
]


# What no server can show, or what needs none.
SCRIPT_ONLY = {
    "a1": "a refusal without addresses: Carom's server always names them",
    "c10": "what an import loads",
    "c44": "Retry-After: Carom's server has no rate limit",
    "c85": "names of classes",
    "m13": "names of files, which the server hands on as they are",
    "r7": "a line break in a text that Carom's server writes on one line",
    "s9": "a 500 on a send is a fault of the server",
    "s10": "Retry-After: Carom's server has no rate limit",
    "s12": "an answer that is no JSON",
    "s17": "a dump that is gone: it is kept for 30 days",
}

# Methods that make no call of their own, or that others are made of.
NO_CALLS = {"close", "deliver_fields", "from_config", "from_env", "with_options", "with_token"}
NOT_SHOWN = {
    "refuses": {"find_each"},  # it is raw access, which is
    "calls": {  # seen refused only
        "retry_inbound_message",  # what failed to be posted is tried again for hours before
        "request_new_sender_dkim",  # Postmark has deprecated it in favour of rotate_domain_dkim
        "request_new_signature_dkim",
    },
}


def ids_of_tests(pattern: str) -> set[str]:
    """The ids in the names of tests."""
    names = [name for path in HERE.glob(pattern) for name in re.findall(r"def test_(\w+)", path.read_text())]
    return {part for name in names for part in name.split("_") if re.fullmatch(r"[csmar]\d+", part)}


def test_no_requirement_is_without_a_test() -> None:
    missing = sorted(set(IDS) - ids_of_tests("test_*.py"))
    assert not missing, f"requirements without a test: {', '.join(missing)}"


def test_every_requirement_is_met_by_the_server_too() -> None:
    served = ids_of_tests("served/test_*.py")
    missing = sorted(set(IDS) - served - set(SCRIPT_ONLY))
    assert not missing, f"requirements without a test against Carom's server, or a reason: {', '.join(missing)}"
    assert not set(SCRIPT_ONLY) & served, "these are shown by the server after all"


@pytest.mark.parametrize("word", ["calls", "refuses"])
def test_every_method_is_called_on_the_server(word: str) -> None:
    """With success, and refused."""
    modules = [import_module(f"tests.client.served.{path.stem}") for path in (HERE / "served").glob("test_*.py")]
    claimed = set[str]().union(
        *(
            getattr(member, word, set())
            for module in modules
            for member in vars(module).values()
            if inspect.isfunction(member)
        )
    )
    methods = (
        {
            name
            for kind in (carom.ApiClient, carom.AccountApiClient)
            for name, member in inspect.getmembers(kind, callable)
            if not name.startswith("_")
        }
        - NO_CALLS
        - NOT_SHOWN[word]
    )
    assert not methods - claimed, f"methods that no test {word}: {', '.join(sorted(methods - claimed))}"
    assert claimed <= methods | NOT_SHOWN[word]
