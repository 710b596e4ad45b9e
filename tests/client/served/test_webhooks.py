# pyright: basic
"""client-api section 6: webhooks as they are configured, and triggers."""

import pytest

import carom
from tests.client.served.world import World, calls, refuses

pytestmark = pytest.mark.anyio

URL = "https://hooks.example.com/postmark"


@calls("create_webhook", "get_webhook", "get_webhooks", "update_webhook", "delete_webhook")
async def test_c6_s15_a_webhook_is_made_read_changed_listed_and_removed(world: World) -> None:
    client = world.client
    made = await client.create_webhook(
        url=URL,
        http_auth={"username": "u", "password": "p"},
        http_headers={"X-A": "1"},
        triggers={"bounce": {"enabled": True, "include_content": True}, "open": {"enabled": True}},
    )
    assert (made.url, made.message_stream, made.http_auth.username, made.http_auth.password) == (
        URL,
        "outbound",
        "u",
        "p",
    )
    assert [(header.name, header.value) for header in made.http_headers] == [("X-A", "1")]
    assert (made.triggers.bounce.enabled, made.triggers.bounce.include_content) == (True, True)
    assert (made.triggers.open.enabled, made.triggers.open.post_first_open_only) == (True, False)
    assert not any(
        trigger.enabled
        for trigger in (
            made.triggers.click,
            made.triggers.delivery,
            made.triggers.spam_complaint,
            made.triggers.subscription_change,
        )
    )
    assert await client.get_webhook(made.id) == made
    changed = await client.update_webhook(made.id, url=URL + "/2", triggers={"click": {"enabled": True}})
    assert (changed.url, changed.http_auth.password, len(changed.http_headers)) == (URL + "/2", "p", 1)
    assert (changed.triggers.click.enabled, changed.triggers.bounce.include_content) == (True, True)
    other = await client.create_webhook(url=URL, message_stream="broadcast")
    assert {one.id for one in await client.get_webhooks()} == {made.id, other.id}
    assert [one.id for one in await client.get_webhooks(message_stream="broadcast")] == [other.id]
    assert (await client.delete_webhook(made.id)).error_code == 0
    assert [one.id for one in await client.get_webhooks()] == [other.id]


@refuses("create_webhook", "get_webhook", "get_webhooks", "update_webhook", "delete_webhook")
async def test_c6_what_is_no_webhook_is_refused(world: World) -> None:
    client = world.client
    for call in (client.get_webhook, client.update_webhook, client.delete_webhook):
        with pytest.raises(carom.NotFoundError) as caught:
            await call(1)
        assert caught.value.error_code == 1352
        assert caught.value.message == "The webhook for the provided 'ID' was not found."
    for fields, code in (
        ({"url": "nonsense"}, 1354),
        ({"url": URL, "message_stream": "inbound"}, 1351),
        ({"url": URL, "message_stream": "none"}, 1226),
        ({"url": URL, "http_headers": {"No good": "1"}}, 1358),
    ):
        with pytest.raises(carom.ApiInputError) as refused:
            await client.create_webhook(**fields)
        assert refused.value.error_code == code, fields
    with pytest.raises(carom.NotFoundError) as caught:
        await client.get_webhooks(message_stream="none")
    assert caught.value.error_code == 1226


@calls("verify_webhook")
@refuses("verify_webhook")
async def test_c6_a_webhook_is_verified(world: World) -> None:
    """Nothing listens at the address: the answer says so, and is no error."""
    client = world.client
    made = await client.create_webhook(url="http://127.0.0.1:9/none", triggers={"bounce": {"enabled": True}})
    verified = await client.verify_webhook(made.id)
    assert (verified.id, verified.url, verified.success) == (made.id, made.url, False)
    assert [(row.trigger_type, row.success) for row in verified.results] == [("Bounce", False)]
    with pytest.raises(carom.NotFoundError) as caught:
        await client.verify_webhook(1)
    assert caught.value.error_code == 1352


@calls(
    "create_inbound_rule",
    "delete_inbound_rule",
    "inbound_rules",
    "create_trigger",
    "get_trigger",
    "delete_trigger",
    "get_triggers",
    "triggers",
)
async def test_c6_r5_inbound_rules_under_both_names(world: World) -> None:
    client = world.client
    one = await client.create_inbound_rule("some.one+x@ex-ample.org")
    other = await client.create_trigger("inbound_rules", rule="ex-ample.net")
    assert (one.rule, other.rule) == ("some.one+x@ex-ample.org", "ex-ample.net")
    assert (await client.get_trigger("inbound_rules", one.id)).rule == one.rule
    page = await client.get_triggers("inbound_rules", count=1)
    assert (page.total_count, len(page)) == (2, 1)
    assert {rule.id for rule in await client.triggers("inbound_rules")} == {one.id, other.id}
    assert (await client.delete_trigger("inbound_rules", other.id)).message == "Rule ex-ample.net removed."
    assert (await client.delete_inbound_rule(one.id)).message == f"Rule {one.rule} removed."
    assert await client.inbound_rules() == []


@refuses("create_inbound_rule", "delete_inbound_rule", "inbound_rules")
@refuses("create_trigger", "get_trigger", "delete_trigger", "get_triggers", "triggers")
async def test_c6_what_is_no_rule_is_refused(world: World) -> None:
    client = world.client
    await client.create_inbound_rule("example.org")
    for rule, code in (("example.org", 810), ("no rule", 813)):
        with pytest.raises(carom.ApiInputError) as caught:
            await client.create_inbound_rule(rule)
        assert caught.value.error_code == code
    for call, args in (
        (client.delete_inbound_rule, (1,)),
        (client.delete_trigger, ("inbound_rules", 1)),
        (client.get_trigger, ("inbound_rules", 1)),
    ):
        with pytest.raises(carom.NotFoundError) as caught:
            await call(*args)
        assert caught.value.error_code == 812
    with pytest.raises(carom.ApiInputError) as caught:
        await client.get_triggers("inbound_rules", offset=9_999)
    assert caught.value.error_code == 800
    stranger = world.make(token="no-token")
    with pytest.raises(carom.InvalidApiKeyError):
        await stranger.inbound_rules()
    with pytest.raises(carom.InvalidApiKeyError):
        await stranger.triggers("inbound_rules")
    assert list(await client.get_triggers("tags")) == []
    with pytest.raises(carom.ApiInputError) as caught:
        await client.create_trigger("tags", match_name="t", track_opens=True)
    assert caught.value.error_code == 615
