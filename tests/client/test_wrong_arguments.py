# pyright: basic
"""Every wrong argument names itself and sends nothing."""

from typing import Any

import pytest

from carom import RetryPolicy
from carom.client._settings import resolve
from tests.client.conftest import Make
from tests.client.scripts import MESSAGE, Script, collect, settle

pytestmark = pytest.mark.anyio

TEMPLATED = {"from_": "a@b.test", "to": "c@d.test"}

# Method, arguments, keywords, and the word that the error must have.
NUMBERS: list[Any] = ["abc", None, True, 1.5, [], ""]
WRONG: list[tuple[str, tuple[Any, ...], dict[str, Any], str]] = [
    *[("get_bounce", (value,), {}, "bounce_id") for value in NUMBERS],
    ("activate_bounce", (None,), {}, "bounce_id"),
    ("dump_bounce", ("x",), {}, "bounce_id"),
    *[("get_bounces", (), {"count": value}, "count") for value in ("x", 1.5, 0, 501, True, None)],
    *[("get_bounces", (), {"offset": value}, "offset") for value in ("1", -1, None)],
    ("get_bounces", (), {"fromdate": 5}, "fromdate"),
    ("get_bounces", (), {"inactive": "maybe"}, "inactive"),
    ("get_bounces", (), {"type": ["HardBounce"]}, "type"),
    *[("get_message", (value,), {}, "message_id") for value in (None, 5, "", " ", ".", "..")],
    ("get_message", ("",), {"inbound": True}, "message_id"),
    *[("get_template", (value,), {}, "id_or_alias") for value in (None, "", "..", 1.5, True)],
    ("get_message_stream", (None,), {}, "stream_id"),
    ("archive_message_stream", ("",), {}, "stream_id"),
    ("create_message_stream", (), {"id": "", "name": "n", "message_stream_type": "Broadcasts"}, "id"),
    ("create_message_stream", (), {"id": "i", "name": None, "message_stream_type": "Broadcasts"}, "name"),
    ("create_suppressions", (None, "a@b.test"), {}, "stream_id"),
    *[("create_suppressions", ("s", value), {}, "emails") for value in (5, [5], None, [None])],
    ("delete_suppressions", ("s", b"a@b.test"), {}, "emails"),
    ("get_stats_counts", ("nonsense",), {}, "stat"),
    ("get_stats_counts", ("opens",), {"type": "nonsense"}, "type"),
    ("get_stats_totals", (), {"fromdate": 5}, "fromdate"),
    ("create_trigger", ("nonsense",), {"rule": "x"}, "type"),
    ("create_inbound_rule", (None,), {}, "rule"),
    ("create_webhook", (), {"url": None}, "url"),
    ("create_webhook", (), {"url": 5}, "url"),
    ("create_webhook", (), {"url": "http://a.test", "triggers": 5}, "triggers"),
    ("update_server_info", (), {"track_opens": "sure"}, "track_opens"),
    ("validate_template", (), {"test_render_model": 5}, "test_render_model"),
    ("deliver", (5,), {}, "message"),
    ("deliver", ("x",), {}, "message"),
    *[
        ("deliver", (MESSAGE,), {field: value}, name)
        for field, value, name in [
            ("to", 5, "To"),
            ("to", [5], "To"),
            ("from_", "", "From"),
            ("from_", ["a@b.test", "c@b.test"], "From"),
            ("cc", {1: "a"}, "Cc"),
            ("subject", 5, "Subject"),
            ("subject", "\ud800", "Subject"),
            ("text_body", b"x", "TextBody"),
            ("html_body", object(), "HtmlBody"),
            ("tag", 5, "Tag"),
            ("headers", 5, "Headers"),
            ("headers", "X: y", "Headers"),
            ("headers", {"X-A": 5}, "Headers"),
            ("headers", {"X-A\nBcc": "x"}, "Headers"),
            ("headers", {"": "x"}, "Headers"),
            ("headers", [("a",)], "Headers"),
            ("attachments", 5, "Attachments"),
            ("attachments", "x.txt", "Attachments"),
            ("attachments", [("a", 5)], "Attachments"),
            ("attachments", [("a",)], "Attachments"),
            ("attachments", [{"name": "a"}], "Attachments"),
            ("metadata", [1], "Metadata"),
            ("metadata", {"a": 1}, "Metadata"),
            ("metadata", {1: "a"}, "Metadata"),
            ("track_links", "Some", "TrackLinks"),
            ("track_opens", "yes", "TrackOpens"),
            ("message_stream", 5, "MessageStream"),
            ("novelty", object(), "Novelty"),
        ]
    ],
    ("deliver_with_template", (), TEMPLATED, "TemplateAlias"),
    ("deliver_with_template", (), {**TEMPLATED, "template_id": "x"}, "TemplateId"),
    ("deliver_with_template", (), {**TEMPLATED, "template_id": 1, "template_model": 5}, "TemplateModel"),
    *[("deliver_in_batches", (value,), {}, "messages") for value in (5, None, MESSAGE, "x", b"x")],
    ("deliver_in_batches", ([MESSAGE, 5],), {}, "message"),
    ("deliver_in_batches", ([MESSAGE, {**MESSAGE, "tag": 5}],), {}, "message 1: Tag"),
    *[("deliver_in_batches", ([MESSAGE],), {"concurrency": value}, "concurrency") for value in (0, -1, "x", None)],
    ("request", ("FETCH", "/x"), {}, "method"),
    *[("request", ("GET", value), {}, "path") for value in (None, "", "/x y", "/é", "/x\r\nEvil: 1", "/x#y")],
    *[("request", ("GET", "/x"), {"timeout": value}, "timeout") for value in (0, -1, "x")],
    ("request", ("POST", "/x"), {"json": object()}, "json"),
    *[
        ("request", ("GET", "/x"), {"headers": value}, "headers")
        for value in ({"a": 5}, {"a b": "x"}, {"a": "b\r\nc: d"}, {"a": "\u20ac"}, {"": "x"})
    ],
]


@pytest.mark.parametrize(("method", "arguments", "keywords", "named"), WRONG)
async def test_c82_a_wrong_argument_names_itself_and_sends_nothing(
    make: Make, method: str, arguments: tuple[Any, ...], keywords: dict[str, Any], named: str
) -> None:
    script = Script()
    with pytest.raises((TypeError, ValueError), match=named):
        await settle(getattr(make(script), method)(*arguments, **keywords))
    assert not script.asked


@pytest.mark.parametrize(
    ("method", "keywords", "named"),
    [
        ("create_domain", {"name": None}, "name"),
        ("create_sender", {"from_email": " ", "name": "n"}, "from_email"),
        ("push_templates", {"source_server_id": "x", "destination_server_id": 1}, "source_server_id"),
        ("request_data_removal", {"requested_by": None, "requested_for": "a@b.test"}, "requested_by"),
    ],
)
async def test_c82_the_account_client_too(make: Make, method: str, keywords: dict[str, Any], named: str) -> None:
    script = Script()
    with pytest.raises((TypeError, ValueError), match=named):
        await settle(getattr(make(script, "account"), method)(**keywords))
    assert not script.asked


@pytest.mark.parametrize("value", [-1, "x", 1.5])
async def test_c31_a_limit_that_is_none(make: Make, value: Any) -> None:
    script = Script()
    with pytest.raises((TypeError, ValueError), match="limit"):
        await collect(make(script).bounces(limit=value), [])
    with pytest.raises((TypeError, ValueError), match="limit"):
        await settle(make(script).bounces().first(value))
    assert not script.asked


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"timeout": -1}, "timeout"),
        ({"timeout": "x"}, "timeout"),
        ({"timeout": (1,)}, "timeout"),
        ({"timeout": None, "http_read_timeout": 0}, "http_read_timeout"),
        ({"max_retries": -1}, "max_retries"),
        ({"max_retries": 1.5}, "max_retries"),
        ({"retry": 5}, "retry"),
        ({"retry": RetryPolicy(max_retries=-1)}, "max_retries"),
        ({"port": 99999}, "port"),
        ({"port": "x"}, "port"),
        ({"base_url": "http://a:99999"}, "base_url"),
        ({"base_url": "ftp://a"}, "base_url"),
        ({"base_url": 5}, "base_url"),
        ({"host": ""}, "base_url"),
        ({"host": "a\r\nb"}, "host"),
        ({"path_prefix": "/a b"}, "path_prefix"),
        ({"verify": 5}, "verify"),
        ({"idle_timeout": "x"}, "idle_timeout"),
        ({"idle_timeout": 0}, "idle_timeout"),
        ({"max_batch_size": 501}, "max_batch_size"),
        ({"max_batch_size": "x"}, "max_batch_size"),
        ({"max_batch_bytes": 0}, "max_batch_bytes"),
        ({"user_agent": 5}, "user_agent"),
        ({"user_agent": "a\r\nb"}, "user_agent"),
        ({"auth_header_name": "a: b"}, "auth_header_name"),
        ({"proxy": 5}, "proxy"),
        ({"bogus": 1}, "bogus"),
    ],
)
def test_c2_a_wrong_option_is_named_when_the_client_is_made(options: dict[str, Any], named: str) -> None:
    with pytest.raises((TypeError, ValueError), match=named):
        resolve(options, {})


@pytest.mark.parametrize("token", [5, b"token", "a\nb", "a b", "\u20ac"])
def test_c1_a_wrong_token_is_named_and_not_shown(make: Make, token: Any) -> None:
    with pytest.raises((TypeError, ValueError), match="api_token") as caught:
        make(token=token)
    assert repr(token) not in str(caught.value)
