"""The OpenAPI document: valid, complete, and true of what is served."""

import copy
from typing import Any

import pytest
import schemathesis

from carom.server.http.openapi import document as openapi_of
from carom.server.http.routes import routes
from carom.wire._kinds import is_list, is_object
from carom.wire.codes import CODES, codes
from carom.wire.endpoints import ENDPOINTS
from carom.wire.errors import ERRORS
from tests.contract.conftest import Server


def openapi() -> dict[str, Any]:
    """The document as the server gives it."""
    return openapi_of("GET", routes.served)


METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.mark.anyio
async def test_the_server_gives_the_document_without_a_token(server: Server) -> None:
    """In any case of the path, by GET alone."""
    for path in ("/openapi.json", "/OpenAPI.json"):
        assert (await server.call("GET", path, token=None)).ok == openapi()
    assert (await server.call("POST", "/openapi.json", token=None)).code == (405, 405)


def test_it_is_a_valid_openapi_document() -> None:
    """By the schema of OpenAPI 3.1; one that lacks its title is not."""
    document = copy.deepcopy(openapi())
    schemathesis.openapi.from_dict(document).validate()
    del document["info"]["title"]
    with pytest.raises(Exception, match="title"):
        schemathesis.openapi.from_dict(document).validate()


def test_every_reference_leads_somewhere() -> None:
    """And every schema is used."""
    document = openapi()
    found = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert set(references(document)) == found


def references(value: Any) -> list[str]:
    """Return every ``$ref`` in a document."""
    if is_list(value):
        return [one for item in value for one in references(item)]
    if not is_object(value):
        return []
    own: list[str] = [value["$ref"]] if "$ref" in value else []
    return own + [one for member in value.values() for one in references(member)]


def test_it_lists_exactly_what_is_served() -> None:
    """Each with its token, the names of its query, and its body."""
    listed = {
        (method.upper(), path): operation
        for path, item in openapi()["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    }
    assert set(listed) == {(endpoint.method, endpoint.path) for endpoint in ENDPOINTS.values()}
    for endpoint in ENDPOINTS.values():
        operation = listed[endpoint.method, endpoint.path]
        assert operation["security"] == [{endpoint.token: []}]
        assert ("requestBody" in operation) == endpoint.has_body
        in_path = {one["name"] for one in operation["parameters"] if one["in"] == "path"}
        assert in_path == {part[1:-1] for part in endpoint.path.split("/") if part.startswith("{")}


def test_the_codes_of_every_call_are_listed() -> None:
    """All of them rows of the error table."""
    assert set(CODES) == set(ENDPOINTS)
    for name in ENDPOINTS:
        assert set(CODES[name]) <= codes(name) <= set(ERRORS), name


def test_a_batch_is_an_array_of_messages() -> None:
    """The raw items of a batch are described as what they are read as."""
    batch = openapi()["paths"]["/email/batch"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert batch == {"type": "array", "items": {"$ref": "#/components/schemas/SendEmail"}}


def test_a_field_is_left_out_rather_than_null_where_the_wire_types_say_so() -> None:
    """As ``Tag`` of a bounce; ``UpdatedAt`` of a stream is sent as null."""
    schemas = openapi()["components"]["schemas"]
    assert schemas["Bounce"]["properties"]["Tag"] == {"type": "string"}
    assert {"type": "null"} in schemas["MessageStream"]["properties"]["UpdatedAt"]["anyOf"]
