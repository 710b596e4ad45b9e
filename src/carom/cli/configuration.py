"""Settings from a file, beneath the environment and the flags, and where each of them comes from."""

import tomllib
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated, Any, Final, cast

import cyclopts
from cyclopts import Parameter
from cyclopts.argument import ArgumentCollection

from carom.cli.problems import Problem

ConfigFile = Annotated[
    Path | None,
    Parameter(
        name="--config",
        help='A file of settings (TOML), a line each by the name of its flag without dashes in front: mode = "relay". '
        "The environment goes before it, and a flag before both.",
    ),
]

_FLAG: Final = "--config"
_ORIGINS: ContextVar[dict[str, str]] = ContextVar("origins")


def from_file(app: cyclopts.App, commands: tuple[str, ...], arguments: ArgumentCollection) -> None:
    """Give settings that have no value yet those of the file that ``--config`` names: the last of cyclopts' sources. Raises
    Problem for a file that cannot be read; a name in it that is no setting is cyclopts' error, which tells the nearest."""
    named = next((one for one in arguments if _FLAG in one.names), None)
    if named is not None and named.tokens:
        _read(Path(named.tokens[-1].value), app, commands, arguments)
    _ORIGINS.set({one.name: one.tokens[-1].source for one in arguments if one.tokens})


def _read(path: Path, app: cyclopts.App, commands: tuple[str, ...], arguments: ArgumentCollection) -> None:
    try:
        held = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:  # TOMLDecodeError and UnicodeDecodeError are ValueErrors
        raise Problem(f"{_FLAG} {path} cannot be read: {error}") from error
    for name, value in held.items():
        if isinstance(value, dict):
            raise Problem(f"{_FLAG} {path} has a table [{name}]; settings stand by themselves, a line each")
        if name == _FLAG.removeprefix("--"):
            raise Problem(f"{_FLAG} {path} names a file of settings itself; put all settings into one")
    flat = {name: _line(value) for name, value in held.items()}
    cyclopts.config.Dict(flat, source=str(path), use_commands_as_keys=False)(app, commands, arguments)


def _line(value: Any) -> Any:
    """Write a list as a flag takes it."""
    if not isinstance(value, list):
        return value
    return ",".join(str(one) for one in cast("list[object]", value))


def origin(flag: str) -> str:
    """Tell where a setting of the command that runs comes from: "flag", "environment", a file, or "default"."""
    found = _ORIGINS.get({}).get(flag)
    return {None: "default", "cli": "flag", "": "flag", "env": "environment"}.get(found, str(found))
