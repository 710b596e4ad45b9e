"""The rules are data; each brings an example, and the example is its test."""

import re
import time
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings, strategies

from carom.bounce import classify, own_rules
from carom.bounce.evidence import weigh
from carom.bounce.rulebook import Rule, RuleError, Rules, builtin_rules, read_rules, rules_of
from carom.bounce.verdict import decide
from carom.taxonomy import BounceType

GROUPS = (builtin_rules(), rules_of("feedback"), rules_of("notices"), rules_of("autoreplies"))
RULES = [rule for group in GROUPS for rule in group]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_an_example_hits_its_own_rule(rule: Rule) -> None:
    """A rule that an earlier one hides would never decide anything."""
    group = next(group for group in GROUPS if rule in group)
    verdict = decide(weigh(text=rule.example, action=rule.action, command=rule.command), group)
    assert verdict.rule == rule.id
    assert verdict.matched


def test_rule_ids_are_unique() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_temporary_refusal_is_never_a_hard_bounce(rule: Rule) -> None:
    assert rule.temporary is not BounceType.HARD_BOUNCE


@pytest.mark.parametrize(
    ("toml", "fault"),
    [
        ("[[rule]]\nid = 'a'", "missing"),
        ("[[rule]]\nid='a'\ntype='Nope'\nmatch.phrases=['x']\nsource='s'\nexample='e'", "Nope"),
        ("[[rule]]\nid='a'\ntype='Blocked'\nmatch.regexes=['x+']\nsource='s'\nexample='e'", "needs"),
        ("[[rule]]\nid='a'\ntype='Blocked'\nmatch.regexes=['(']\nmatch.needs=['x']\nsource='s'\nexample='e'", "unterm"),
        ("[[rule]]\nid='a'\ntype='Blocked'\nmatch.word=['x']\nsource='s'\nexample='e'", "word"),
        ("[[rule", "own.toml"),
    ],
)
def test_a_bad_rule_names_its_fault(toml: str, fault: str) -> None:
    with pytest.raises(RuleError, match=fault):
        read_rules(toml, "own.toml")


OWN = """
[[rule]]
id = "own.full"
type = "HardBounce"
match.phrases = ["mailbox is full"]
source = "our own policy"
example = "552 5.2.2 Mailbox is full"
"""


def test_a_persons_own_rules_go_in_front() -> None:
    rules = own_rules(OWN, "own.toml")
    assert classify(text="552 5.2.2 Mailbox is full").rule == "mailbox.full"
    assert classify(text="552 5.2.2 Mailbox is full", rules=rules).rule == "own.full"
    assert classify(text="550 5.1.1 user unknown", rules=rules).rule == "recipient.unknown"


REACHABLE = {kind for kind in BounceType if kind.from_mail}


def test_every_type_that_mail_can_express_has_a_rule() -> None:
    assert {rule.type for rule in RULES} == REACHABLE


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.text and rule.text.regexes], ids=lambda rule: rule.id)
def test_what_a_regex_matches_holds_one_of_its_needs(rule: Rule) -> None:
    """Otherwise the regex would never be tried: strings are made from each and looked at."""
    assert rule.text
    for regex in rule.text.regexes:
        for text in made_from(regex):
            assert any(need in text for need in rule.text.needs), (regex.pattern, text)


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.text], ids=lambda rule: rule.id)
def test_each_phrase_is_found_as_a_word_begins(rule: Rule) -> None:
    """The index must lead to every phrase, whatever its script."""
    assert rule.text
    rules = Rules([rule])
    for phrase in (*rule.text.phrases, *rule.text.needs):
        between = f"あ{phrase}い" if phrase[0] >= "\u3000" else f"a {phrase}"
        phrases, worth = rules.look(between)
        assert phrases or worth, phrase


def made_from(regex: re.Pattern[str]) -> list[str]:
    """Make strings that a regex matches, the same in each run."""
    found: list[str] = []

    @settings(
        max_examples=60,
        database=None,
        derandomize=True,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
    @given(strategies.from_regex(re.compile(regex.pattern, re.ASCII), fullmatch=True))
    def collect(text: str) -> None:
        found.append(text)

    collect()
    return found


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.text and rule.text.regexes], ids=lambda rule: rule.id)
def test_a_regex_is_linear_on_hostile_text(rule: Rule) -> None:
    """Ten times the text takes some ten times as long, and a quadratic regex a hundred times. What is too quick to
    measure counts as some plain scans of the text."""
    assert rule.text
    for need in rule.text.needs:
        for filling in (need, f"{need} ", f" {need} a"):
            text = filling * (100_000 // len(filling))
            short, long = (least(rule.text.search, one) for one in (text[: len(text) // 10], text))
            assert long < 40 * short + 20 * least(str.split, text), need


def least(read: Callable[[str], object], text: str) -> float:
    """Return the CPU time that reading takes, the least of three tries."""
    return min(cpu_time(read, text) for _ in range(3))


def cpu_time(read: Callable[[str], object], text: str) -> float:
    begun = time.process_time()
    read(text)
    return time.process_time() - begun
