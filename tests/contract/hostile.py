"""What no client means to send, one value at a time in the place of a good one."""

import copy
import json
from collections.abc import Iterator
from typing import Any

from carom.wire._kinds import is_list, is_object

JSON_VALUES = {
    "NUL": '"a\\u0000b"',
    "a lone surrogate": '"a\\ud800b"',
    "two surrogates the wrong way round": '"\\udc00\\ud800"',
    "a lone surrogate in a key": '{"\\ud800": "x"}',
    "NUL in a key": '{"\\u0000": "\\u0000"}',
    "line ends and direction marks": '"a\\r\\nBcc: b@example.com\\u202e\\ufeff\\uffff"',
    "an astral character": '"\\ud83d\\ude00"',
    "a long text": json.dumps("x" * 70_000),
    "over 64 bits": str(2**63),
    "under 64 bits": str(-(2**63) - 1),
    "a number of 5000 digits": "9" * 5000,
    "a float over the largest": "1e400",
    "a fraction": "1.5",
    "true": "true",
    "an empty text": '""',
    "an empty list": "[]",
    "a list of null": "[null]",
    "an empty object": "{}",
    "nested deeply": "[" * 5000 + "]" * 5000,
    "objects nested deeply": '{"a":' * 5000 + "1" + "}" * 5000,
    "no JSON": "nan",
    "bytes that are no UTF-8": '"\udcff\udcfe"',
    "half a character": '"\udcc3"',
}
"""JSON texts; a byte that is no UTF-8 is written as its surrogate escape."""

OF_DATABASES = frozenset(
    {
        "NUL",
        "NUL in a key",
        "an astral character",
        "a long text",
        "over 64 bits",
        "over 64 bits, negative",
        "bytes that are no UTF-8",
        "a date before all",
        "a date after all",
    }
)
"""What two databases may take differently."""

TEXTS = {
    "NUL": "a%00b",
    "bytes that are no UTF-8": "%ff%fe",
    "a surrogate in UTF-8": "%ed%a0%80",
    "half an escape": "%",
    "an escape that is none": "%zz%u0041",
    "over 64 bits": str(2**63),
    "over 64 bits, negative": str(-(2**63) - 1),
    "a number of 5000 digits": "9" * 5000,
    "digits that are not ASCII": "%d9%a1%d9%a2",
    "a sign": "%2b1",
    "a float over the largest": "1e400",
    "negative": "-1",
    "a date before all": "0001-01-01T00:00:00",
    "a date after all": "9999-12-31T23:59:59-12:00",
    "a pattern": "%25%5f%5c%27%22%3b--",
    "line ends": "a%0d%0ab",
    "a long text": "x" * 20_000,
}
"""Texts of paths and queries, as they are written there."""

BODIES = {
    "a key twice": '{"Name": "a", "name": "b", "NAME": 7}',
    "a key twice, NUL in one": '{"From": "a@example.com", "From": "\\u0000"}',
    "a text": '"x"',
    "a number": "7",
    "an array of everything": '[null, 1, "x", [], {}, [[]]]',
    "a byte order mark": "\ufeff{}",
    "another encoding": "\udcff\udcfe{\0}\0",
    "two texts": "{} {}",
    "NUL behind it": "{}\0",
    "a key that is no text": '{1: "x"}',
    "an unknown key": '{"\\u0000": 1, "\\ud800": {"a": 1e999}}',
    "nothing that is JSON": "\udcff",
}


def texts(*, all_of_them: bool = True) -> dict[str, str]:
    """Return hostile texts of paths and queries: all, or those of databases."""
    return {what: text for what, text in TEXTS.items() if all_of_them or what in OF_DATABASES}


def bodies(good: Any, *, all_of_them: bool = True) -> Iterator[tuple[str, bytes]]:
    """Yield bodies with one value of a good one replaced, by all or by those of databases, and some that are wrong as a
    whole."""
    for what, text in BODIES.items():
        yield what, _bytes(text)
    for place in _places(good):
        marked = copy.deepcopy(good)
        _put(marked, place, "<here>")
        text = json.dumps(marked)
        for what, value in JSON_VALUES.items():
            if all_of_them or what in OF_DATABASES:
                yield f"{what} at {place}", _bytes(text.replace('"<here>"', value))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _places(value: Any) -> Iterator[tuple[Any, ...]]:
    members: list[tuple[Any, Any]] = (
        list(value.items()) if is_object(value) else list(enumerate(value[:1])) if is_list(value) else []
    )
    for key, member in members:
        yield (key,)
        yield from ((key, *rest) for rest in _places(member))


def _put(value: Any, place: tuple[Any, ...], new: Any) -> None:
    for key in place[:-1]:
        value = value[key]
    value[place[-1]] = new
