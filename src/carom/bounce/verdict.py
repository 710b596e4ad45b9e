"""Runs the rules over what a report or a refusal says. It knows no provider and no phrase: those are rows in
``rules/*.toml``, tried in the order of the files and of the rows in them; the first that matches decides."""

from typing import NamedTuple

from carom.bounce.evidence import Evidence, weigh
from carom.bounce.rulebook import Rules, builtin_rules
from carom.taxonomy import BounceType


class Verdict(NamedTuple):
    """A decision: the type, the rule that decided, the text it matched, the enhanced code that counted, and whether
    words decided without a code."""

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
    first = rules.first(evidence)
    if first is None:
        return Verdict(BounceType.UNKNOWN, "unmatched", "", evidence.status)
    rule, matched = first
    kind = rule.temporary if evidence.temporary else rule.type
    return Verdict(kind, rule.id, matched, evidence.status, rule.text is not None and not rule.reply)
