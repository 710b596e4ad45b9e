"""The two kinds of token, on every endpoint and both databases."""

import re

import pytest

from carom.wire.endpoints import ENDPOINTS
from tests.contract.conftest import OTHER_TOKEN, STRANGER, Server
from tests.stores import TOKENS

pytestmark = pytest.mark.anyio

OPEN_TO_ALL = "POSTMARK_API_TEST"


async def test_a_token_opens_only_the_endpoints_of_its_kind(server: Server) -> None:
    """One of the other kind, one that nobody has and none at all are refused alike, before the body is looked at."""
    assert {endpoint.token for endpoint in ENDPOINTS.values()} == {"server", "account"}
    for endpoint in ENDPOINTS.values():
        path = re.sub(r"{\w+}", "1", endpoint.path)
        other_kind = TOKENS.server if endpoint.token == "account" else TOKENS.account
        for token in (other_kind, "3d6f2f0e-0000-4000-8000-000000000000", "x", " ", None):
            refused = await server.call(endpoint.method, path, "no object", token=token, kind=endpoint.token)
            assert refused.code == (401, 10), endpoint
            assert refused.json["Message"] == (f"Request does not contain a valid {endpoint.token.capitalize()} token.")


async def test_the_right_token_in_the_other_header_is_none(server: Server) -> None:
    for endpoint in ENDPOINTS.values():
        path = re.sub(r"{\w+}", "1", endpoint.path)
        kind, token = ("server", TOKENS.account) if endpoint.token == "account" else ("account", TOKENS.server)
        assert (await server.call(endpoint.method, path, {}, token=token, kind=kind)).code == (401, 10), endpoint


async def test_the_test_token_opens_no_account_endpoint(server: Server) -> None:
    """It belongs to nobody, so there is nothing to show."""
    for endpoint in ENDPOINTS.values():
        if endpoint.token == "account":
            path = re.sub(r"{\w+}", "1", endpoint.path)
            for kind in ("server", "account"):
                refused = await server.call(endpoint.method, path, {}, token=OPEN_TO_ALL, kind=kind)
                assert refused.code == (401, 10), endpoint


async def test_tokens_are_compared_without_regard_to_case(server: Server) -> None:
    for token in (TOKENS.account.upper(), f" {TOKENS.account} "):
        listed = (await server.account("GET", "/servers?count=10&offset=0", token=token)).ok
        assert [one["ApiTokens"] for one in listed["Servers"]] == [[TOKENS.server], [OTHER_TOKEN]]


async def test_each_account_sees_its_own(server: Server) -> None:
    listed = (await server.account("GET", "/servers?count=10&offset=0", token=STRANGER.account)).ok
    assert [one["ApiTokens"] for one in listed["Servers"]] == [[STRANGER.server]]
