"""Runs the rules over what a report or a refusal says. It knows no provider and no phrase: those are rows in
``rules/*.toml``, tried in the order of the files and of the rows in them; the first that matches decides."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple, overload

from carom.bounce.codes import find_command, find_reply, find_status, is_vague
from carom.taxonomy import BounceType

# Section 4 of the classification sheet: text beats code, and within texts the sender's faults come before the
# recipient's, so that a block list is never taken for an unknown user.
ORDER = ("actions", "operators", "phrases", "categories", "status", "replies")
MAX_TEXT = 2000

_ADDRESS = re.compile(r"<?[^\s<>@,;:\"'()\[\]]{1,128}@[a-z0-9][a-z0-9.-]{0,252}>?")


class Evidence(NamedTuple):
    """What the rules look at. ``text`` is in lower case, white space collapsed, each address written ``<@>``."""

    action: str = ""
    status: str | None = None
    reply: int | None = None
    command: str = ""
    text: str = ""

    @property
    def temporary(self) -> bool:
        """Whether the codes say that a later try may work: class 4 of the status, else of the reply."""
        return self.status[0] == "4" if self.status else self.reply is not None and self.reply < 500


class Verdict(NamedTuple):
    """A decision: the type, the rule that decided, the text it matched, and the enhanced code that counted."""

    type: BounceType
    rule: str
    matched: str
    status: str | None


class Text(NamedTuple):
    """Ways to match a text: phrases that stand in it as they are, and regexes, tried only where one of ``needs``
    stands in the text (most rules are passed over that way)."""

    phrases: tuple[str, ...]
    regexes: tuple[re.Pattern[str], ...]
    needs: tuple[str, ...]

    def search(self, text: str) -> str | None:
        """Return what the first regex that matches has matched."""
        return next((found[0] for regex in self.regexes if (found := regex.search(text))), None)


class Rules(Sequence["Rule"]):
    """Rules in their order, with an index of their phrases and needs by the first letters of a word in each: of some
    seven hundred, a text of thirty words is looked at for thirty."""

    def __init__(self, rules: Iterable["Rule"]) -> None:
        self._rules = tuple(rules)
        self.textless = [number for number, rule in enumerate(self._rules) if rule.text is None]
        entries = [
            (number, words, words in rule.text.phrases)
            for number, rule in enumerate(self._rules)
            if rule.text
            for words in (*rule.text.phrases, *rule.text.needs)
        ]
        common = Counter(key for _, words, _ in entries for key in _keys(words))
        self._index: dict[str, list[tuple[int, str, bool]]] = {}
        for entry in entries:
            key = min(_keys(entry[1]), key=common.__getitem__, default=_ALWAYS)
            self._index.setdefault(key, []).append(entry)

    def look(self, text: str) -> tuple[dict[int, str], set[int]]:
        """Return the phrases that stand in a text, by rule, and the rules whose regexes are worth a try."""
        phrases: dict[int, str] = {}
        worth: set[int] = set()
        keys = {word[:_KEY] for word in text.translate(_SPACED).split()}
        keys.add(_ALWAYS)
        for key in self._index.keys() & keys:
            for number, words, decides in self._index[key]:
                if words in text:
                    if decides:
                        phrases.setdefault(number, words)
                    else:
                        worth.add(number)
        return phrases, worth

    @overload
    def __getitem__(self, index: int) -> "Rule": ...
    @overload
    def __getitem__(self, index: slice) -> Sequence["Rule"]: ...
    def __getitem__(self, index: int | slice) -> "Rule | Sequence[Rule]":
        return self._rules[index]

    def __len__(self) -> int:
        return len(self._rules)


_KEY, _ALWAYS = 3, ""
_WORD = re.compile(r"[^\W_]{3,}")
_SPACED = str.maketrans(dict.fromkeys("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", " "))
_UNSPACED = re.compile(r"[\u3000-\U0010ffff]")


def _keys(words: str) -> list[str]:
    """Return the keys under which a phrase may be filed, none if it has no word of three letters or is of a script
    that sets no spaces between words."""
    return [] if _UNSPACED.search(words) else [word[:_KEY] for word in _WORD.findall(words)]


class Rule(NamedTuple):
    """A row: where all of its conditions hold, ``type`` is the type, or ``temporary`` where a later try may work: of a
    HardBounce that is SoftBounce unless the row says otherwise."""

    id: str
    type: BounceType
    temporary: BounceType
    text: Text | None
    status: re.Pattern[str] | None
    reply: frozenset[int]
    action: str
    command: str
    source: str
    example: str

    def match(self, evidence: Evidence, phrase: str | None, *, worth: bool) -> str | None:
        """Return what matched, None where a condition does not hold. ``phrase`` is one of the rule's that stands in
        the text, ``worth`` whether its regexes are worth a try."""
        matched = self.match_codes(evidence)
        if matched is None or self.text is None:
            return matched
        return phrase or (self.text.search(evidence.text) if worth else None)

    def match_codes(self, evidence: Evidence) -> str | None:
        """Return the last of the codes that matched, empty where the rule names none, None where one does not hold."""
        matched = ""
        if self.action or self.command:
            if self.action not in {"", evidence.action} or self.command not in {"", evidence.command}:
                return None
            matched = self.action or self.command
        if self.reply:
            if evidence.reply not in self.reply:
                return None
            matched = str(evidence.reply)
        if self.status:
            if not evidence.status or not self.status.fullmatch(evidence.status):
                return None
            matched = evidence.status
        return matched


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


def weigh(
    *,
    reply: int | None = None,
    status: str | None = None,
    text: str = "",
    command: str | None = None,
    action: str | None = None,
    codes: str | None = None,
) -> Evidence:
    """Bring what is known into the form that the rules look at. ``codes`` is the text that holds the codes, where that
    is not all of the text."""
    told = text[:MAX_TEXT]
    coded = told if codes is None else codes[:MAX_TEXT]
    status = best_status(status, find_status(coded))
    if reply is None:
        reply = find_reply(coded)
    said = plain(told)
    return Evidence(action or "", status, reply, command.upper() if command else find_command(said), said)


def best_status(status: str | None, inner: str | None) -> str | None:
    """Return the enhanced code that counts: the text's, which is the remote's own, unless only Status says anything."""
    return status if inner is None or (is_vague(inner) and not is_vague(status)) else inner


def plain(text: str) -> str:
    """Write a text as rules see it: lower case, white space collapsed, addresses as ``<@>`` so that no local part
    matches a rule."""
    return " ".join([_ADDRESS.sub("<@>", word) if "@" in word else word for word in text.lower().split()])


def decide(evidence: Evidence, rules: Rules | None = None) -> Verdict:
    """Run the rules in their order; nothing that matches is Unknown."""
    rules = builtin_rules() if rules is None else rules
    phrases, worth = rules.look(evidence.text)
    for number in sorted(worth.union(phrases, rules.textless)):
        rule = rules[number]
        matched = rule.match(evidence, phrases.get(number), worth=number in worth)
        if matched is not None:
            kind = rule.temporary if evidence.temporary else rule.type
            return Verdict(kind, rule.id, matched, evidence.status)
    return Verdict(BounceType.UNKNOWN, "unmatched", "", evidence.status)


@cache
def builtin_rules() -> Rules:
    """Return the rules for refusals, in their order."""
    return Rules(rule for name in ORDER for rule in rules_of(name))


@cache
def rules_of(name: str) -> Rules:
    """Return the rules of one file of the package, read once."""
    file = files("carom.bounce") / "rules" / f"{name}.toml"
    return Rules(read_rules(file.read_text("utf-8"), file.name))


def own_rules(toml: str, name: str) -> Rules:
    """Return the built-in rules for refusals with a person's own in front of them. Raises RuleError."""
    return Rules([*read_rules(toml, name), *builtin_rules()])


class RuleError(ValueError):
    """A rules file that cannot be used; the message names file, rule and fault."""


def read_rules(toml: str, name: str) -> list[Rule]:
    """Read the rules of a file. Raises RuleError."""
    try:
        rows = tomllib.loads(toml).get("rule", [])
    except tomllib.TOMLDecodeError as e:
        raise RuleError(f"{name}: {e}") from e
    return [_rule(row, name) for row in rows]


_TYPES = {kind.value: kind for kind in BounceType}


def _rule(row: dict[str, Any], name: str) -> Rule:
    label = f"{name}: rule {row.get('id', '?')!r}"
    missing = {"id", "type", "match", "source", "example"} - row.keys()
    match: dict[str, Any] = row.get("match", {})
    unknown = (row.keys() - {"id", "type", "temporary", "match", "source", "example"}) | (
        match.keys() - {"phrases", "regexes", "needs", "status", "reply", "action", "command"}
    )
    if missing or unknown or not match:
        raise RuleError(f"{label}: missing {sorted(missing)}, unknown {sorted(unknown)}, or an empty match")
    try:
        kind = _TYPES[row["type"]]
        return Rule(
            id=row["id"],
            type=kind,
            temporary=_TYPES[row.get("temporary", "SoftBounce" if kind is BounceType.HARD_BOUNCE else kind)],
            text=_text(match),
            status=re.compile("|".join(_status(one) for one in match["status"])) if "status" in match else None,
            reply=frozenset(match.get("reply", ())),
            action=match.get("action", ""),
            command=match.get("command", ""),
            source=row["source"],
            example=row["example"],
        )
    except KeyError as e:
        raise RuleError(f"{label}: no bounce type is called {e}") from e
    except (ValueError, re.error) as e:
        raise RuleError(f"{label}: {e}") from e


def _status(code: str) -> str:
    """Turn ``x.7.*`` into a regex: x is any class, * any number."""
    return code.replace(".", r"\.").replace("x", "[45]").replace("*", r"\d{1,3}")


def _text(match: dict[str, Any]) -> Text | None:
    phrases, regexes = tuple(match.get("phrases", ())), tuple(re.compile(one) for one in match.get("regexes", ()))
    needs = tuple(match.get("needs", ()))
    if bool(regexes) != bool(needs):
        raise ValueError("regexes and needs go together: each regex holds one of the words in needs")
    return Text(phrases, regexes, needs) if phrases or regexes else None
