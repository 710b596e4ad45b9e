"""What callers say, in wire terms: names in either spelling, dates and booleans of filters, nothing that was not said."""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from typing import Any, get_type_hints

import msgspec
from msgspec import UNSET

from carom.wire._kinds import is_iterable
from carom.wire._naming import postmark_name
from carom.wire.endpoint import Ask
from carom.wire.times import eastern_text


@cache
def spelling(kind: type[msgspec.Struct]) -> Mapping[str, str]:
    """Return the wire name of each name that a field of a struct answers to."""
    names: dict[str, str] = {}
    for field in msgspec.structs.fields(kind):
        names |= {field.name: field.encode_name, field.name.rstrip("_"): field.encode_name}
        names[field.encode_name] = field.encode_name
    return names


def wire_fields(kind: type[Ask], given: Mapping[str, Any], *, query: bool = False) -> dict[str, Any]:
    """Return what was given by wire name, without what is None. A name that is not known goes out in Postmark's
    spelling, ``new_thing_id`` as ``NewThingID``; in a query as it is. Raises TypeError if a field is given twice."""
    known = spelling(kind)
    found: dict[str, Any] = {}
    for name, value in given.items():
        if value is None:
            continue
        wire = known.get(name) or (postmark_name(name) if name[:1].islower() and not query else name)
        if wire in found:
            raise TypeError(f"{wire} is given twice")
        found[wire] = plain(value)
    return found


def plain(value: Any) -> Any:
    """Return a date as filters have it, anything else as it is."""
    return eastern_text(value) if isinstance(value, date) else value


@cache
def _types(kind: type[Ask]) -> Mapping[str, tuple[str, Any]]:
    hints = get_type_hints(kind, include_extras=True)
    return {field.encode_name: (field.name, hints[field.name]) for field in msgspec.structs.fields(kind)}


def check_types(request: Ask, path: str, fields: Mapping[str, Any]) -> None:
    """Check what a request holds, and the fields that go along by wire name, against their types. Raises TypeError or
    ValueError that names the field."""
    kind = type(request)
    types = _types(kind)
    for wire, value in fields.items():
        if wire in types:
            _check(*types[wire], value)
    for name, hint in types.values():
        value = getattr(request, name)
        if value is UNSET:
            continue
        _check(name, hint, value)
        if isinstance(value, str) and f"{{{name}}}" in path and value.strip(" .") == "":
            raise ValueError(f"{name} is {value!r}, which names nothing")


def _check(name: str, hint: Any, value: Any) -> None:
    try:
        msgspec.convert(value, hint, strict=False)
    except msgspec.ValidationError as error:
        raise TypeError(f"{name.rstrip('_')}: {error}, {value!r}") from None


def needed(**values: Any) -> dict[str, Any]:
    """Return values that a call cannot do without. Raises ValueError that names one that is None or blank."""
    for name, value in values.items():
        if value is None or (isinstance(value, str) and not value.strip()):
            raise ValueError(f"{name} is missing")
    return values


def texts(name: str, value: str | Iterable[str]) -> list[str]:
    """Return a text, or several, as a list. Raises TypeError."""
    if isinstance(value, str):
        return [value]
    listed: list[Any] = list(value) if is_iterable(value) else [value]
    if not all(isinstance(one, str) for one in listed):
        raise TypeError(f"{name} is a text or a list of texts, not {value!r}")
    return listed


def id_or_alias(value: int | str) -> str:
    """Return what names a template, as it stands in a path. Raises TypeError."""
    if isinstance(value, bool) or not isinstance(value, (int, str)):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"id_or_alias is the id or the alias of a template, not {value!r}")
    return str(value)


def check_paging(count: int, offset: int, limit: int | None = None) -> None:
    """Raise TypeError or ValueError if no page can be had so."""
    for name, value, least in (("count", count, 1), ("offset", offset, 0), ("limit", limit, 0)):
        if value is None and name == "limit":
            continue
        if not isinstance(value, int) or isinstance(value, bool):
            raise TypeError(f"{name} is a whole number, not {value!r}")
        if value < least or (name == "count" and value > 500):
            raise ValueError(f"{name} is {'1 to 500' if name == 'count' else '0 or more'}, not {value}")
