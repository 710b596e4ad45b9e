"""Print what an extra of pyproject.toml needs, one requirement a line: ``requirements.py server dev``.

``pip install --require-hashes`` takes neither the project itself nor its extras; it takes this list.
"""

import re
import sys
import tomllib
from pathlib import Path

PROJECT = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text())


def needs(extra: str) -> list[str]:
    """Return the requirements of an extra or dependency group, those of extras that it names included."""
    extras, groups = PROJECT["project"]["optional-dependencies"], PROJECT["dependency-groups"]
    listed: list[str] = extras[extra] if extra in extras else groups[extra]
    found: list[str] = []
    for requirement in listed:
        own = re.fullmatch(r"carom\[([\w,]+)\]", requirement)
        found += [name for other in own[1].split(",") for name in needs(other)] if own else [requirement]
    return found


if __name__ == "__main__":
    lines = [*PROJECT["project"]["dependencies"], *(name for extra in sys.argv[1:] for name in needs(extra))]
    print("\n".join(dict.fromkeys(lines)))
