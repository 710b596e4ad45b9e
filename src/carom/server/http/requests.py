"""What a request must be before its endpoint reads it: JSON, by its header."""

from collections.abc import Iterable

from carom.server.rules.refusals import Refusal

JSON_TYPES = ("application/json", "text/json", "text/x-json")


def check_content_type(headers: Iterable[tuple[bytes, bytes]], body: bytes) -> None:
    """Raise a Refusal for a body that says of itself to be something else than JSON. One that says nothing is taken for
    JSON, as several clients leave the header out."""
    said = next((value for name, value in headers if name == b"content-type"), b"").decode("latin-1")
    kind = said.partition(";")[0].strip().lower()
    if body and kind and kind not in JSON_TYPES and not kind.endswith("+json"):
        raise Refusal(409)
