# pyright: basic
"""client-api section 1."""

import logging
import re
import subprocess
import sys
from types import MappingProxyType
from typing import Any

import pytest

import carom
from carom.client._settings import HOST, resolve
from tests.client.conftest import TOKEN, Make
from tests.client.scripts import MESSAGE, Script, answer, refused, settle

pytestmark = pytest.mark.anyio


async def test_c1_the_token_is_trimmed_and_the_argument_wins(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    script = Script()
    monkeypatch.setenv("POSTMARK_API_TOKEN", "from-environment")
    await settle(make(script, token=f"  {TOKEN}\n").deliver(MESSAGE))
    assert script.last.headers["X-Postmark-Server-Token"] == TOKEN
    await settle(make(script, token=None).deliver(MESSAGE))
    assert script.last.headers["X-Postmark-Server-Token"] == "from-environment"
    monkeypatch.delenv("POSTMARK_API_TOKEN")
    monkeypatch.setenv("POSTMARK_SERVER_TOKEN", "second")
    await settle(make(script, token=" ").deliver(MESSAGE))
    assert script.last.headers["X-Postmark-Server-Token"] == "second"
    carom.configure("configured")
    try:
        await settle(make(script, token=None).deliver(MESSAGE))
    finally:
        carom.configure(None)
    assert script.last.headers["X-Postmark-Server-Token"] == "configured"


async def test_c1_without_a_token_the_first_call_says_so(make: Make) -> None:
    script = Script()
    client = make(script, token=None)
    with pytest.raises(ValueError, match="POSTMARK_API_TOKEN"):
        await settle(client.deliver(MESSAGE))
    assert not script.asked


async def test_c1_an_account_client_needs_an_account_token_only(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    script = Script(answer({"TotalCount": 3, "Domains": []}))
    monkeypatch.setenv("POSTMARK_ACCOUNT_TOKEN", "acc")
    assert await settle(make(script, "account", token=None).get_domains_count()) == 3
    assert script.last.headers["X-Postmark-Account-Token"] == "acc"
    assert script.last.query == {"count": "1", "offset": "0"}


@pytest.mark.parametrize(
    ("options", "origin", "prefix"),
    [
        ({}, f"https://{HOST}:443", ""),
        ({"secure": False}, f"http://{HOST}:80", ""),
        ({"host": "h.test", "port": 8443, "path_prefix": "/api/"}, "https://h.test:8443", "/api"),
        ({"base_url": "http://127.0.0.1:8025/x", "host": "ignored.test"}, "http://127.0.0.1:8025", "/x"),
        ({"base_url": "http://[::1]:8025"}, "http://[::1]:8025", ""),
    ],
)
async def test_c2_where_it_talks_to(make: Make, options: dict[str, Any], origin: str, prefix: str) -> None:
    script = Script()
    client = make(script, **options)
    await settle(client.deliver(MESSAGE))
    assert client._settings.origin == origin
    assert script.last.path == f"{prefix}/email"


def test_c2_the_environment_names_another_server() -> None:
    assert resolve({}, {"POSTMARK_API_URL": "http://127.0.0.1:1"}).origin == "http://127.0.0.1:1"
    assert resolve({"base_url": "http://127.0.0.1:2"}, {"POSTMARK_API_URL": "http://127.0.0.1:1"}).port == 2


def test_c2_timeouts_and_proxies() -> None:
    assert resolve({"timeout": 5}, {}).connect_timeout == resolve({"timeout": 5}, {}).read_timeout == 5
    assert (resolve({"timeout": (1, 2)}, {}).connect_timeout, resolve({"timeout": (1, 2)}, {}).read_timeout) == (1, 2)
    assert resolve({"http_open_timeout": 3}, {}).connect_timeout == 3
    proxy = {"proxy_host": "p.test", "proxy_port": 3128, "proxy_user": "u", "proxy_pass": "w"}
    assert resolve(proxy, {}).proxy == "http://u:w@p.test:3128"
    assert "w@" not in repr(resolve(proxy, {}))


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"base_url": "ftp://x"}, "base_url"),
        ({"timeout": 0}, "timeout"),
        ({"max_batch_size": 501}, "max_batch_size"),
        ({"user_agent": "a\r\nb"}, "user_agent"),
    ],
)
def test_c2_a_wrong_option_is_named(options: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        carom.ApiClient("t", **options)


def test_c2_an_unknown_option_is_a_type_error(make: Make) -> None:
    with pytest.raises(TypeError, match="colour"):
        make(colour="red")


async def test_c2_none_means_default_and_the_callers_mapping_stays(make: Make) -> None:
    options = MappingProxyType({"max_retries": None, "timeout": None, "base_url": None})
    client = make(Script(), **options)
    assert client._settings.retry.max_retries == 0
    assert client._settings.read_timeout == 60


async def test_c3_token_and_options_can_be_changed(make: Make) -> None:
    script = Script()
    client = make(script)
    client.api_token = "other"
    await settle(client.deliver(MESSAGE))
    assert script.last.headers["X-Postmark-Server-Token"] == "other"
    copy = client.with_token("third").with_options(timeout=7, validate=False)
    assert copy._line is not client._line or copy._settings.connect_timeout == client._settings.connect_timeout
    assert client.with_options(http_read_timeout=7)._line is client._line
    await settle(copy.deliver({}))
    assert (script.last.headers["X-Postmark-Server-Token"], script.last.timeout) == ("third", 7)
    assert client.api_token == "other"


async def test_c4_from_the_environment_and_from_a_mapping(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = type(make())
    with pytest.raises(ValueError, match="POSTMARK_API_TOKEN"):
        kind.from_env()
    monkeypatch.setenv("POSTMARK_API_TOKEN", "env")
    assert kind.from_env().api_token == "env"
    client = kind.from_config({"PM_API_TOKEN": "cfg", "PM_TIMEOUT": 9, "OTHER": 1}, prefix="PM_")
    assert (client.api_token, client._settings.read_timeout) == ("cfg", 9)


async def test_c5_a_closed_client_says_so(make: Make, flavour: str) -> None:
    script = Script()
    client = make(script)
    if flavour == "sync":
        with client as entered:
            assert entered is client
    else:
        async with client as entered:
            assert entered is client
    with pytest.raises(RuntimeError, match="closed"):
        await settle(client.deliver(MESSAGE))
    assert not script.asked


def test_c6_the_global_client_and_the_module_functions() -> None:
    script = Script(answer({"InactiveMails": 1, "Bounces": []}))
    carom.configure("tok", transport=script)
    try:
        assert carom.api_client() is carom.api_client()
        assert carom.delivery_stats().inactive_mails == 1
        message = carom.Message()
        message["From"], message["To"] = "me@example.com", "a@example.org"
        message.set_content("Hi")
        script.answers = [answer(), answer(), answer([{"ErrorCode": 0, "Message": "OK"}])]
        script.asked.clear()
        assert carom.deliver_message(message).ok
        assert carom.send_through_postmark(message).ok
        assert carom.deliver_messages([message]).ok
        mine = carom.ApiClient("mine", transport=script)
        carom.set_api_client(mine)
        assert carom.api_client() is mine
    finally:
        carom.configure(None)
        carom.set_api_client(None)


async def test_c7_m7_repr_and_log_hold_no_token(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    script = Script(refused(10, status=401, x_request_id="r-1"))
    client = make(script)
    with caplog.at_level(logging.DEBUG, "carom.client"), pytest.raises(carom.InvalidApiKeyError) as caught:
        await settle(client.get_bounces(tag="secret-tag"))
    [record] = [record for record in caplog.records if record.name == "carom.client"]
    assert (record.method, record.path, record.status) == ("GET", "/bounces", 401)  # type: ignore[attr-defined]
    assert (record.error_code, record.request_id, record.attempt) == (10, "r-1", 1)  # type: ignore[attr-defined]
    assert record.duration_ms >= 0  # type: ignore[attr-defined]
    shown = repr(client) + str(caught.value) + repr(caught.value) + caplog.text + repr(client._settings)
    assert TOKEN not in shown
    assert TOKEN[:-4] not in shown
    assert "secret-tag" not in caplog.text
    assert TOKEN[-4:] in repr(client)
    assert "abc" not in repr(make(token="abc"))


async def test_c8_the_headers_of_each_request(make: Make) -> None:
    script = Script(refused(429, status=429), answer())
    await settle(make(script, max_retries=1).deliver(MESSAGE))
    first, second = script.asked
    assert first.headers["X-Postmark-Correlation-Id"] == second.headers["X-Postmark-Correlation-Id"]
    assert first.headers["Idempotency-Key"] == first.headers["X-Postmark-Correlation-Id"]
    assert first.headers["Accept"] == first.headers["Content-Type"] == "application/json"
    assert re.fullmatch(r"carom/[\d.]+ python/3\.\d+", first.headers["User-Agent"])
    read = Script(answer({"InactiveMails": 0, "Bounces": []}))
    await settle(make(read, auth_header_name="X-Mine", user_agent="me").delivery_stats())
    assert not {"Content-Type", "Idempotency-Key"} & set(read.last.headers)
    assert (read.last.headers["X-Mine"], read.last.headers["User-Agent"]) == (TOKEN, "me")


async def test_c9_raw_access(make: Make) -> None:
    script = Script(answer({"NewThing": [{"AnId": 1}]}, x_request_id="r"))
    client = make(script)
    got = await settle(
        client.request("POST", "new/thing", params={"a": True, "b": None}, json={"X": 1}, headers={"H": "v"}, timeout=3)
    )
    assert (got.status, got.headers["x-request-id"], got.data.new_thing[0].an_id) == (200, "r", 1)
    assert got.raw == b'{"NewThing": [{"AnId": 1}]}'
    assert (script.last.path, script.last.query, script.last.json) == ("/new/thing", {"a": "true"}, {"X": 1})
    assert (script.last.headers["H"], script.last.timeout) == ("v", 3)
    for method in ("get", "post", "put", "patch", "delete"):
        await settle(getattr(client, method)("/x"))
        assert (script.last.method, script.last.path) == (method.upper(), "/x")
    with pytest.raises(ValueError, match="headers"):
        await settle(client.request("GET", "x", headers={"A": "b\r\nC: d"}))


def test_c10_importing_is_light() -> None:
    script = "import sys, carom; print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    heavy = {"carom.server", "carom.django", "carom.testing", "django", "pytest", "aiohttp", "http.client", "asyncio"}
    assert not heavy & set(modules)
