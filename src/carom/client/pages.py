"""Lists: a page that was asked for, and how a page is read."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Generic, TypeVar, cast, overload

import msgspec

from carom.client._core import decode
from carom.client.transports.seam import Reply, Request
from carom.wire._kinds import is_list, is_object
from carom.wire.endpoint import Ask, Endpoint
from carom.wire.value import Answer, Wire, attach

T = TypeVar("T")
R = TypeVar("R")
Req = TypeVar("Req", bound=Ask)


class Page(Sequence[T]):
    """A page of a list. ``total_count`` counts all matches, not those of the page; where the API does not say, it is
    the number of items. ``offset`` and ``count`` are those that were asked for."""

    # What was asked for, as the gem and the wire call it; a sequence's own count() is not here.
    count: int  # type: ignore[assignment]  # pyright: ignore[reportIncompatibleMethodOverride]

    def __init__(self, items: list[T], total_count: int | None, answer: Answer, offset: int, count: int) -> None:
        """Take the items of an answer."""
        self._items = items
        self._answer = answer
        self.total_known = total_count is not None
        self.total_count = len(items) if total_count is None else total_count
        self.offset = offset
        self.count = count  # pyright: ignore[reportIncompatibleMethodOverride]  # as above

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> list[T]: ...
    def __getitem__(self, index: int | slice) -> T | list[T]:
        """Return an item, or a list of some."""
        return self._items[index]

    def __len__(self) -> int:
        """Return the number of items on the page."""
        return len(self._items)

    def __iter__(self) -> Iterator[T]:
        """Iterate over the items of the page."""
        return iter(self._items)

    def __repr__(self) -> str:
        """Return what the page shows of how many."""
        return f"Page({len(self)} of {self.total_count}, offset={self.offset})"

    def __eq__(self, other: object) -> bool:
        """Compare items with those of another page or list."""
        if isinstance(other, (Page, list)):
            return list(self) == list(cast("Sequence[T]", other))
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]  # a page is a list: equal by its items, which can hold lists

    @property
    def raw(self) -> Any:
        """The answer as it came, as plain JSON values."""
        return self._answer.decoded

    def of(self, items: "list[R]") -> "Page[R]":
        """Return this page with other items: some of its own, or what they were made into."""
        total = self.total_count if self.total_known else None
        return Page(items, total, self._answer, self.offset, self.count)

    def bind(self, client: object) -> None:
        """Tell the items which client got them."""
        self._answer.client = client

    @property
    def pair(self) -> tuple[int, list[T]]:
        """``total, items``, as the gem gives templates."""
        return self.total_count, list(self)


class Listing(Generic[Req, T]):
    """A call that gives a list: its endpoint and the type of an item. ``identity`` names the fields that an item is
    known again by, where the list can be cut by ``todate``: a pager goes past the 10,000th item so. ``time`` is the
    item's time, if it has one."""

    def __init__(
        self, endpoint: Endpoint[Req, Any], item: type[T], *, identity: tuple[str, ...] = (), time: str | None = None
    ) -> None:
        """Name a list. Where in the answer the items stand is read off the endpoint's result."""
        self.endpoint = endpoint
        self.item = item
        self.identity = identity
        self.time = time

    @cached_property
    def key(self) -> str:
        """The wire name of the answer's array."""
        fields = msgspec.structs.fields(self.endpoint.result)
        return next(field.encode_name for field in fields if str(field.type).startswith("list["))

    @cached_property
    def _shelf(self) -> type[Any]:
        return shelf(self.key, self.item)

    def read(self, request: Request, reply: Reply, offset: int, count: int) -> Page[T]:
        """Read an answer. Raises DecodeError."""
        return read_page(request, reply, self._shelf, self.key, offset, count)


def shelf(key: str, item: Any) -> type[Any]:
    """Make the type of an answer that has its items under ``key``."""
    return msgspec.defstruct(
        "Shelf",
        [
            ("total_count", int | None, msgspec.field(default=None, name="TotalCount")),
            ("items", list[item], msgspec.field(name=key)),
        ],
        bases=(Wire,),
        frozen=True,
        kw_only=True,
    )


def read_page(request: Request, reply: Reply, kind: type[Any], key: str, offset: int, count: int) -> Page[Any]:
    """Read an answer of a type made by :func:`shelf`. Raises DecodeError."""
    found = decode(request, reply, kind, tell=False)
    answer = Answer(reply.body)
    attach(found.items, answer, key)
    return Page(found.items, found.total_count, answer, offset, count)


class Record(Mapping[str, Any]):
    """A value of an answer that has no type of its own: ``record.message_id``, ``record["MessageID"]`` and
    ``record["message_id"]`` are the same."""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        """Take a plain JSON object."""
        self.raw = dict(raw)

    def __getitem__(self, name: str) -> Any:
        """Return a member by either spelling. Raises KeyError."""
        from carom.wire._naming import postmark_name

        folded = {key.lower(): key for key in self.raw}
        key = name if name in self.raw else folded.get(postmark_name(name).lower())
        if key is None:
            raise KeyError(name)
        return recorded(self.raw[key])

    def __getattr__(self, name: str) -> Any:
        """Return a member by its snake_case name. Raises AttributeError."""
        if name.startswith("__") or name == "raw":
            raise AttributeError(name)
        try:
            return self[name.rstrip("_")]
        except KeyError:
            raise AttributeError(name) from None

    def __iter__(self) -> Iterator[str]:
        """Iterate over the wire names."""
        return iter(self.raw)

    def __len__(self) -> int:
        """Return the number of members."""
        return len(self.raw)

    def __repr__(self) -> str:
        """Return the members."""
        return f"Record({self.raw!r})"


def recorded(value: Any) -> Any:
    """Return a plain JSON value with its objects as records."""
    if is_object(value):
        return Record(value)
    return [recorded(item) for item in value] if is_list(value) else value
