# pyright: basic
"""M16: the tests of the Django backend with Django 6.1, which wants Python 3.12 or newer, in an interpreter of its own."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OPTIONS = [
    "-c",
    os.devnull,
    "--rootdir",
    str(ROOT),
    "--noconftest",
    "-q",
    "-p",
    "no:cacheprovider",
    "--import-mode=importlib",
]
NEWER = ROOT / ".django" / "bin" / "python"


@pytest.mark.skipif(not NEWER.exists(), reason="needs Django 6.1 on Python 3.12 or newer: make django")
def test_m16_django_6_1() -> None:
    """Warnings are errors there too: nothing deprecated is used."""
    version = subprocess.run(
        [NEWER, "-c", "import django; print(django.get_version())"], capture_output=True, text=True, check=True
    ).stdout
    assert version.startswith("6.1")
    done = subprocess.run(
        [NEWER, "-W", "error", "-m", "pytest", *OPTIONS, "tests/client/test_django.py"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT}/src{os.pathsep}{ROOT}", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "skipped" not in done.stdout
