"""The document that describes the API, beside the API: it needs no token. What a call does its handler says."""

from collections.abc import Callable, Mapping
from typing import Any

from carom.server.rules.refusals import Refusal
from carom.wire.endpoint import Endpoint
from carom.wire.openapi import OPENAPI_PATH, openapi

Served = Mapping[Endpoint[Any, Any], Callable[..., object]]


def document(method: str, served: Served) -> dict[str, Any]:
    """Return the document. Raises Refusal for all but GET."""
    if method != "GET":
        raise Refusal(405, method=method, path=OPENAPI_PATH)
    return openapi({endpoint: does(handler) for endpoint, handler in served.items()})


def does(handler: Callable[..., object]) -> str:
    """Return the first sentence of what a handler says of itself."""
    return " ".join((handler.__doc__ or "").split()).partition(". ")[0].removesuffix(".")
