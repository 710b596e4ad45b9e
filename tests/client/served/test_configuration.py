# pyright: basic
"""client-api section 1."""

import logging
import urllib.request

import anyio.to_thread
import pytest

import carom
from tests.client.served.world import CLASSES, World, calls, refuses
from tests.client.wire_server import OK, serving

pytestmark = pytest.mark.anyio


async def test_c1_where_the_token_comes_from(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = (await world.client.server_info()).id
    for token in (f"  {world.token}\n", world.token.upper()):
        assert (await world.make(token=token).server_info()).id == mine
    client = world.make()
    client.client.api_token = None
    with pytest.raises(ValueError, match="POSTMARK_API_TOKEN"):
        await client.server_info()
    monkeypatch.setenv("POSTMARK_SERVER_TOKEN", world.token)
    assert (await client.server_info()).id == mine
    monkeypatch.setenv("POSTMARK_API_TOKEN", "nobody's")
    with pytest.raises(carom.InvalidApiKeyError):
        await client.server_info()
    carom.configure(world.token)
    try:
        assert (await client.server_info()).id == mine
    finally:
        carom.configure(None)


async def test_c2_c4_where_it_talks_to(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    http = world.served.local.listening.http
    kind = CLASSES[world.flavour]["server"]
    monkeypatch.setenv("POSTMARK_API_URL", world.served.url)
    monkeypatch.setenv("POSTMARK_API_TOKEN", world.token)
    mine = (await world.client.server_info()).id
    for real in (
        kind(world.token, secure=False, host=http.host, port=http.port, base_url=None),
        kind(world.token),
        kind.from_env(),
        kind.from_config(
            {"PM_API_TOKEN": world.token, "PM_TIMEOUT": 9, "PM_BASE_URL": world.served.url + "/"}, prefix="PM_"
        ),
    ):
        assert (await world.adopt(real).server_info()).id == mine


async def test_c3_token_and_options_can_be_changed(world: World) -> None:
    other = world.another()
    mine, others = (await world.client.server_info()).id, (await other.client.server_info()).id
    assert mine != others
    copy = world.adopt(world.client.client.with_token(other.token).with_options(timeout=7, validate=False))
    assert (await copy.server_info()).id == others
    with pytest.raises(carom.InvalidEmailRequestError):
        await copy.deliver({})
    assert (await world.client.server_info()).id == mine
    world.client.client.api_token = other.token
    assert (await world.client.server_info()).id == others


async def test_c5_a_closed_client_says_so(world: World) -> None:
    client = world.make()
    assert (await client.server_info()).id
    await client.close()
    with pytest.raises(RuntimeError, match="closed"):
        await client.server_info()


async def test_c6_the_global_client_and_the_module_functions(world: World) -> None:
    message = carom.Message()
    message["From"], message["To"] = "me@example.com", "a@example.org"
    message.set_content("Hi")
    carom.configure(world.token, base_url=world.served.url)
    try:
        assert carom.api_client() is carom.api_client()
        assert carom.delivery_stats().inactive_mails == 0
        assert carom.deliver_message(message).ok
        assert carom.send_through_postmark(message).ok
        assert carom.deliver_messages([message]).ok
        assert await world.client.get_messages_count() == 3
    finally:
        carom.api_client().close()
        carom.configure(None)


async def test_c7_m7_the_log_holds_no_token(world: World, caplog: pytest.LogCaptureFixture) -> None:
    client = world.make(token="11111111-2222-3333-4444-55555555abcd")
    with caplog.at_level(logging.DEBUG, "carom.client"), pytest.raises(carom.InvalidApiKeyError) as caught:
        await client.get_bounces(tag="secret-tag")
    [record] = [record for record in caplog.records if record.name == "carom.client"]
    assert (record.method, record.path, record.status) == ("GET", "/bounces", 401)  # type: ignore[attr-defined]
    assert (record.error_code, record.attempt) == (10, 1)  # type: ignore[attr-defined]
    shown = repr(client.client) + str(caught.value) + repr(caught.value) + caplog.text
    assert "11111111" not in shown
    assert "secret-tag" not in caplog.text
    assert repr(client.client).endswith("token ...abcd)")


async def test_c8_what_the_headers_carry_is_taken(world: World) -> None:
    with pytest.raises(carom.InvalidApiKeyError):
        await world.make(auth_header_name="X-Other").server_info()
    assert (await world.make(auth_header_name="x-postmark-SERVER-token", user_agent="me").server_info()).id


@refuses("request", "get", "post", "put", "patch", "delete")
async def test_c9_c80_raw_access_is_refused_as_every_call_is(world: World) -> None:
    client = world.client
    for call in (
        client.get,
        client.post,
        client.put,
        client.patch,
        client.delete,
        lambda path: client.request("GET", path),
    ):
        with pytest.raises(carom.UnexpectedHttpResponseError) as caught:
            await call("/nowhere/at/all")
        assert (caught.value.status_code, caught.value.parsed_body["ErrorCode"]) == (404, 404)


@calls("request", "get", "post", "put", "patch", "delete")
async def test_c9_raw_access(world: World) -> None:
    client = world.client
    got = await client.request("GET", "server", headers={"X-Any": "1"}, timeout=20)
    assert (got.status, got.data.id, got.headers["content-type"]) == (
        200,
        (await client.server_info()).id,
        "application/json; charset=utf-8",
    )
    rule = (await client.post("/triggers/inboundrules", {"Rule": "example.org"})).data
    assert (await client.get("/triggers/inboundrules", count=1, offset=0)).data["InboundRules"][0]["ID"] == rule.id
    assert (await client.delete(f"/triggers/inboundrules/{rule.id}")).data.error_code == 0
    assert (await client.put("/server", {"TrackOpens": True})).data.track_opens is True
    assert (await client.patch("/message-streams/outbound", {"Name": "Mine"})).data.name == "Mine"
    assert (await client.get("/messages/outbound", count=5, offset=0, fromdate="2020-01-01")).data["TotalCount"] == 0
    assert (await client.post("/email", {"From": "a@b.test", "To": "c@d.test", "TextBody": "x"})).data.message == "OK"


async def test_m15_requests_to_other_hosts_are_untouched(world: World) -> None:
    """Nothing is patched: the server is real, and so is every other one."""

    def ask(url: str) -> bytes:
        with urllib.request.urlopen(url + "/other", timeout=10) as answered:
            said: bytes = answered.read()
            return said

    with serving() as peer:
        assert await anyio.to_thread.run_sync(ask, peer.url) == OK
        assert peer.heads[0].startswith(b"GET /other")
    assert (await world.client.server_info()).api_tokens == [world.token]
