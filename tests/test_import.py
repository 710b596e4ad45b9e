"""``import carom`` is light, and has every name that it promises."""

import subprocess
import sys

import carom

HEAVY = ("carom.server", "carom.testing", "carom.cli", "aiohttp", "http.client", "asyncio", "ssl", "sqlalchemy", "django",
         "pytest", "cyclopts", "rich", "uvicorn")  # fmt: skip


def loaded_by(statement: str) -> set[str]:
    """Run a statement in a fresh interpreter and return the modules that it loaded."""
    script = f"import sys; {statement}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_carom_loads_nothing_heavy() -> None:
    """Neither the server, nor anybody's network library before it is used: that is what keeps it under 100 ms."""
    for statement in ("import carom", "from carom import ApiClient, Bounce, Error"):
        loaded = loaded_by(statement)
        assert not {name for name in loaded for heavy in HEAVY if name == heavy or name.startswith(f"{heavy}.")}


def test_a_program_loads_what_it_names() -> None:
    """The sync client does not bring the async one."""
    assert "carom.client._async.api" not in loaded_by("from carom import ApiClient")


def test_every_promised_name_is_there() -> None:
    """The names for type checkers and those at run time are the same."""
    assert [name for name in carom.__all__ if not hasattr(carom, name)] == []
    assert sorted(carom.__all__) == dir(carom)
