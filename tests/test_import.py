"""``import carom`` is light."""

import subprocess
import sys

HEAVY = ("carom.server", "carom.testing", "carom.cli", "aiohttp", "http.client", "asyncio", "ssl", "sqlalchemy", "django",
         "pytest", "cyclopts", "rich", "uvicorn")  # fmt: skip


def test_importing_carom_loads_nothing_heavy() -> None:
    """Neither the server, nor anybody's network library before it is used: that is what keeps it under 100 ms."""
    script = "import sys, carom; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    modules = done.stdout.split()
    assert not {name for name in modules if any(name == heavy or name.startswith(f"{heavy}.") for heavy in HEAVY)}
