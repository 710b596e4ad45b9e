"""carom config: the settings that a server with the same flags, environment and file would have."""

from dataclasses import fields
from typing import Any

from sqlalchemy.engine import make_url

from carom.cli.client import AsJson, print_json, print_table
from carom.cli.configuration import ConfigFile, origin
from carom.cli.serve import Given
from carom.server.config import Settings, flag_of

HEAD = ("setting", "value", "from")


def config(settings: Given = None, *, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Print each setting, what it is and where it comes from: a flag, the environment (CAROM_ and the flag's name), the file
    of --config, or the default. Passwords are masked."""
    del config  # its values are among the settings
    settings = settings or Settings()
    settings.check()
    rows = [(flag_of(one.name), shown(settings, one.name), origin(flag_of(one.name))) for one in fields(Settings)]
    if as_json:
        print_json([dict(zip(HEAD, row, strict=True)) for row in rows])
    else:
        print_table(HEAD, rows)


def shown(settings: Settings, name: str) -> str | int | bool | None:
    """Return a setting as it is written, without a password that stands in it."""
    value: Any = getattr(settings, name)
    if name == "database" and value is not None:
        return make_url(value).render_as_string(hide_password=True)
    return value if value is None or isinstance(value, bool | int) else str(value)
