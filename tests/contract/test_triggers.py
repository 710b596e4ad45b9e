"""Inbound rules and what is retired, on both databases."""

import asyncio

import pytest

from tests.contract.conftest import OTHER_TOKEN, Server

pytestmark = pytest.mark.anyio

RULES = "/triggers/inboundrules"


async def test_rules_are_made_listed_shown_and_removed(server: Server) -> None:
    """The answer to removing names the rule; five at a time is no trouble."""
    wanted = [
        "some.one+tag@Example.com",
        "a-b.example.org",
        "c@example.com",
        "xn--bcher-kva.example",
        "d@sub.example.com",
    ]
    made = await asyncio.gather(*(server.post("/triggers/inboundRules", {"Rule": rule}) for rule in wanted))
    assert [one["Rule"] for one in made] == wanted
    page = await server.get(f"{RULES}?count=3&offset=0")
    assert page["TotalCount"] == 5
    assert len(page["InboundRules"]) == 3
    path = f"{RULES}/{made[0]['ID']}"
    assert await server.get(path) == made[0]
    removed = (await server.call("DELETE", path)).ok
    assert removed == {"ErrorCode": 0, "Message": "Rule some.one+tag@Example.com removed."}
    for method in ("GET", "DELETE"):
        assert (await server.call(method, path)).code == (422, 812)
    left = (await server.get(f"{RULES}?count=50&offset=0"))["InboundRules"]
    assert sorted(one["Rule"] for one in left) == sorted(wanted[1:])


async def test_faults(server: Server) -> None:
    """Each with its own code."""
    await server.post(RULES, {"Rule": "ann@example.org"})
    for rule, code in (
        ("ANN@example.org", 810),
        (None, 809),
        ("", 809),
        ("no", 813),
        ("a@b@", 813),
        ("@example.org", 813),
        ("a b.example", 813),
        (7, 403),
    ):
        assert (await server.call("POST", RULES, {"Rule": rule})).code == (422, code), rule
    for query in ("", "?count=501&offset=0", "?count=-1&offset=0", "?count=a&offset=0"):
        assert (await server.call("GET", f"{RULES}{query}")).code == (422, 800)
    for number in ("1", "x", str(2**63)):
        assert (await server.call("DELETE", f"{RULES}/{number}")).code == (422, 812)


async def test_rules_belong_to_one_server(server: Server) -> None:
    """Another may have the same; neither sees the other's."""
    made = await server.post(RULES, {"Rule": "ann@example.org"})
    await server.post(RULES, {"Rule": "ann@example.org"}, token=OTHER_TOKEN)
    for method in ("GET", "DELETE"):
        assert (await server.call(method, f"{RULES}/{made['ID']}", token=OTHER_TOKEN)).code == (422, 812)
        assert (await server.call(method, f"{RULES}/{made['ID']}", token="x")).code == (401, 10)
    assert (await server.get(f"{RULES}?count=9&offset=0"))["TotalCount"] == 1


async def test_what_is_retired_is_empty(server: Server) -> None:
    """Lists have nothing in them; nothing can be made."""
    assert await server.get("/bounces/tags") == []
    assert await server.get("/triggers/tags?count=9&offset=0&match_name=x") == {"TotalCount": 0, "Tags": []}
    for method, path in (
        ("POST", "/triggers/tags"),
        ("GET", "/triggers/tags/1"),
        ("PUT", "/triggers/tags/1"),
        ("DELETE", "/triggers/tags/1"),
    ):
        assert (await server.call(method, path, {"MatchName": "x"})).code == (422, 615)
        assert (await server.call(method, path, {"MatchName": "x"}, token=None)).code == (401, 10)
