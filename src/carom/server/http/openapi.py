"""The document that describes the API, beside the API: it needs no token."""

from functools import cache

from msgspec import Raw

from carom.server.rules.refusals import Refusal
from carom.wire.endpoint import encode_json
from carom.wire.openapi import OPENAPI_PATH, openapi


def document(method: str) -> Raw:
    """Return the document as JSON. Raises Refusal for all but GET."""
    if method != "GET":
        raise Refusal(405, method=method, path=OPENAPI_PATH)
    return _written()


@cache
def _written() -> Raw:
    return Raw(encode_json(openapi()))
