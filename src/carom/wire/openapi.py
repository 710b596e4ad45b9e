"""The API as an OpenAPI 3.1 document, made from the endpoint table, the error table and the wire types.

What Carom adds to Postmark's API is marked ``x-carom-addition``.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

import msgspec
from msgspec import Raw, Struct

from carom.wire.codes import codes
from carom.wire.email import MAX_KEY, SEND_BATCH, SEND_BATCH_WITH_TEMPLATES, SEND_EMAIL, SEND_WITH_TEMPLATE
from carom.wire.endpoint import Endpoint
from carom.wire.endpoints import ENDPOINTS
from carom.wire.errors import ERRORS, ErrorBody
from carom.wire.stats import Counts

OPENAPI_PATH = "/openapi.json"

ITEMS: dict[Endpoint[Any, Any], Endpoint[Any, Any]] = {
    SEND_BATCH: SEND_EMAIL,
    SEND_BATCH_WITH_TEMPLATES: SEND_WITH_TEMPLATE,
}
"""What the raw items of a batch are read as."""

SECURITY = {
    "server": {"type": "apiKey", "in": "header", "name": "X-Postmark-Server-Token"},
    "account": {"type": "apiKey", "in": "header", "name": "X-Postmark-Account-Token"},
}

COUNTS = {
    "type": "object",
    "properties": {
        "Days": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"Date": {"type": "string", "format": "date"}},
                "required": ["Date"],
                "additionalProperties": {"type": "integer"},
            },
        }
    },
    "required": ["Days"],
    "additionalProperties": {"type": "integer"},
}
"""What :data:`carom.wire.stats.Counts` holds: the names of its numbers are data."""

IDEMPOTENCY_KEY: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "With the same key and body, what is sent within 24 hours is sent once.",
    "schema": {"type": "string", "minLength": 1, "maxLength": MAX_KEY},
    "x-carom-addition": True,
}

_REF = "#/components/schemas/{name}"
_ANY: dict[str, Any] = {"description": "Any JSON value."}
_ROLE = re.compile(r":\w+:`(?:~?[\w.]*\.)?(\w+)`")
_LITERAL = re.compile(r"``(.+?)``")


class Served(NamedTuple):
    """An endpoint with its name in the table."""

    name: str
    endpoint: Endpoint[Any, Any]


def served() -> list[Served]:
    """Return the endpoints that the document lists."""
    return [Served(name, endpoint) for name, endpoint in ENDPOINTS.items()]


def openapi(does: Mapping[Endpoint[Any, Any], str]) -> dict[str, Any]:
    """Return the document. ``does`` says in a line what each call does."""
    document = _undescribed()
    paths: dict[str, dict[str, Any]] = {}
    for one in served():
        path, method = one.endpoint.path, one.endpoint.method.lower()
        operation: dict[str, Any] = document["paths"][path][method]
        paths.setdefault(path, {})[method] = {"summary": does[one.endpoint], **operation}
    return {**document, "paths": paths}


@cache
def _undescribed() -> dict[str, Any]:
    table = served()
    paths: dict[str, dict[str, Any]] = {}
    for one in table:
        paths.setdefault(one.endpoint.path, {})[one.endpoint.method.lower()] = _operation(one)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Carom",
            "version": "1",
            "summary": "Postmark's API, served by Carom.",
            "description": "Paths and the names of queries and body fields match in any case. Null and an empty query "
            "value are as good as not given. Success is always 200.",
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {"schemas": _components(table), "securitySchemes": SECURITY},
    }


def _operation(one: Served) -> dict[str, Any]:
    name, endpoint = one
    operation: dict[str, Any] = {
        "operationId": name.lower(),
        "tags": [endpoint.request.__module__.rpartition(".")[2]],
        "parameters": list(_parameters(endpoint)),
        "security": [{endpoint.token: []}],
        "responses": {"200": _answer("The answer.", _schema_of(endpoint.result)), **_refusals(name)},
    }
    if endpoint.has_body:
        operation["requestBody"] = {"required": not endpoint.empty_body, "content": _json(_body(endpoint))}
    return operation


def _parameters(endpoint: Endpoint[Any, Any]) -> Iterator[dict[str, Any]]:
    if endpoint.takes_key:
        yield IDEMPOTENCY_KEY
    for field in msgspec.structs.fields(endpoint.request):
        schema = _schema_of(field.type)
        if endpoint.in_path(field.name):
            yield {"name": field.name, "in": "path", "required": True, "schema": schema}
        elif not endpoint.has_body:
            if schema.get("type") == "object":  # one parameter a key, with the field's name in front
                schema["propertyNames"] = {"pattern": f"^{field.encode_name}."}
            yield {"name": field.encode_name, "in": "query", "required": field.required, "schema": schema}


def _body(endpoint: Endpoint[Any, Any]) -> dict[str, Any]:
    """Return the schema of a body: a reference, or the bare array of a batch."""
    if endpoint.body is not None:
        return _items(endpoint)
    return {"$ref": _REF.format(name=endpoint.request.__name__)}


def _items(endpoint: Endpoint[Any, Any]) -> dict[str, Any]:
    return {"type": "array", "items": {"$ref": _REF.format(name=ITEMS[endpoint].request.__name__)}}


def _request(endpoint: Endpoint[Any, Any]) -> dict[str, Any]:
    """Return the schema of a body that is an object: what is not in the path."""
    fields = [one for one in msgspec.structs.fields(endpoint.request) if not endpoint.in_path(one.name)]
    return {
        "type": "object",
        "description": _prose(endpoint.request),
        "properties": {
            one.encode_name: _items(endpoint) if one.type == list[Raw] else _schema_of(one.type) for one in fields
        },
        "required": [one.encode_name for one in fields if one.required],
    }


def _refusals(name: str) -> dict[str, Any]:
    """Group an endpoint's codes by the HTTP status that they come with."""
    by_status: dict[int, list[int]] = {}
    for code in sorted(codes(name)):
        by_status.setdefault(ERRORS[code].status, []).append(code)
    return {
        str(status): _answer(
            "\n".join(f"- {code}: {text_of(code)}" for code in found),
            {"allOf": [_schema_of(ErrorBody), {"properties": {"ErrorCode": {"enum": found}}}]},
        )
        for status, found in sorted(by_status.items())
    }


def text_of(code: int) -> str:
    """Return a code's text for people: its places as they stand, or that the message tells."""
    return ERRORS[code].text.replace("{text}", "The message tells what is wrong.")


def _answer(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": _json(schema)}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _components(table: Iterable[Served]) -> dict[str, Any]:
    """Return every named schema: of answers and what is in them, and of the bodies of requests."""
    table = list(table)
    types = [one.endpoint.result for one in table] + [
        field.type for one in table for field in msgspec.structs.fields(one.endpoint.request)
    ]
    _, found = msgspec.json.schema_components([*types, ErrorBody], schema_hook=_of_custom, ref_template=_REF)
    for schema in found.values():
        schema["description"] = _in_markdown(schema.get("description", ""), schema["properties"])
        schema["properties"] = {name: _never_null(member) for name, member in schema["properties"].items()}
    for one in table:
        if one.endpoint.has_body and one.endpoint.body is None:
            found[one.endpoint.request.__name__] = _request(one.endpoint)
    return dict(sorted(found.items()))


def _schema_of(kind: Any) -> dict[str, Any]:
    if kind == Counts:
        return COUNTS
    [schema], _ = msgspec.json.schema_components([kind], schema_hook=_of_custom, ref_template=_REF)
    return schema


def _of_custom(kind: type) -> dict[str, Any]:
    if kind is object or kind is Raw:
        return dict(_ANY)
    raise NotImplementedError  # so msgspec asks to be told that a type is not described, and names it


def _never_null(member: dict[str, Any]) -> dict[str, Any]:
    """Take null out of a field that is left out instead of being null."""
    if "default" not in member:
        return member
    arms = [arm for arm in member["anyOf"] if arm != {"type": "null"}]
    return arms[0] if len(arms) == 1 else {"anyOf": arms}


def _prose(kind: type[Struct]) -> str:
    return _in_markdown(kind.__doc__ or "", (one.encode_name for one in msgspec.structs.fields(kind)))


def _in_markdown(docstring: str, names: Iterable[str]) -> str:
    """Turn a docstring's marks into Markdown's, and attributes into wire names."""
    wire = {name.lower(): name for name in names}
    text = _ROLE.sub(r"`\1`", " ".join(docstring.split()))
    return _LITERAL.sub(lambda found: f"`{wire.get(found[1].replace('_', '').lower(), found[1])}`", text)
