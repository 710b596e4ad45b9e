"""Reading answers that are not quite what the documentation says. Never raises below the top level: what is missing
or broken is None, a list that is missing is empty, numbers as text are numbers, unknown words stay words."""

from datetime import datetime
from functools import cache
from types import UnionType
from typing import Annotated, Any, Union, cast, get_args, get_origin, get_type_hints

import msgspec
from msgspec import NODEFAULT, UNSET, UnsetType

from carom.wire._kinds import is_list, is_object
from carom.wire.times import read_time
from carom.wire.value import Wire


class WrongTop(ValueError):
    """The top of an answer is not of the kind that the call gives."""


def read(value: Any, kind: Any) -> Any:
    """Read a plain JSON value as a type. Raises WrongTop only for the value itself, never for what is inside it."""
    wanted = dict if _is_wire(kind) else get_origin(kind)
    if wanted in {dict, list} and not isinstance(value, cast("type", wanted)):
        raise WrongTop(f"expected {'an object' if wanted is dict else 'an array'}")
    return _read(value, kind)


def _is_wire(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Wire)


@cache
def _fields(kind: type[Wire]) -> tuple[tuple[str, str, Any, Any], ...]:
    hints = get_type_hints(kind, include_extras=True)
    return tuple(
        (field.name, field.encode_name, hints[field.name], field.default) for field in msgspec.structs.fields(kind)
    )


def _struct(value: dict[str, Any], kind: type[Wire]) -> Wire:
    folded = {name.lower(): member for name, member in value.items()} | {"": None}
    members: dict[str, Any] = {}
    instead = kind.when_missing
    for attribute, wire, hint, default in _fields(kind):
        member = value.get(wire, folded.get(wire.lower()))
        if member is None and (attribute in instead or default is not NODEFAULT):
            members[attribute] = instead.get(attribute, default)
        else:
            members[attribute] = _read(member, hint)
    return kind(**members)


def _read(value: Any, kind: Any) -> Any:
    origin = get_origin(kind)
    if origin is Annotated:
        return _read(value, get_args(kind)[0])
    if origin in {Union, UnionType}:
        arms = [arm for arm in get_args(kind) if arm not in {type(None), UnsetType}]
        return None if value is None else _read(value, arms[0])
    if origin is list:
        items = value if is_list(value) else []
        return [_read(item, get_args(kind)[0]) for item in items]
    if origin is dict:
        members = value if is_object(value) else {}
        return {name: _read(member, get_args(kind)[1]) for name, member in members.items()}
    if _is_wire(kind):
        return _struct(value if is_object(value) else {}, kind)
    return value if kind in {Any, UNSET} else _scalar(value, kind)


def _scalar(value: Any, kind: Any) -> Any:
    if value is None:
        return None
    if kind is datetime:
        return read_time(value) if isinstance(value, str) else None
    if kind is str:
        return value if isinstance(value, str) else msgspec.json.encode(value).decode()
    try:
        return msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError:
        return None
