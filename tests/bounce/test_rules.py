"""The rules are data; each brings an example, and the example is its test."""

import pytest

from carom.bounce.classify import Rule, RuleError, builtin_rules, decide, read_rules, rules_of, weigh
from carom.taxonomy import BounceType

RULES = builtin_rules()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_an_example_hits_its_own_rule(rule: Rule) -> None:
    """A rule that an earlier one hides would never decide anything."""
    verdict = decide(weigh(text=rule.example, action=rule.action, command=rule.command))
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
