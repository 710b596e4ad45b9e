"""Write docs/bounces/types.md from the taxonomy and the rules: ``bounce_types.py [--check]``."""

import sys
from pathlib import Path

from carom.bounce.rulebook import builtin_rules, rules_of
from carom.taxonomy import BounceType

PAGE = Path(__file__).parents[2] / "docs" / "bounces" / "types.md"

HEAD = """# Bounce types

<!-- Written by tools/generators/bounce_types.py from src/carom/taxonomy.py and src/carom/bounce/rules. Edit those. -->

The types, their codes and texts are [Postmark's](https://postmarkapp.com/developer/api/bounce-api#bounce-types). A type
that deactivates does so only when the bounce is proved to be ours (see [how types are decided](how-types-are-decided.md)).

| Type | Code | Name | Deactivates | From mail | Rules |
|---|---:|---|---|---|---:|
"""

TEXTS = """
## What they say

"""


def page() -> str:
    """Return the page."""
    rules = [
        rule for group in (builtin_rules(), *map(rules_of, ("feedback", "notices", "autoreplies"))) for rule in group
    ]
    rows: list[str] = []
    for kind in BounceType:
        deactivates = f"yes: {kind.suppresses.reason}" if kind.suppresses else "no"
        deciding = sum(kind in {rule.type, rule.temporary} for rule in rules)
        cells = (f"`{kind}`", kind.code, kind.label, deactivates, "yes" if kind.from_mail else "no", deciding or "")
        rows.append("| " + " | ".join(str(cell) for cell in cells) + " |\n")
    texts = [f"- `{kind}`: {kind.text}\n" for kind in BounceType]
    return HEAD + "".join(rows) + TEXTS + "".join(texts)


def main(*, check: bool) -> int:
    """Write the page, or tell whether it is stale."""
    text = page()
    if check:
        if PAGE.exists() and PAGE.read_text("utf-8") == text:
            return 0
        print(f"{PAGE} is stale: run make generate", file=sys.stderr)
        return 1
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv[1:]))
