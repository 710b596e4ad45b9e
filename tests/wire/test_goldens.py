"""The documented answer of every call decodes into its type and comes out as the same JSON."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from carom.wire._kinds import is_list, is_object
from carom.wire.endpoint import Endpoint, encode_json
from carom.wire.endpoints import ENDPOINTS
from carom.wire.times import read_time

SHEETS = Path(__file__).parent / "goldens"
EXAMPLES: list[dict[str, Any]] = [
    example for sheet in ("server", "account") for example in json.loads((SHEETS / f"{sheet}.json").read_text())
]
NOT_THERE = {
    "webhooks.statistics": "nobody knows its answer",
}


def folded(path: str) -> str:
    """A path without the names of its places."""
    return "/".join("{}" if part.startswith("{") else part.lower() for part in path.split("/"))


BY_PATH = {(endpoint.method, folded(endpoint.path)): endpoint for endpoint in ENDPOINTS.values()}


def endpoint_of(example: dict[str, Any]) -> Endpoint[Any, Any]:
    return BY_PATH[example["method"], folded(example["path"])]


def comparable(value: Any) -> Any:
    """The same value with times as instants: seven digits become six, rounded."""
    if is_object(value):
        return {name: comparable(member) for name, member in value.items()}
    if is_list(value):
        return [comparable(item) for item in value]
    at = read_time(value) if isinstance(value, str) and "T" in value else None
    return round(at.timestamp(), 5) if isinstance(at, datetime) else value


THERE = [example for example in EXAMPLES if example["id"] not in NOT_THERE]


@pytest.mark.parametrize("example", THERE, ids=lambda example: example["id"])
def test_the_documented_answer_decodes_exactly_and_encodes_the_same(example: dict[str, Any]) -> None:
    endpoint = endpoint_of(example)
    answer = endpoint.decode(json.dumps(example["success_example"]).encode())
    assert comparable(json.loads(encode_json(answer))) == comparable(example["success_example"])


@pytest.mark.parametrize("example", THERE, ids=lambda example: example["id"])
def test_the_token_and_the_query_names_are_those_of_the_sheet(example: dict[str, Any]) -> None:
    endpoint = endpoint_of(example)
    assert endpoint.token == example["auth"]
    names = {field.encode_name for field in msgspec.structs.fields(endpoint.request)}
    assert {name for name in example["query"] if "*" not in name} <= names


def test_no_endpoint_is_without_an_example() -> None:
    """But for those that are not documented at all."""
    documented = {endpoint_of(example).path for example in THERE}
    undocumented = {
        "/messages/inbound/{message_id}/dump",
        "/triggers/inboundrules/{trigger_id}",
        "/webhooks/{webhook_id}/statistics",
    }
    assert {endpoint.path for endpoint in ENDPOINTS.values()} - documented <= undocumented
