"""What the API refuses, as a value that can be raised: a row of the error table with its text filled in."""

from carom.wire.errors import ERRORS, ErrorRow


class Refusal(Exception):
    """A request is refused. ``status`` is the HTTP status, ``code`` Postmark's, ``message`` what the caller reads."""

    def __init__(self, code: int, wording: str | None = None, /, **values: object) -> None:
        """Fill in the text of a row of the table, or say ``wording`` instead of it."""
        row: ErrorRow = ERRORS[code]
        self.code = row.code
        self.status = row.status
        self.message = row.text.format_map(values) if wording is None else wording
        super().__init__(f"{self.code}: {self.message}")


def invalid_email(text: str) -> Refusal:
    """Refuse a message for what is in it."""
    return Refusal(300, text=text)
