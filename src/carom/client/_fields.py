"""What callers say, in wire terms: names in either spelling, dates and booleans of filters, nothing that was not said."""

from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any

import msgspec

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


def check_paging(count: int, offset: int) -> None:
    """Raise ValueError if no page can be had so."""
    if not 1 <= count <= 500:
        raise ValueError(f"count is 1 to 500, not {count}")
    if offset < 0:
        raise ValueError(f"offset is 0 or more, not {offset}")
