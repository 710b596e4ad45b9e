"""What a request must be before its endpoint reads it: JSON by its header, and texts that a store can hold."""

from collections.abc import Iterable

from msgspec import structs

from carom.server.rules.refusals import Refusal
from carom.wire.endpoint import Ask, BadFields

JSON_TYPES = ("application/json", "text/json", "text/x-json")


def check_content_type(headers: Iterable[tuple[bytes, bytes]], body: bytes) -> None:
    """Raise a Refusal for a body that says of itself to be something else than JSON. One that says nothing is taken for
    JSON, as several clients leave the header out."""
    said = next((value for name, value in headers if name == b"content-type"), b"").decode("latin-1")
    kind = said.partition(";")[0].strip().lower()
    if body and kind and kind not in JSON_TYPES and not kind.endswith("+json"):
        raise Refusal(409)


def check_texts(request: Ask) -> None:
    """Raise BadFields for texts with a NUL, which no column of PostgreSQL holds."""
    wrong = [
        field.encode_name
        for field in structs.fields(request)
        if isinstance(value := getattr(request, field.name), str) and "\0" in value
    ]
    if wrong:
        raise BadFields(wrong)
