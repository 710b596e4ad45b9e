"""What calls return beside the wire's own structs: pages, and the results of a batch."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Generic, TypeVar, overload

from carom.client.errors import HttpServerError, server_error
from carom.wire.email import SendResult
from carom.wire.errors import ERRORS, error_body

T = TypeVar("T")

_UNPROCESSABLE = 422


class Items(Sequence[T], Generic[T]):
    """A sequence of results."""

    def __init__(self, items: Iterable[T]) -> None:
        self._items = list(items)

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> list[T]: ...
    def __getitem__(self, index: int | slice) -> T | list[T]:
        """Return an item, or a list of some."""
        return self._items[index]

    def __len__(self) -> int:
        """Count the items."""
        return len(self._items)

    def __iter__(self) -> Iterator[T]:
        """Go over the items."""
        return iter(self._items)

    def __repr__(self) -> str:
        """Show the items."""
        return f"{type(self).__name__}({self._items!r})"


class Page(Items[T]):
    """A page of a list. ``total_count`` counts all that match, not those of the page."""

    def __init__(self, items: Iterable[T], *, total_count: int, offset: int) -> None:
        """Keep where it stands beside what came."""
        super().__init__(items)
        self.total_count = total_count
        self.offset = offset

    @property
    def pair(self) -> tuple[int, list[T]]:
        """The total and the items, as the gem's pages come."""
        return self.total_count, list(self)


class BatchResult(Items[SendResult]):
    """What became of each message of a batch, in order."""

    @property
    def ok(self) -> bool:
        """Whether every message was accepted."""
        return not self.failed

    @property
    def failed(self) -> list[tuple[int, SendResult]]:
        """The refused messages, each with its place in the batch."""
        return [(place, result) for place, result in enumerate(self) if result.error_code]

    def raise_for_errors(self) -> None:
        """Raise the error of the first refused message, as a single send of it would have."""
        for _, result in self.failed:
            raise result_error(result)


def result_error(result: SendResult) -> HttpServerError:
    """Return the error that a single send would have raised for a refused message of a batch."""
    status = ERRORS[result.error_code].status if result.error_code in ERRORS else _UNPROCESSABLE
    body = error_body(result.error_code, result.message)
    return server_error(status, {}, body, "POST", "/email/batch")
