"""One call of the API as a value: how its request is written, how the server reads it, how its answer is read.

Fields named in the path are in the path; the rest are the query of GET and DELETE and the body otherwise. A dict in a
query is one parameter for each key, the field's name in front: ``metadata_`` holds ``metadata_color=blue``.
"""

from collections.abc import Iterable, Mapping
from functools import cached_property
from types import UnionType
from typing import (
    Annotated,
    Any,
    Generic,
    Literal,
    NamedTuple,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)
from urllib.parse import quote

import msgspec
from msgspec import UNSET, Meta, Raw, Struct

from carom.wire._kinds import is_list, is_object
from carom.wire._naming import postmark_name
from carom.wire.learnt import decoder
from carom.wire.times import encode_hook
from carom.wire.value import Wire

__all__ = [
    "Ask",
    "BadFields",
    "BadJson",
    "BadTexts",
    "Encoded",
    "Endpoint",
    "Method",
    "RowId",
    "Token",
    "Wire",
    "encode_json",
    "fold",
]


class Ask(Struct, frozen=True, kw_only=True, rename=postmark_name):
    """A request. A field left UNSET is not sent; None is sent as null."""


RowId = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
"""The number of something in the store: one that fits no column is of the wrong type."""

Req = TypeVar("Req", bound=Ask)
Res = TypeVar("Res")

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Token = Literal["server", "account"]


class Encoded(NamedTuple):
    """A request as it goes out. ``body`` is empty where there is none."""

    method: Method
    path: str
    query: dict[str, str]
    body: bytes


class BadJson(ValueError):
    """The body is no JSON, or none where one is needed, or its top is not what the endpoint takes."""


class BadFields(ValueError):
    """Fields of the body or query have the wrong type. ``names`` are their wire names."""

    def __init__(self, names: Iterable[str]) -> None:
        """Keep the names in the order in which they stood."""
        self.names = tuple(names)
        super().__init__(", ".join(self.names))


class BadTexts(BadFields):
    """Fields of the body hold a NUL, which no header and no database takes."""


class _HoldsNul(msgspec.ValidationError):
    """A member of a body holds a NUL."""


_encoder = msgspec.json.Encoder(enc_hook=encode_hook)


def encode_json(value: object) -> bytes:
    """Encode a wire value."""
    return _encoder.encode(value)


class _Field(NamedTuple):
    """A field of a request. ``nested`` tells whether names in it may have to be spelled anew, ``text`` whether an empty
    text is a value of its own."""

    wire: str
    attribute: str
    decoder: msgspec.json.Decoder[Any]
    type: Any
    nested: bool
    text: bool

    @classmethod
    def of(cls, wire: str, attribute: str, kind: Any) -> "_Field":
        """Describe a field by its type."""
        return cls(
            wire, attribute, decoder(kind, strict=False), kind, _holds_struct(kind), str in _arms(kind) or kind is Any
        )

    def read(self, raw: Raw) -> Any:
        """Read a member of a body, the keys in it in any case; null and, where it is no text, ``""`` as not given. Raises
        msgspec.ValidationError where the type is wrong, NUL among it, which no database keeps; its DecodeError or
        UnicodeDecodeError where it is no JSON."""
        text = bytes(raw)
        if text == b"null" or (not self.text and text == b'""'):
            return UNSET
        if b"\\u0000" in text and self.type != list[Raw] and _has_nul(msgspec.json.decode(text)):
            raise _HoldsNul("a text holds NUL")
        if not self.nested:
            try:
                return self.decoder.decode(text)
            except msgspec.ValidationError:
                if text[:1] not in {b"[", b"{"}:
                    raise
        return msgspec.convert(fold(msgspec.json.decode(text), self.type), self.type, strict=False)


class Endpoint(Generic[Req, Res]):
    """A call: ``Endpoint("GET", "/bounces/{bounce_id}", GetBounce, Bounce)``.

    ``token`` is the kind of token it takes. ``body`` names the one field that is the whole body, for the calls whose
    body is a bare array. ``empty_body`` lets POST and PUT come without one. ``max_body`` is in bytes. ``takes_key`` is for
    the calls that an Idempotency-Key makes safe to repeat, which all are that send. ``field_codes`` are the
    error codes of fields of the wrong type, by wire name, where Postmark has others than 403.
    """

    def __init__(
        self,
        method: Method,
        path: str,
        request: type[Req],
        result: type[Res],
        *,
        token: Token = "server",
        body: str | None = None,
        empty_body: bool = False,
        max_body: int = 1_000_000,
        takes_test_token: bool = False,
        takes_key: bool = False,
        field_codes: Mapping[str, int] | None = None,
    ) -> None:
        """Describe a call; nothing is compiled before it is used."""
        self.method: Method = method
        self.path = path
        self.request = request
        self.result = result
        self.token: Token = token
        self.body = body
        self.empty_body = empty_body
        self.max_body = max_body
        self.takes_test_token = takes_test_token
        self.takes_key = takes_test_token or takes_key
        self.field_codes = dict(field_codes or {})

    def __repr__(self) -> str:
        """Return ``Endpoint(GET /bounces/{bounce_id})``."""
        return f"Endpoint({self.method} {self.path})"

    @property
    def sends(self) -> bool:
        """Whether it sends mail: what takes the test token does."""
        return self.takes_test_token

    @property
    def has_body(self) -> bool:
        """Whether the fields that are not in the path go into a body."""
        return self.method not in {"GET", "DELETE"}

    def in_path(self, field: str) -> bool:
        """Whether a field of the request stands in the path."""
        return f"{{{field}}}" in self.path

    @cached_property
    def _fields(self) -> tuple[msgspec.structs.FieldInfo, ...]:
        return msgspec.structs.fields(self.request)

    @cached_property
    def _result_decoder(self) -> msgspec.json.Decoder[Res]:
        return decoder(self.result)

    @cached_property
    def _exact(self) -> msgspec.json.Decoder[Req] | None:
        """Reads the whole body of a send at once, if all of its names are known."""
        if not self.sends or self.body is not None:
            return None
        strict = msgspec.defstruct(
            self.request.__name__, [], bases=(self.request,), frozen=True, kw_only=True, forbid_unknown_fields=True
        )
        return decoder(cast("type[Req]", strict))

    @cached_property
    def _by_folded_name(self) -> dict[str, _Field]:
        hints = get_type_hints(self.request, include_extras=True)
        return {
            field.encode_name.lower(): _Field.of(field.encode_name, field.name, hints[field.name])
            for field in self._fields
            if not self.in_path(field.name)
        }

    def encode(self, request: Req, more: Mapping[str, Any] | None = None) -> Encoded:
        """Write a request. ``more`` holds fields that the request's type does not know, by wire name."""
        at: dict[str, str] = {}
        rest: dict[str, Any] = {}
        for field in self._fields:
            value = getattr(request, field.name)
            if self.in_path(field.name):
                at[field.name] = quote(str(value), safe="")
            elif value is not UNSET:
                rest[field.encode_name] = value
        rest |= more or {}
        path = self.path.format_map(at)
        if not self.has_body:
            return Encoded(self.method, path, dict(_query(rest)), b"")
        if self.body is not None:
            return Encoded(self.method, path, {}, encode_json(getattr(request, self.body)))
        return Encoded(self.method, path, {}, b"" if self.empty_body and not rest else encode_json(rest))

    def decode(self, answer: bytes) -> Res:
        """Read an answer exactly. Raises msgspec.DecodeError or its ValidationError; tolerance is the client's."""
        return self._result_decoder.decode(answer)

    def parse(self, at: Mapping[str, str], query: Iterable[tuple[str, str]], body: bytes) -> Req:
        """Read a request as leniently as Postmark does: names in any case, null and an empty query value as not given,
        unknown names ignored. Raises BadJson, or BadFields with every field of the wrong type; BadTexts for a NUL."""
        if self._exact is not None and (exact := self._parse_exactly(body)) is not None:
            return exact
        values: dict[str, Any] = {}
        wrong: list[str] = []
        for name, text in at.items():
            try:
                values[name] = msgspec.convert(
                    _stored(text), get_type_hints(self.request, include_extras=True)[name], strict=False
                )
            except msgspec.ValidationError:
                wrong.append(postmark_name(name))
        try:
            if not self.has_body:
                self._parse_query(query, values, wrong)
            elif self.body is not None:
                values[self.body] = self._parse_array(body)
            else:
                self._parse_object(body, values, wrong)
        except RecursionError:
            raise BadJson("it is nested too deeply") from None
        if wrong:
            raise BadFields(wrong)
        try:
            return self.request(**values)
        except TypeError:
            raise BadFields(
                field.encode_name for field in self._fields if field.required and field.name not in values
            ) from None

    def _parse_exactly(self, body: bytes) -> Req | None:
        """Read a body whose names and values are just as they are documented, as most are; None for any other, which is
        then read with lenience. Names inside of fields and escapes that may spell what no text may hold are left to that
        too."""
        if self._exact is None or (b"\\u" in body and any(odd in body for odd in _ODD)):
            return None
        try:
            found = self._exact.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        for name in self._nested:
            if getattr(found, name) is not UNSET:
                return None
        return found

    @cached_property
    def _nested(self) -> tuple[str, ...]:
        return tuple(field.attribute for field in self._by_folded_name.values() if field.nested)

    def _parse_query(self, query: Iterable[tuple[str, str]], values: dict[str, Any], wrong: list[str]) -> None:
        for name, text in query:
            field = self._by_folded_name.get(name.lower())
            if not text:
                continue
            if field is None or _is_prefix(field.wire):
                self._parse_prefixed(name, text, values)
                continue
            try:
                values[field.attribute] = msgspec.convert(_stored(text), field.type, strict=False)
            except msgspec.ValidationError:
                wrong.append(field.wire)

    def _parse_prefixed(self, name: str, text: str, values: dict[str, Any]) -> None:
        for prefix, field in self._by_folded_name.items():
            if _is_prefix(prefix) and name.lower().startswith(prefix) and len(name) > len(prefix):
                values.setdefault(field.attribute, {})[_stored(name[len(prefix) :])] = _stored(text)

    def _parse_array(self, body: bytes) -> list[Raw]:
        try:
            return msgspec.json.decode(body, type=list[Raw])
        except msgspec.DecodeError as error:
            raise BadJson(str(error)) from error

    def _parse_object(self, body: bytes, values: dict[str, Any], wrong: list[str]) -> None:
        if self.empty_body and body.strip() in {b"", b"null"}:
            return
        for name, raw in _members(body).items():
            field = self._by_folded_name.get(name.lower())
            if field is None:
                continue
            try:
                value = field.read(raw)
            except _HoldsNul:
                raise BadTexts([field.wire]) from None
            except msgspec.ValidationError:
                wrong.append(field.wire)
                continue
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise BadJson(str(error)) from error
            if value is not UNSET:
                values[field.attribute] = value


_ODD = (b"\\u0000", b"\\ud", b"\\uD")
"""NUL and halves of surrogates."""


def _members(body: bytes) -> dict[str, Raw]:
    try:
        return msgspec.json.decode(body, type=dict[str, Raw])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadJson(str(error)) from error


def _has_nul(value: object) -> bool:
    if is_object(value):
        return any(_has_nul(part) for member in value.items() for part in member)
    if is_list(value):
        return any(map(_has_nul, value))
    return isinstance(value, str) and "\0" in value


def _stored(text: str) -> str:
    """Return a text of a path or query as one that may be stored: what names nothing is then not found."""
    return text.replace("\0", "\ufffd")


def _is_prefix(name: str) -> bool:
    """Whether a query parameter stands for many, each with its name in front."""
    return name.endswith("_")


def fold(value: object, kind: Any) -> object:
    """Spell the keys of a decoded JSON value as its type spells them, leaving out nulls where they may be left out. An
    empty array stands for an empty object, which PHP writes so, and the other way round."""
    inner, texts = _item_of(kind), _dict_of(kind)
    if is_list(value):
        if not value and inner is None and texts is not None:
            return {}
        return [fold(item, inner or Any) for item in value]
    if not is_object(value):
        return value
    if not value and inner is not None:
        return []
    if texts is not None and get_args(texts)[1] is str:
        return {key: member for key, member in value.items() if member is not None}
    struct = _struct_of(kind)
    return value if struct is None else _fold_fields(value, struct)


def _fold_fields(value: dict[str, Any], struct: type[Struct]) -> dict[str, object]:
    hints = get_type_hints(struct)
    names = {field.encode_name.lower(): field for field in msgspec.structs.fields(struct)}
    folded: dict[str, object] = {}
    for key, member in value.items():
        field = names.get(key.lower())
        if field is not None and (member is not None or field.required):
            folded[field.encode_name] = fold(member, hints[field.name])
    return folded


def _arms(kind: Any) -> tuple[Any, ...]:
    return get_args(kind) if get_origin(kind) in {Union, UnionType} else (kind,)


def _item_of(kind: Any) -> Any:
    return next((get_args(arm)[0] for arm in _arms(kind) if get_origin(arm) is list), None)


def _dict_of(kind: Any) -> Any:
    return next((arm for arm in _arms(kind) if get_origin(arm) is dict), None)


def _struct_of(kind: Any) -> type[Struct] | None:
    return next((arm for arm in _arms(kind) if isinstance(arm, type) and issubclass(arm, Struct)), None)


def _holds_struct(kind: Any) -> bool:
    """Whether names of fields stand in a value of a type, which may be spelled in any case."""
    return _struct_of(kind) is not None or _struct_of(_item_of(kind)) is not None


def _query(values: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    for name, value in values.items():
        if is_object(value):
            yield from ((f"{name}{key}", _query_text(member)) for key, member in value.items())
        elif value is not None:
            yield name, _query_text(value)


def _query_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
