"""The rules as they are read from ``rules/*.toml``, and the index that finds those worth a look.

A rule has an id, a match, a type, a source and an example; which fields a match may have is said in
``docs/bounces/adding-a-rule.md``.
"""

import re
import string
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, NamedTuple, overload

from carom.bounce.evidence import Evidence
from carom.taxonomy import BounceType

# Text beats code, and within texts the sender's faults come before the recipient's, so that a block list is never
# taken for an unknown user.
ORDER = (
    "actions",
    "operators",
    "sender",
    "mailbox",
    "addresses",
    "hosts",
    "languages",
    "categories",
    "status",
    "replies",
)


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
    """Rules in their order, with an index of their phrases and needs by the two rarest words in each: of some two
    thousand, a text of thirty words is looked at for thirty."""

    def __init__(self, rules: Iterable["Rule"]) -> None:
        self._rules = tuple(rules)
        self._textless = [number for number, rule in enumerate(self._rules) if rule.text is None]
        phrases, needs = defaultdict[str, list[int]](list), defaultdict[str, list[int]](list)
        for number, rule in enumerate(self._rules):
            for phrase in rule.text.phrases if rule.text else ():
                phrases[phrase].append(number)
            for need in rule.text.needs if rule.text else ():
                needs[need].append(number)
        every = sorted(phrases.keys() | needs.keys())
        common = Counter(key for words in every for key in _keys(words))
        self._index: dict[bytes, tuple[_Filed, ...]] = {}
        for words in every:
            first, *others = sorted(_keys(words), key=common.__getitem__)
            beside = next((other for other in others if not other.startswith(_BEGUN)), _ALWAYS)
            filed = (beside, words, tuple(phrases[words]), tuple(needs[words]))
            self._index[first] = (*self._index.get(first, ()), filed)
        self._first_of_codes = lru_cache(maxsize=_KEPT)(self._match_codes)
        self._filed_under = lru_cache(maxsize=_KEPT)(self._look_up)

    def first(self, evidence: Evidence) -> tuple["Rule", str] | None:
        """Return the first rule that matches, and what it matched."""
        coded = self._first_of_codes(evidence.action, evidence.status, evidence.reply, evidence.command)
        phrases, worth = self.look(evidence.text)
        for number in sorted(worth.union(phrases)):
            if coded and coded[0] < number:
                break
            rule = self._rules[number]
            matched = rule.match(evidence, phrases.get(number), worth=number in worth)
            if matched is not None:
                return rule, matched
        return (self._rules[coded[0]], coded[1]) if coded else None

    def _match_codes(self, action: str, status: str | None, reply: int | None, command: str) -> tuple[int, str] | None:
        """Return the first of the rules without words that matches. Mails have the same few codes again and again, so
        what is found is kept."""
        evidence = Evidence(action, status, reply, command)
        for number in self._textless if evidence.coded else ():
            matched = self._rules[number].match_codes(evidence)
            if matched is not None:
                return number, matched
        return None

    def look(self, text: str) -> tuple[dict[int, str], set[int]]:
        """Return the phrases that stand in a text, by rule, and the rules whose regexes are worth a try."""
        phrases: dict[int, str] = {}
        worth: set[int] = set()
        keys = set(text.encode("utf-8", "replace").translate(_SPACED).split())
        keys.add(_ALWAYS)
        if not text.isascii():
            keys.add(_FOREIGN)
        for filed in map(self._filed_under, keys):
            for beside, words, phrase_of, need_of in filed:
                if beside in keys and words in text:
                    for number in phrase_of:
                        phrases.setdefault(number, words)
                    worth.update(need_of)
        return phrases, worth

    def _look_up(self, word: bytes) -> "tuple[_Filed, ...]":
        """Return what is filed under a word or its beginning. Most words of a mail stand in the next one too, so what
        is found is kept."""
        return self._index.get(word, ()) + self._index.get(_BEGUN + word[:_KEY], ())

    @overload
    def __getitem__(self, index: int) -> "Rule": ...
    @overload
    def __getitem__(self, index: slice) -> Sequence["Rule"]: ...
    def __getitem__(self, index: int | slice) -> "Rule | Sequence[Rule]":
        return self._rules[index]

    def __len__(self) -> int:
        return len(self._rules)


# Of a phrase or a need: the word that must stand in the text too, its words, the rules that have it as a phrase, and
# those that need it.
_Filed = tuple[bytes, str, tuple[int, ...], tuple[int, ...]]
_KEY = 3
_KEPT = 1 << 13
# Before the first letters of a word, where only they are known.
_BEGUN = b" "
# The keys of phrases that have no word to be filed under: the shortest, and those of scripts without spaces.
_ALWAYS, _FOREIGN = b"", b"  "
_PUNCTUATION = string.punctuation.encode()
_SPACED = bytes.maketrans(_PUNCTUATION, b" " * len(_PUNCTUATION))
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u3000-\U0010ffff]")


def _keys(words: str) -> list[bytes]:
    """Return the keys under which a phrase may be filed: its whole words, and the first letters of the last, which a
    text may go on with (a phrase begins where a word begins, and ends anywhere)."""
    if _UNSPACED.search(words):
        return [_FOREIGN]
    spaced = words.encode().translate(_SPACED)
    *whole, last = spaced.split() or [b""]
    if spaced.endswith(b" ") and last:
        whole.append(last)
    keys = [word for word in whole if len(word) > 1]
    return [*keys, _BEGUN + last[:_KEY]] if len(last) >= _KEY else keys or [_ALWAYS]


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
