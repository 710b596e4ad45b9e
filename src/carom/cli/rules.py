"""``carom rules``: the rules that decide what a bounce is; list them, test a file of your own, ask which one decides."""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from carom.bounce.evidence import weigh
from carom.bounce.rulebook import Rule, RuleError, Rules, builtin_rules, own_rules, rules_of
from carom.bounce.verdict import decide


def groups() -> dict[str, Rules]:
    """Return the built-in rules: those for refusals, and those that tell other mail apart."""
    named = {name: rules_of(name) for name in ("feedback", "notices", "autoreplies")}
    return {"refusals": builtin_rules(), **named}


def list_(*, as_json: Annotated[bool, Parameter(name="--json")] = False) -> None:
    """List the rules in the order in which they are tried.

    Parameters
    ----------
    as_json
        Print one JSON object a rule.

    """
    for group, rules in groups().items():
        for rule in rules:
            if as_json:
                fields = ("id", "type", "temporary", "source", "example")
                print(json.dumps({"group": group} | {name: getattr(rule, name) for name in fields}))
            else:
                print(f"{group:12}{rule.id:28}{rule.type:22}{rule.source}")


def check(file: Path | None = None) -> int:
    """Check that every example hits its own rule: of the built-in rules, or of a file of yours in front of them.

    Parameters
    ----------
    file
        A rules file (TOML).

    """
    try:
        checked = {"own": _own(file)} if file else groups()
    except (OSError, UnicodeDecodeError, RuleError) as e:
        print(f"carom rules: {e}", file=sys.stderr)
        return 1
    faults = [fault for rules in checked.values() for fault in _faults(rules)]
    for fault in faults:
        print(fault, file=sys.stderr)
    print(f"{sum(map(len, checked.values()))} rules, {len(faults)} faults")
    return 1 if faults else 0


def explain(
    text: str,
    *,
    reply: int | None = None,
    status: str | None = None,
    command: str | None = None,
    action: str | None = None,
    rules: Path | None = None,
) -> None:
    """Say which rule decides for an SMTP reply or a diagnostic, and which ones would have if it were not there.

    Parameters
    ----------
    text
        What the remote said.
    reply
        The SMTP reply code, if it is not in the text.
    status
        The enhanced status code, if it is not in the text.
    command
        The SMTP command that was answered: RCPT, DATA, ...
    action
        The action of a report: failed, delayed.
    rules
        A rules file of your own, tried first.

    """
    tried = _own(rules) if rules else builtin_rules()
    evidence = weigh(reply=reply, status=status, text=text, command=command, action=action)
    print(f"text     {evidence.text}")
    print(f"codes    {evidence.reply or '-'} {evidence.status or '-'}{' temporary' if evidence.temporary else ''}")
    print(f"command  {evidence.command or '-'}")
    left = list(tried)
    while (verdict := decide(evidence, Rules(left))).matched:
        rule = next(rule for rule in left if rule.id == verdict.rule)
        lead = "decides" if len(left) == len(tried) else "then"
        print(f'{lead:9}{verdict.type:20}{rule.id:28}matched "{verdict.matched}"  ({rule.source})')
        left = left[left.index(rule) + 1 :]
    if len(left) == len(tried):
        print(f"decides  {verdict.type}: no rule matches")


def _own(file: Path) -> Rules:
    return own_rules(file.read_text("utf-8"), str(file))


def _faults(rules: Rules) -> Iterator[str]:
    yield from (
        f"{name}: {count} rules have this id" for name, count in Counter(r.id for r in rules).items() if count > 1
    )
    for rule in rules:
        hit = example_hits(rule, rules)
        if hit != rule.id:
            yield f"{rule.id}: its example is decided by {hit}"


def example_hits(rule: Rule, rules: Rules) -> str:
    """Return the id of the rule that a rule's example hits."""
    evidence = weigh(text=rule.example, action=rule.action, command=rule.command)
    return decide(evidence, rules).rule
