"""The client of the commands that talk to a server, and how they print."""

import json
import os
import sys
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from carom import ApiClient
from carom.cli.problems import Problem

Url = Annotated[str | None, Parameter(name="--url", env_var="POSTMARK_API_URL", help="The server's address.")]
Token = Annotated[str | None, Parameter(name="--token", env_var="POSTMARK_API_TOKEN", help="The server token.")]
AsJson = Annotated[bool, Parameter(name="--json", negative="", help="Print JSON, for programs.")]


def connect(url: str | None, token: str | None) -> ApiClient:
    """Return a client; there is no default host, so that no test mail goes to the world by mistake."""
    token = token or os.environ.get("POSTMARK_SERVER_TOKEN")
    if not url:
        raise Problem(
            "which server? give --url or set POSTMARK_API_URL (https://api.postmarkapp.com is Postmark's own)"
        )
    if not token:
        raise Problem("which token? give --token or set POSTMARK_API_TOKEN")
    return ApiClient(token, base_url=url)


def print_json(value: Any) -> None:
    """Print a value for programs."""
    json.dump(value, sys.stdout, indent=2, ensure_ascii=False, default=str)
    sys.stdout.write("\n")


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows for people: whole values on a pipe, fitted to the window on a terminal."""
    console = Console(width=None if sys.stdout.isatty() else 10_000, highlight=False)
    table = Table(*columns, box=None, header_style="bold", pad_edge=False, show_header=any(columns))
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    console.print(table)
