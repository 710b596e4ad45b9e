"""Results: typed structs that know the answer they came from. The one base of everything that an API answers."""

from collections.abc import Iterable
from functools import cached_property
from typing import Any, ClassVar, cast

import msgspec
from msgspec import Struct

from carom.wire._kinds import is_list, is_object
from carom.wire._naming import postmark_name
from carom.wire.times import encode_hook


class Answer:
    """The bytes of an answer, decoded only when somebody asks."""

    def __init__(self, body: bytes) -> None:
        """Keep the bytes."""
        self.body = body

    @cached_property
    def decoded(self) -> Any:
        """The whole answer as plain JSON values."""
        return msgspec.json.decode(self.body)

    def at(self, path: Iterable[str | int]) -> Any:
        """Return the plain value at a path of keys and indices."""
        value = self.decoded
        for step in path:
            value = value[step]
        return value


class Wire(Struct, frozen=True, kw_only=True, rename=postmark_name, omit_defaults=True, dict=True):
    """A result. A field that Postmark leaves out of some answers is ``X | None = None`` and is left out when None;
    one that it sends as null is ``X | None`` without a default; all others are required. No other default may
    stand here: it would be left out of answers.

    ``result["BouncedAt"]`` and ``result["bounced_at"]`` are ``result.bounced_at``; fields that Carom does not know
    are there under their wire names.
    """

    # What a required field that is missing means, where it means something.
    when_missing: ClassVar[dict[str, Any]] = {}

    @property
    def raw(self) -> Any:
        """The answer as it came, as plain JSON values, unknown fields included; for a value that no answer holds,
        what would be sent."""
        origin = self.__dict__.get("_origin")
        if origin is None:
            return self.to_dict(wire=True)
        answer, path = cast("tuple[Answer, tuple[str | int, ...]]", origin)
        return answer.at(path)

    def __getitem__(self, name: str) -> Any:
        """Return a field by either spelling. Raises KeyError."""
        attribute = attributes(type(self)).get(name)
        if attribute is not None:
            return getattr(self, attribute)
        raw = self.raw
        if is_object(raw) and name in raw:
            return raw[name]
        raise KeyError(name)

    def to_dict(self, *, wire: bool = False) -> dict[str, Any]:
        """Return what is there as a dict, nested results too: snake_case with Python values, or wire names with JSON's.
        An optional field that the answer left out is left out."""
        if wire:
            return cast("dict[str, Any]", msgspec.to_builtins(self, enc_hook=encode_hook))
        return {
            field.name.rstrip("_"): _plain(value)
            for field in msgspec.structs.fields(self)
            if (value := getattr(self, field.name)) is not None or field.required
        }


_attributes: dict[type[Struct], dict[str, str]] = {}


def attributes(kind: type[Struct]) -> dict[str, str]:
    """Return the attribute of each name that a field of a struct answers to: its own, with and without the underscore
    that keeps it from being a keyword, and its wire name."""
    if kind not in _attributes:
        names: dict[str, str] = {}
        for field in msgspec.structs.fields(kind):
            names |= {field.name.rstrip("_"): field.name, field.name: field.name, field.encode_name: field.name}
        _attributes[kind] = names
    return _attributes[kind]


def _plain(value: Any) -> Any:
    if isinstance(value, Wire):
        return value.to_dict()
    if is_list(value):
        return [_plain(item) for item in value]
    return value


def note(value: object, name: str, what: object) -> None:
    """Keep something beside the fields of a frozen value."""
    vars(value)[name] = what


def attach(value: object, answer: Answer, path: tuple[str | int, ...] = ()) -> None:
    """Tell a result, and those inside it, which part of which answer they are."""
    if isinstance(value, Wire):
        note(value, "_origin", (answer, path))
        for attribute, wire_name in _nested(type(value)):
            attach(getattr(value, attribute), answer, (*path, wire_name))
    elif is_list(value):
        if value and isinstance(value[0], Wire) and not _nested(type(value[0])):
            for index, item in enumerate(value):  # the results of a large batch: no call for each
                vars(item)["_origin"] = (answer, (*path, index))
            return
        for index, item in enumerate(value):
            attach(item, answer, (*path, index))


_nesting: dict[type, tuple[tuple[str, str], ...]] = {}


def _nested(kind: type[Wire]) -> tuple[tuple[str, str], ...]:
    """Return attribute and wire name of the fields that can hold results or lists."""
    if kind not in _nesting:
        _nesting[kind] = tuple(
            (field.name, field.encode_name)
            for field in msgspec.structs.fields(kind)
            if any(word in str(field.type) for word in ("carom.", "list["))
        )
    return _nesting[kind]
