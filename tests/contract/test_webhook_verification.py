"""Trying webhooks out, on both databases, with a real hook on loopback."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from tests.contract.conftest import OTHER_TOKEN, Server

pytestmark = pytest.mark.anyio

ALL = {
    "Open": {"Enabled": True},
    "Click": {"Enabled": True},
    "Delivery": {"Enabled": True},
    "Bounce": {"Enabled": True, "IncludeContent": True},
    "SpamComplaint": {"Enabled": True},
    "SubscriptionChange": {"Enabled": True},
}


class Hook:
    """A hook: what was posted, and what it answers by RecordType."""

    def __init__(self) -> None:
        self.posted: dict[str, Any] = {}
        self.headers: dict[str, str] = {}
        self.status: dict[str, int] = {}
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        event = await request.json()
        self.posted[event["RecordType"]] = event
        self.headers = dict(request.headers)
        return web.Response(status=self.status.get(event["RecordType"], 200))


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    found = Hook()
    app = web.Application()
    app.router.add_post("/hook", found.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield found
    await runner.cleanup()


async def test_each_trigger_that_is_on_is_posted_an_example(server: Server, hook: Hook) -> None:
    """With login and headers; the webhook is verified until it is changed."""
    made = await server.post(
        "/webhooks",
        {
            "Url": hook.url,
            "Triggers": ALL,
            "HttpAuth": {"Username": "u", "Password": "p"},
            "HttpHeaders": [{"Name": "X-Shop", "Value": "one"}],
        },
    )
    path = f"/webhooks/{made['ID']}"
    verified = await server.post(f"{path}/verify")
    assert verified == {
        "Id": made["ID"],
        "Url": hook.url,
        "Success": True,
        "Results": [{"TriggerType": name, "Success": True, "StatusCode": 200, "Message": "OK"} for name in ALL],
        "Message": "6/6 triggers verified successfully",
    }
    assert set(hook.posted) == set(ALL)
    assert hook.headers["Authorization"] == "Basic dTpw"
    assert hook.headers["X-Shop"] == "one"
    assert hook.posted["Bounce"]["Content"]
    assert "Content" not in hook.posted["SpamComplaint"]
    assert {one["MessageStream"] for one in hook.posted.values()} == {"outbound"}
    assert (await server.get(path))["Status"] == "verified"
    assert (await server.call("PUT", path, {"Url": hook.url})).ok["Status"] == "verified"
    assert (await server.call("PUT", path, {"HttpHeaders": []})).ok["Status"] == "unverified"


async def test_one_that_fails_is_told_and_the_answer_is_200_all_the_same(server: Server, hook: Hook) -> None:
    """Only 200 will do; what was verified is no longer."""
    triggers = {"Open": {"Enabled": True}, "Bounce": {"Enabled": True}}
    made = await server.post("/webhooks", {"Url": hook.url, "Triggers": triggers})
    path = f"/webhooks/{made['ID']}"
    assert (await server.post(f"{path}/verify", {}))["Success"]
    hook.status = {"Bounce": 204}
    verified = await server.post(f"{path}/Verify/")
    assert not verified["Success"]
    assert verified["Message"] == "1/2 triggers verified successfully"
    assert [(one["TriggerType"], one["Success"], one["StatusCode"]) for one in verified["Results"]] == [
        ("Open", True, 200),
        ("Bounce", False, 204),
    ]
    assert (await server.get(path))["Status"] == "unverified"


async def test_without_triggers_nothing_is_posted_and_nothing_verified(server: Server, hook: Hook) -> None:
    made = await server.post("/webhooks", {"Url": hook.url})
    verified = await server.post(f"/webhooks/{made['ID']}/verify")
    assert (verified["Success"], verified["Results"]) == (False, [])
    assert verified["Message"] == "0/0 triggers verified successfully"
    assert hook.posted == {}


async def test_outside_of_the_sandbox_loopback_is_not_posted_to(server: Server, hook: Hook) -> None:
    """Nor can such a hook be registered; one that was before gets nothing."""
    made = await server.post("/webhooks", {"Url": hook.url, "Triggers": {"Open": {"Enabled": True}}})
    server.change_settings(replace(server.settings, mode="live"))
    assert (await server.call("POST", "/webhooks", {"Url": hook.url})).code == (422, 1354)
    verified = await server.post(f"/webhooks/{made['ID']}/verify")
    [result] = verified["Results"]
    assert (result["Success"], result["StatusCode"]) == (False, None)
    assert result["Message"] == "127.0.0.1 is no address of the public internet"
    assert hook.posted == {}


async def test_statistics_count_nothing_yet(server: Server) -> None:
    made = await server.post("/webhooks", {"Url": "https://example.com/hook"})
    assert await server.get(f"/webhooks/{made['ID']}/statistics") == {
        "Id": made["ID"],
        "Url": "https://example.com/hook",
        "TotalCount": 0,
        "SuccessCount": 0,
        "FailedCount": 0,
        "SlowCount": 0,
        "VerySlowCount": 0,
    }


async def test_webhooks_of_others_are_not_there(server: Server, hook: Hook) -> None:
    """Nor those whose id is none; a wrong token is refused before."""
    made = await server.post("/webhooks", {"Url": hook.url, "Triggers": ALL})
    for method, action in (("POST", "verify"), ("GET", "statistics")):
        path = f"/webhooks/{made['ID']}/{action}"
        assert (await server.call(method, path, token=OTHER_TOKEN)).code == (422, 1352)
        assert (await server.call(method, f"/webhooks/x/{action}")).code == (422, 1352)
        assert (await server.call(method, f"/webhooks/7/{action}")).code == (422, 1352)
        for token in ("x", None):
            assert (await server.call(method, path, token=token)).code == (401, 10)
    assert hook.posted == {}


async def test_what_cannot_be_changed(server: Server) -> None:
    """To say it again is fine, as clients do that send back what they were given."""
    made = await server.post("/webhooks", {"Url": "https://example.com/hook"})
    path = f"/webhooks/{made['ID']}"
    assert (await server.call("PUT", path, made)).ok == made
    for change, code in (
        ({"ID": 7}, 1357),
        ({"MessageStream": "broadcast"}, 1357),
        ({"Status": "verified"}, 1363),
    ):
        assert (await server.call("PUT", path, {**made, **change})).code == (422, code)
    assert (await server.call("POST", "/webhooks", {})).code == (422, 1355)
