"""Runs the rules over what a report or a refusal says. It knows no provider and no phrase: those are rows in
``rules/*.toml``, tried in the order of the files and of the rows in them; the first that matches decides."""

from typing import NamedTuple

from carom.bounce.evidence import Evidence, weigh
from carom.bounce.rulebook import Rules, builtin_rules
from carom.taxonomy import BounceType


class Verdict(NamedTuple):
    """A decision: the type, the rule that decided, the text it matched, the enhanced code that counted, and whether
    words decided and not codes alone."""

    type: BounceType
    rule: str
    matched: str
    status: str | None
    by_words: bool = False


def classify(
    *,
    reply: int | None = None,
    status: str | None = None,
    text: str = "",
    command: str | None = None,
    action: str | None = None,
    rules: Rules | None = None,
) -> Verdict:
    """Decide the type of a refusal: an SMTP reply, a connection error, or the fields of a report.

    ``command`` is the SMTP command that was answered (``RCPT``, ``DATA``, ...), ``action`` the report's. Codes that
    are not given are read from the text. ``rules`` replaces the built-in rules.
    """
    return decide(weigh(reply=reply, status=status, text=text, command=command, action=action), rules)


def decide(evidence: Evidence, rules: Rules | None = None) -> Verdict:
    """Run the rules in their order; nothing that matches is Unknown."""
    rules = builtin_rules() if rules is None else rules
    phrases, worth = rules.look(evidence.text)
    first, matched = len(rules), ""
    for number in sorted(worth.union(phrases)):
        found = rules[number].match(evidence, phrases.get(number), worth=number in worth)
        if found is not None:
            first, matched = number, found
            break
    for number in rules.textless if evidence.coded else ():
        if number > first:
            break
        found = rules[number].match_codes(evidence)
        if found is not None:
            first, matched = number, found
            break
    if first < len(rules):
        rule = rules[first]
        kind = rule.temporary if evidence.temporary else rule.type
        return Verdict(kind, rule.id, matched, evidence.status, rule.text is not None)
    return Verdict(BounceType.UNKNOWN, "unmatched", "", evidence.status)
