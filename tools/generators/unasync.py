"""Write the sync clients from the async ones: ``unasync.py [--check]``.

A small table of substitutions. One that matches nothing is an error, so that the table stays honest; the check compares
whole files.
"""

import re
import subprocess
import sys
from pathlib import Path

CLIENT = Path(__file__).parents[2] / "src" / "carom" / "client"
RUFF = Path(sys.executable).parent / "ruff"
FILES = ("api.py",)

SUBSTITUTIONS = (
    (r"transports\.aiohttp", "transports.http_client"),
    (r"AiohttpTransport", "HttpClientTransport"),
    (r"import asyncio\b", "import time"),
    (r"asyncio\.sleep", "time.sleep"),
    (r"``async with ", "``with "),
    (r"server, async:", "server:"),
    (r"The async client", "The sync client"),
    (r"async def", "def"),
    (r"await ", ""),
    (r"__aenter__", "__enter__"),
    (r"__aexit__", "__exit__"),
    (r"AsyncIterator", "Iterator"),
    (r"AsyncTransport", "Transport"),
    (r"AsyncApiClient", "ApiClient"),
)


def sync_text(text: str) -> tuple[str, set[str]]:
    """Return the sync form of an async module, and which substitutions it used."""
    used: set[str] = set()
    for pattern, replacement in SUBSTITUTIONS:
        text, count = re.subn(rf"(?<!\w){pattern}", replacement, text)
        if count:
            used.add(pattern)
    return text, used


def formatted(text: str, name: str) -> str:
    """Return a module as the formatter and the import sorter have it."""
    for command in (["check", "--fix-only", "--select", "I"], ["format"]):
        done = subprocess.run(
            [RUFF, *command, "--quiet", "--stdin-filename", CLIENT / "_sync" / name, "-"],
            input=text, capture_output=True, text=True, check=True,
        )  # fmt: skip
        text = done.stdout
    return text


def main(*, check: bool) -> int:
    """Write or check every file."""
    stale: list[Path] = []
    used: set[str] = set()
    for name in FILES:
        text, here = sync_text((CLIENT / "_async" / name).read_text())
        used |= here
        target = CLIENT / "_sync" / name
        head = f"# Generated from carom/client/_async/{name} by tools/generators/unasync.py: edit _async.\n"
        wanted = formatted(head + text, name)
        if not check:
            target.write_text(wanted)
        elif not target.exists() or target.read_text() != wanted:
            stale.append(target)
    unused = [pattern for pattern, _ in SUBSTITUTIONS if pattern not in used]
    for pattern in unused:
        print(f"unasync: the substitution {pattern!r} matches nothing; remove it")
    for path in stale:
        print(f"unasync: {path.name} is stale; run make generate")
    return 1 if stale or unused else 0


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv))
