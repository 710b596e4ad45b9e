"""Write the sync clients from the async ones: src/carom/client/_async/*.py to _sync/. ``--check`` compares only.

A substitution that matches nothing is an error, so that the table stays honest; whole texts are compared.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src/carom/client/_async"
TARGET = ROOT / "src/carom/client/_sync"

SUBSTITUTIONS = [
    (r"\bawait ", ""),
    (r"\basync (def|for|with)\b", r"\1"),
    (r"\b__a(enter|exit|iter)__\b", r"__\1__"),
    (r"\bAsync([A-Z]\w*)", r"\1"),
    (r"\basync_choose\b", "choose"),
    (r"\bclient\._async\b", "client._sync"),
    (r"\b_aio\b", "_threads"),
    (r"\bAwaitable\[(\w+(?:\[\w+\])?)\]", r"\1"),
    (r"\bAwaitable, |, Awaitable\b", ""),
]


def unasync(text: str, used: set[str]) -> str:
    """Return the sync text of an async one, noting the substitutions that matched."""
    for pattern, replacement in SUBSTITUTIONS:
        text, count = re.subn(pattern, replacement, text)
        if count:
            used.add(pattern)
    return text


def formatted(path: Path, text: str) -> str:
    """Return a text with its imports sorted and its lines laid out."""
    ruff = str(Path(sys.executable).with_name("ruff"))
    name = f"--stdin-filename={path}"
    sorted_ = subprocess.run(
        [ruff, "check", "--quiet", "--fix-only", "--select=I", name, "-"],
        input=text,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return subprocess.run(
        [ruff, "format", "--quiet", name, "-"], input=sorted_, capture_output=True, text=True, check=True
    ).stdout


def main() -> int:
    """Write or compare; return 1 if something is stale."""
    used: set[str] = set()
    wanted: dict[Path, str] = {}
    for source in sorted(SOURCE.glob("[!_]*.py")):
        target = TARGET / source.name
        origin = f"# Generated from _async/{source.name} by tools/generators/unasync.py: edit _async.\n"
        wanted[target] = formatted(target, origin + unasync(source.read_text(), used))
    unused = [pattern for pattern, _ in SUBSTITUTIONS if pattern not in used]
    if unused:
        sys.exit(f"unasync: substitutions that match nothing: {unused}")
    there = set(TARGET.glob("[!_]*.py"))
    stale = [path for path, text in wanted.items() if path not in there or path.read_text() != text]
    stale += sorted(there - set(wanted))
    if "--check" in sys.argv[1:]:
        for path in stale:
            print(f"stale: {path.relative_to(ROOT)}")
        return bool(stale)
    for path in there - set(wanted):
        path.unlink()
    for path, text in wanted.items():
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
