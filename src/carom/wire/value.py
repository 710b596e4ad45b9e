"""Results: typed structs that know the answer they came from. The one base of everything that an API answers."""

from collections import deque
from collections.abc import Callable, Iterable
from functools import cached_property
from itertools import count, repeat
from typing import Any, ClassVar, cast

import msgspec
from msgspec import Struct

from carom.wire._kinds import is_list, is_object
from carom.wire._naming import postmark_name
from carom.wire.times import encode_hook


class Answer:
    """The bytes of an answer, decoded only when somebody asks, and the client that got it."""

    def __init__(self, body: bytes) -> None:
        """Keep the bytes."""
        self.body = body
        self.client: object | None = None

    @cached_property
    def decoded(self) -> Any:
        """The whole answer as plain JSON values."""
        return msgspec.json.decode(self.body)

    def at(self, path: Iterable[str | int]) -> Any:
        """Return the plain value at a path of keys and indices; None where there is none. A key in another case is
        found too: a tolerant reading takes it."""
        value = self.decoded
        for step in path:
            if is_object(value):
                value = value[step] if step in value else _folded(value, str(step))
            else:
                value = value[step] if is_list(value) and isinstance(step, int) and step < len(value) else None
        return value


def _folded(value: dict[str, Any], name: str) -> Any:
    return next((member for key, member in value.items() if key.lower() == name.lower()), None)


class Beside:
    """What a result keeps beside its fields: neither the wire nor equality knows of it."""

    # A slot costs a result eight bytes. A __dict__ would cost an object, and have the garbage collector follow each of
    # the results of a large page.
    __slots__ = ("_origin",)

    _origin: "tuple[Any, ...]"  # an Answer, then the path of keys and indices in it


class Wire(Beside, Struct, frozen=True, kw_only=True, rename=postmark_name, omit_defaults=True, gc=False):
    """A result. A field that Postmark leaves out of some answers is ``X | None = None`` and is left out when None;
    one that it sends as null is ``X | None`` without a default; all others are required. No other default may
    stand here: it would be left out of answers.

    ``result["BouncedAt"]`` and ``result["bounced_at"]`` are ``result.bounced_at``; fields that Carom does not know
    are there under their wire names.

    The garbage collector does not follow results: they are trees, whose members go with them.
    """

    # What a required field that is missing means, where it means something.
    when_missing: ClassVar[dict[str, Any]] = {}

    @property
    def raw(self) -> Any:
        """The answer as it came, as plain JSON values, unknown fields included; for a value that no answer holds,
        what would be sent."""
        answer, path = origin(self)
        return self.to_dict(wire=True) if answer is None else answer.at(path)

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


_set_origin = cast("Callable[[object, tuple[Any, ...]], None]", Beside.__dict__["_origin"].__set__)


def origin(value: object) -> tuple[Answer | None, tuple[str | int, ...]]:
    """Return the answer that a result came from, and the path to it in there; None for one that no answer holds."""
    found: tuple[Any, ...] | None = getattr(value, "_origin", None)
    return (None, ()) if found is None else (found[0], found[1:])


def attach(value: object, answer: Answer, *path: str | int) -> None:
    """Tell a result, and those inside it, which part of which answer they are."""
    if isinstance(value, Wire):
        _set_origin(value, (answer, *path))
        for attribute, wire_name in _nested(type(value)):
            attach(getattr(value, attribute), answer, *path, wire_name)
    elif is_list(value) and value:
        if isinstance(value[0], Wire) and not _nested(type(value[0])):
            # A large page has hundreds: nothing of this loop is Python's.
            steps = (repeat(step) for step in (answer, *path))
            deque(map(_set_origin, value, zip(*steps, count(), strict=False)), maxlen=0)
            return
        for index, item in enumerate(value):
            attach(item, answer, *path, index)


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
