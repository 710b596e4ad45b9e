"""The results of a batch: one for each message, in order, whatever became of the parts that it was cut into."""

from collections.abc import Iterator, Sequence
from typing import overload

from carom.client._threads import NotTried
from carom.client.errors import BatchError
from carom.client.results import SendResult


class BatchResult(Sequence[SendResult]):
    """A result for each message of a batch, in order."""

    def __init__(self, results: Sequence[SendResult]) -> None:
        """Take the results."""
        self._results = list(results)

    @overload
    def __getitem__(self, index: int) -> SendResult: ...
    @overload
    def __getitem__(self, index: slice) -> list[SendResult]: ...
    def __getitem__(self, index: int | slice) -> SendResult | list[SendResult]:
        """Return the result of a message, or of some."""
        return self._results[index]

    def __len__(self) -> int:
        """Return the number of messages."""
        return len(self._results)

    def __iter__(self) -> Iterator[SendResult]:
        """Iterate over the results."""
        return iter(self._results)

    def __repr__(self) -> str:
        """Return how many there are, and how many were refused."""
        return f"BatchResult({len(self)} messages, {len(self.failed)} refused)"

    @property
    def ok(self) -> bool:
        """Whether every message was accepted."""
        return not self.failed

    @property
    def failed(self) -> list[tuple[int, SendResult]]:
        """The refused messages: index and result."""
        return [(index, result) for index, result in enumerate(self._results) if not result.ok]

    def raise_for_errors(self) -> None:
        """Raise BatchError if a message was refused; its cause is what the first one would have raised alone."""
        if not self.failed:
            return
        index, first = self.failed[0]
        raise BatchError(
            f"{len(self.failed)} of {len(self)} messages were refused, the first at {index}: {first.message}",
            results=self._results,
            next_index=index,
        ) from first.error


def gathered(
    total: int, parts: Sequence[tuple[int, int, bytes]], answers: Sequence[list[SendResult] | Exception]
) -> BatchResult:
    """Put the answers of the parts together. Raises BatchError if one is missing or too short, and what happened if
    nothing at all was answered is in it too."""
    results: list[SendResult | None] = [None] * total
    cause: Exception | None = None
    for (start, number, _), answer in zip(parts, answers, strict=True):
        if isinstance(answer, list):
            results[start : start + number] = [*answer, *[None] * number][:number]
        elif cause is None and not isinstance(answer, NotTried):
            cause = answer
    known = [result for result in results if result is not None]
    if len(known) == total:
        return BatchResult(known)
    if cause is not None and len(parts) == 1:
        raise cause
    missing = results.index(None)
    raise BatchError(
        f"{total - len(known)} of {total} messages have no result, from the one at {missing} on: "
        f"{cause or 'the API answered too few'}",
        results=results,
        next_index=missing,
        ambiguous=getattr(cause, "ambiguous", True),
        retryable=getattr(cause, "retryable", False),
    ) from cause
