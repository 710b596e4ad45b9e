# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false
# schemathesis types itself in part only.
"""Schemathesis, which knows of the server only what its OpenAPI document says, asks it everything that the document
allows and much that it does not."""

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from carom.server.http import handlers
from carom.server.http.openapi import document
from carom.server.http.routes import routes
from carom.testing import LocalServer, fresh_database
from carom.wire.endpoints import ENDPOINTS
from tests.stores import STORES

EXAMPLES = 4
"""How many requests each endpoint gets of each kind: those that fit the document, and those that do not."""

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
__all__ = ["handlers"]
SCHEMA = schemathesis.openapi.from_dict(document("GET", routes.served))


@pytest.fixture(scope="module", params=STORES)
def server(request: pytest.FixtureRequest) -> Iterator[LocalServer]:
    """One server for all, on each store."""
    with contextlib.ExitStack() as stack:
        database = None
        if request.param == "postgresql":
            database = stack.enter_context(fresh_database(request.getfixturevalue("postgres_url")))
        yield stack.enter_context(LocalServer(database=database))


@pytest.mark.parametrize("endpoint", ENDPOINTS.values(), ids=repr)
@pytest.mark.parametrize("mode", list(GenerationMode))
def test_no_answer_is_undocumented(server: LocalServer, endpoint: Any, mode: GenerationMode) -> None:
    """No status, no code and no shape that the document does not have, and never 500."""
    operation = SCHEMA[endpoint.path][endpoint.method]
    tokens = {
        "X-Postmark-Server-Token": server.server_token,
        "X-Postmark-Account-Token": server.account_token,
    }

    @seed(1)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
    )
    @given(st.data())
    def ask(data: st.DataObject) -> None:
        case = data.draw(operation.as_strategy(generation_mode=mode))
        case.call_and_validate(base_url=server.url, headers=tokens, checks=CHECKS)

    ask()
