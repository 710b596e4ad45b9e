"""What the API refuses, as a value that can be raised: a row of the error table with its text filled in."""

from collections.abc import Sequence
from typing import Any

from carom.wire.errors import ERRORS, ErrorBody, ErrorRow


class Refusal(Exception):
    """A request is refused. ``status`` is the HTTP status, ``code`` Postmark's, ``message`` what the caller reads."""

    def __init__(self, code: int, wording: str | None = None, /, **values: object) -> None:
        """Fill in the text of a row of the table, or say ``wording`` instead of it."""
        row: ErrorRow = ERRORS[code]
        self.code = row.code
        self.status = row.status
        self.message = row.text.format_map(values) if wording is None else wording
        self.inactive: tuple[str, ...] = ()
        self.errors: dict[str, list[ErrorBody]] | None = None
        super().__init__(f"{self.code}: {self.message}")

    def __reduce__(self) -> tuple[Any, ...]:
        """Be pickled as what it says: the values that filled the text are not kept."""
        return _said, (type(self), self.code, self.message), self.__dict__

    def about(self, inactive: tuple[str, ...]) -> "Refusal":
        """Name the inactive addresses that it is about, and return it."""
        self.inactive = inactive
        return self


def _said(kind: type[Refusal], code: int, message: str) -> Refusal:
    return kind(code, message)


class Refusals(Refusal):
    """A request is refused for several fields at once; ``errors`` names each with its faults."""

    @classmethod
    def of(cls, faults: Sequence[tuple[str, Refusal]]) -> Refusal:
        """Return the refusal for one or more faults, each with its field: a single one is its own."""
        if len(faults) == 1:
            return faults[0][1]
        several = cls(11)
        several.errors = {}
        for field, fault in faults:
            several.errors.setdefault(field, []).append(ErrorBody(error_code=fault.code, message=fault.message))
        return several


def invalid_email(text: str) -> Refusal:
    """Refuse a message for what is in it."""
    return Refusal(300, text=text)
