# pyright: basic
"""client-api sections 6 and 7: each call asks what the API documents, and reads what it answers."""

import json
from pathlib import Path
from typing import Any

import pytest

import carom
from tests.client.conftest import Make
from tests.client.scripts import MESSAGE, Script, answer, items, refused, settle
from tests.client.test_values import BOUNCE

pytestmark = pytest.mark.anyio

GOLDENS = Path(__file__).parents[1] / "wire" / "goldens"
EXAMPLES: dict[str, Any] = {
    example["id"]: example
    for sheet in ("server", "account")
    for example in json.loads((GOLDENS / f"{sheet}.json").read_text())
}

# Documented call, method of the client, arguments, and what it asks: path, query or body.
Case = tuple[str, str, tuple[Any, ...], dict[str, Any], str, dict[str, Any]]
PAGE = {"count": "30", "offset": "0"}
MANY = {"count": "500", "offset": "0"}
CASES: list[Case] = [
    ("email.send", "deliver", (MESSAGE,), {}, "/email", {"From": "me@example.com", "To": "a@example.org", "TextBody": "Hi"}),
    ("email.with_template", "deliver_with_template", (), {"from_": "a@b.test", "to": "c@d.test", "template_alias": "w", "template_model": {"a_b": 1}, "inline_css": False}, "/email/withTemplate", {"From": "a@b.test", "To": "c@d.test", "TemplateAlias": "w", "TemplateModel": {"a_b": 1}, "InlineCss": False}),
    ("bulk.send", "deliver_bulk", ({"from_": "a@b.test", "subject": "Hi {{n}}", "text_body": "x"}, [{"to": "c@d.test", "template_model": {"n": 1}}]), {}, "/email/bulk", {"From": "a@b.test", "Subject": "Hi {{n}}", "TextBody": "x", "Messages": [{"To": "c@d.test", "TemplateModel": {"n": 1}}]}),
    ("bulk.get", "get_bulk", ("b/1",), {}, "/email/bulk/b%2F1", {}),
    ("bulk.list", "get_bulks", (), {"count": 5, "pagination_key": "k"}, "/email/bulk", {"count": "5", "paginationKey": "k"}),
    ("bounces.delivery_stats", "delivery_stats", (), {}, "/deliverystats", {}),
    ("bounces.list", "get_bounces", (), {"type": "HardBounce", "message_stream": "s"}, "/bounces", {**PAGE, "type": "HardBounce", "messagestream": "s"}),
    ("bounces.list", "bounces", (), {}, "/bounces", MANY),
    ("bounces.get", "get_bounce", (1,), {}, "/bounces/1", {}),
    ("bounces.dump", "dump_bounce", (1,), {}, "/bounces/1/dump", {}),
    ("bounces.activate", "activate_bounce", (1,), {}, "/bounces/1/activate", {}),
    ("templates.list", "get_templates", (), {"template_type": "Layout"}, "/templates", {"Count": "30", "Offset": "0", "TemplateType": "Layout"}),
    ("templates.list", "templates", (), {}, "/templates", {"Count": "500", "Offset": "0"}),
    ("templates.get", "get_template", ("a b",), {}, "/templates/a%20b", {}),
    ("templates.create", "create_template", (), {"name": "N", "html_body": "x", "layout_template": ""}, "/templates", {"Name": "N", "HtmlBody": "x", "LayoutTemplate": ""}),
    ("templates.update", "update_template", (1234,), {"name": "N"}, "/templates/1234", {"Name": "N"}),
    ("templates.delete", "delete_template", (1234,), {}, "/templates/1234", {}),
    ("templates.validate", "validate_template", (), {"subject": "{{a}}", "test_render_model": {"my_key": 1}}, "/templates/validate", {"Subject": "{{a}}", "TestRenderModel": {"my_key": 1}}),
    ("server.get", "server_info", (), {}, "/server", {}),
    ("server.update", "update_server_info", (), {"track_opens": True, "color": "red"}, "/server", {"TrackOpens": True, "Color": "red"}),
    ("streams.list", "get_message_streams", (), {"include_archived_streams": True}, "/message-streams", {"IncludeArchivedStreams": "true"}),
    ("streams.list", "message_streams", (), {"message_stream_type": "Inbound"}, "/message-streams", {"MessageStreamType": "Inbound"}),
    ("streams.get", "get_message_stream", ("s",), {}, "/message-streams/s", {}),
    ("streams.create", "create_message_stream", (), {"id": "s", "name": "S", "message_stream_type": "Broadcasts", "subscription_management_configuration": {"unsubscribe_handling_type": "Postmark"}}, "/message-streams", {"ID": "s", "Name": "S", "MessageStreamType": "Broadcasts", "SubscriptionManagementConfiguration": {"UnsubscribeHandlingType": "Postmark"}}),
    ("streams.update", "update_message_stream", ("s",), {"name": "T"}, "/message-streams/s", {"Name": "T"}),
    ("streams.archive", "archive_message_stream", ("s",), {}, "/message-streams/s/archive", {}),
    ("streams.unarchive", "unarchive_message_stream", ("s",), {}, "/message-streams/s/unarchive", {}),
    ("suppressions.dump", "dump_suppressions", ("s",), {"origin": "Customer", "fromdate": "2026-01-01", "email_address": "a@b.test"}, "/message-streams/s/suppressions/dump", {"Origin": "Customer", "fromdate": "2026-01-01", "EmailAddress": "a@b.test"}),
    ("suppressions.create", "create_suppressions", ("s", "a@b.test"), {}, "/message-streams/s/suppressions", {"Suppressions": [{"EmailAddress": "a@b.test"}]}),
    ("suppressions.delete", "delete_suppressions", ("s", ["a@b.test", "c@d.test"]), {}, "/message-streams/s/suppressions/delete", {"Suppressions": [{"EmailAddress": "a@b.test"}, {"EmailAddress": "c@d.test"}]}),
    ("messages.outbound.list", "get_messages", (), {"recipient": "r", "metadata": {"color": "blue"}}, "/messages/outbound", {**PAGE, "recipient": "r", "metadata_color": "blue"}),
    ("messages.outbound.list", "messages", (), {"fromemail": "f"}, "/messages/outbound", {**MANY, "fromemail": "f"}),
    ("messages.outbound.list", "get_messages_count", (), {"tag": "t"}, "/messages/outbound", {"count": "1", "offset": "0", "tag": "t"}),
    ("messages.outbound.get", "get_message", ("m",), {}, "/messages/outbound/m/details", {}),
    ("messages.outbound.dump", "dump_message", ("m",), {}, "/messages/outbound/m/dump", {}),
    ("messages.inbound.list", "get_messages", (), {"inbound": True, "mailboxhash": "h"}, "/messages/inbound", {**PAGE, "mailboxhash": "h"}),
    ("messages.inbound.list", "messages", (), {"inbound": True}, "/messages/inbound", MANY),
    ("messages.inbound.get", "get_message", ("m",), {"inbound": True}, "/messages/inbound/m/details", {}),
    ("messages.inbound.bypass", "bypass_inbound_message", ("m",), {}, "/messages/inbound/m/bypass", {}),
    ("messages.inbound.retry", "retry_inbound_message", ("m",), {}, "/messages/inbound/m/retry", {}),
    ("messages.opens.list", "get_opens", (), {"client_name": "c", "os_family": "o", "message_stream": "s"}, "/messages/outbound/opens", {**PAGE, "client_name": "c", "os_family": "o", "messagestream": "s"}),
    ("messages.opens.list", "opens", (), {}, "/messages/outbound/opens", MANY),
    ("messages.opens.by_message", "get_opens_by_message_id", ("m",), {}, "/messages/outbound/opens/m", PAGE),
    ("messages.opens.by_message", "opens_by_message_id", ("m",), {}, "/messages/outbound/opens/m", MANY),
    ("messages.clicks.list", "get_clicks", (), {"platform": "Mobile"}, "/messages/outbound/clicks", {**PAGE, "platform": "Mobile"}),
    ("messages.clicks.list", "clicks", (), {}, "/messages/outbound/clicks", MANY),
    ("messages.clicks.by_message", "get_clicks_by_message_id", ("m",), {}, "/messages/outbound/clicks/m", PAGE),
    ("messages.clicks.by_message", "clicks_by_message_id", ("m",), {}, "/messages/outbound/clicks/m", MANY),
    ("stats.overview", "get_stats_totals", (), {"tag": "t", "fromdate": "2026-01-01"}, "/stats/outbound", {"tag": "t", "fromdate": "2026-01-01"}),
    ("stats.sends", "get_stats_counts", ("sends",), {"message_stream": "s"}, "/stats/outbound/sends", {"messagestream": "s"}),
    ("stats.opens_emailclients", "get_stats_counts", ("opens",), {"type": "emailclients"}, "/stats/outbound/opens/emailclients", {}),
    ("stats.clicks_location", "get_stats_counts", ("clicks",), {"type": "location"}, "/stats/outbound/clicks/location", {}),
    ("triggers.inboundrules.list", "get_triggers", ("inbound_rules",), {}, "/triggers/inboundrules", PAGE),
    ("triggers.inboundrules.list", "triggers", ("inbound_rules",), {}, "/triggers/inboundrules", MANY),
    ("triggers.inboundrules.list", "inbound_rules", (), {}, "/triggers/inboundrules", MANY),
    ("triggers.inboundrules.create", "create_trigger", ("inbound_rules",), {"rule": "r"}, "/triggers/inboundrules", {"Rule": "r"}),
    ("triggers.inboundrules.create", "create_inbound_rule", ("r",), {}, "/triggers/inboundrules", {"Rule": "r"}),
    ("triggers.inboundrules.delete", "delete_trigger", ("inbound_rules", 1), {}, "/triggers/inboundrules/1", {}),
    ("triggers.inboundrules.delete", "delete_inbound_rule", (1,), {}, "/triggers/inboundrules/1", {}),
    ("triggers.tags.list", "get_triggers", ("tags",), {"match_name": "w"}, "/triggers/tags", {**PAGE, "match_name": "w"}),
    ("triggers.tags.get", "get_trigger", ("tags", 42), {}, "/triggers/tags/42", {}),
    ("triggers.tags.create", "create_trigger", ("tags",), {"match_name": "w"}, "/triggers/tags", {"MatchName": "w"}),
    ("webhooks.list", "get_webhooks", (), {"message_stream": "s"}, "/webhooks", {"MessageStream": "s"}),
    ("webhooks.get", "get_webhook", (1,), {}, "/webhooks/1", {}),
    ("webhooks.create", "create_webhook", (), {"url": "https://x.test", "http_auth": {"username": "u", "password": "p"}, "http_headers": {"X-Secret": "s"}, "triggers": {"spam_complaint": {"enabled": True, "include_content": False}}}, "/webhooks", {"Url": "https://x.test", "HttpAuth": {"Username": "u", "Password": "p"}, "HttpHeaders": [{"Name": "X-Secret", "Value": "s"}], "Triggers": {"SpamComplaint": {"Enabled": True, "IncludeContent": False}}}),
    ("webhooks.update", "update_webhook", (1,), {"url": "u", "http_headers": [{"name": "N", "value": "V"}]}, "/webhooks/1", {"Url": "u", "HttpHeaders": [{"Name": "N", "Value": "V"}]}),
    ("webhooks.delete", "delete_webhook", (1,), {}, "/webhooks/1", {}),
    ("webhooks.verify", "verify_webhook", (1,), {}, "/webhooks/1/verify", {}),
    ("servers.list", "get_servers", (), {"name": "n"}, "/servers", {**PAGE, "name": "n"}),
    ("servers.list", "servers", (), {}, "/servers", MANY),
    ("servers.list", "get_servers_count", (), {}, "/servers", {"count": "1", "offset": "0"}),
    ("servers.get", "get_server", (1,), {}, "/servers/1", {}),
    ("servers.create", "create_server", (), {"name": "N", "delivery_type": "Sandbox"}, "/servers", {"Name": "N", "DeliveryType": "Sandbox"}),
    ("servers.edit", "update_server", (1,), {"color": "Blue"}, "/servers/1", {"Color": "Blue"}),
    ("servers.delete", "delete_server", (1,), {}, "/servers/1", {}),
    ("domains.list", "get_domains", (), {}, "/domains", PAGE),
    ("domains.list", "domains", (), {}, "/domains", MANY),
    ("domains.list", "get_domains_count", (), {}, "/domains", {"count": "1", "offset": "0"}),
    ("domains.get", "get_domain", (1,), {}, "/domains/1", {}),
    ("domains.create", "create_domain", (), {"name": "x.test", "return_path_domain": "r"}, "/domains", {"Name": "x.test", "ReturnPathDomain": "r"}),
    ("domains.edit", "update_domain", (1,), {"return_path_domain": ""}, "/domains/1", {"ReturnPathDomain": ""}),
    ("domains.delete", "delete_domain", (1,), {}, "/domains/1", {}),
    ("domains.verifyDkim", "verify_domain_dkim", (1,), {}, "/domains/1/verifyDkim", {}),
    ("domains.verifyReturnPath", "verify_domain_return_path", (1,), {}, "/domains/1/verifyReturnPath", {}),
    ("domains.verifyCustomTracking", "verify_domain_custom_tracking", (1,), {}, "/domains/1/verifyCustomTracking", {}),
    ("domains.verifySpf", "is_domain_spf_verified", (1,), {}, "/domains/1/verifyspf", {}),
    ("domains.rotateDkim", "rotate_domain_dkim", (1,), {}, "/domains/1/rotatedkim", {}),
    ("senders.list", "get_senders", (), {}, "/senders", PAGE),
    ("senders.list", "senders", (), {}, "/senders", MANY),
    ("senders.list", "get_signatures_count", (), {}, "/senders", {"count": "1", "offset": "0"}),
    ("senders.get", "get_sender", (1,), {}, "/senders/1", {}),
    ("senders.create", "create_sender", (), {"from_email": "a@b.test", "name": "A"}, "/senders", {"FromEmail": "a@b.test", "Name": "A"}),
    ("senders.edit", "update_signature", (1,), {"reply_to_email": "r"}, "/senders/1", {"ReplyToEmail": "r"}),
    ("senders.delete", "delete_sender", (1,), {}, "/senders/1", {}),
    ("senders.resend", "resend_sender_confirmation", (1,), {}, "/senders/1/resend", {}),
    ("senders.verifySpf", "is_sender_spf_verified", (1,), {}, "/senders/1/verifyspf", {}),
    ("senders.requestNewDkim", "request_new_sender_dkim", (1,), {}, "/senders/1/requestnewdkim", {}),
    ("templates.push", "push_templates", (), {"source_server_id": 1, "destination_server_id": 2, "perform_changes": True}, "/templates/push", {"SourceServerID": 1, "DestinationServerID": 2, "PerformChanges": True}),
    ("dataRemovals.create", "request_data_removal", (), {"requested_by": "a", "requested_for": "b"}, "/data-removals", {"RequestedBy": "a", "RequestedFor": "b", "NotifyWhenCompleted": False}),
    ("dataRemovals.get", "get_data_removal_status", (1234,), {}, "/data-removals/1234", {}),
]  # fmt: skip


AROUND = {"TotalCount", "PaginationKey", "Message"}


def leaf(value: Any) -> Any:
    """What of a documented answer a result can be compared with: its first plain member."""
    while isinstance(value, list):
        value = value[0]
    for name, member in value.items():
        if isinstance(member, (str, int, bool)) and (
            name not in AROUND or ("Bounce" not in value and name == "Message")
        ):
            return name, member
    return leaf(next(member for member in value.values() if isinstance(member, (dict, list))))


@pytest.mark.parametrize("case", CASES, ids=[f"{case[1]}-{case[0]}" for case in CASES])
async def test_c6_c7_every_call_asks_and_reads_what_is_documented(make: Make, case: Case) -> None:
    example, method, args, kwargs, path, said = case
    documented = EXAMPLES[example]
    script = Script(answer(documented["success_example"]))
    called = getattr(make(script, documented["auth"]), method)(*args, **kwargs)
    result = await settle(called) if not hasattr(called, "pages") else await items(called)
    asked = script.asked[0]
    assert (asked.method, asked.path) == (documented["method"], path)
    assert (asked.query if asked.method in {"GET", "DELETE"} else asked.json if asked.body else {}) == said
    if isinstance(result, (bool, int)):
        assert result
    elif not isinstance(result, list) or result:
        name, member = leaf(documented["success_example"])
        one: Any = result[0] if hasattr(result, "__len__") else result
        raw: Any = one.raw if name in one.raw else leaf(one.raw)
        assert (raw[name] if isinstance(raw, dict) else raw[1]) == member


def test_c6_every_documented_call_has_a_method() -> None:
    covered = {case[0] for case in CASES}
    elsewhere = {"email.batch", "email.batch_with_templates"}  # in the tests of batches
    stats = {name for name in EXAMPLES if name.startswith("stats.")}
    gone = {"bounces.tags", "webhooks.statistics", "triggers.tags.update", "triggers.tags.delete"}
    assert set(EXAMPLES) - covered - elsewhere - stats - gone == set()


async def test_c6_the_bounce_page(make: Make, flavour: str) -> None:
    script = Script(answer({"Message": "OK", "Bounce": {**BOUNCE, "Inactive": False}}))
    bounce = await settle(make(script).activate_bounce(1))
    assert (bounce.inactive, bounce.ack) == (False, "OK")
    if flavour == "sync":
        script.answers = [answer({"Body": "dump"})]
        script.asked.clear()
        assert bounce.dump() == "dump"
        client = carom.ApiClient("t", transport=Script(answer({"TotalCount": 1, "Bounces": [BOUNCE]})))
        [found] = carom.Bounce.all(client, tag="t")
        client._line._transport = None
        assert found.id == BOUNCE["ID"]
        assert carom.Bounce.find(1, carom.ApiClient("t", transport=Script(answer(BOUNCE)))).id == BOUNCE["ID"]


async def test_c6_send_results(make: Make) -> None:
    text = "Message OK, but will not deliver to these inactive addresses: b@x.test, c@x.test."
    answered = {"ErrorCode": 0, "Message": text, "To": "A <a@x.test>, b@x.test", "MessageID": "m"}
    result = await settle(make(Script(answer(answered))).deliver(MESSAGE))
    assert result.rejected == ["b@x.test", "c@x.test"]
    assert result.recipients == {"a@x.test": "sent", "b@x.test": "rejected", "c@x.test": "rejected"}
    late = {"Message": "Message accepted, but delivery may be delayed.", "MessageID": "m", "To": "a@x.test"}
    result = await settle(make(Script(answer(late))).deliver(MESSAGE))
    assert (result.ok, result.queued, result.error_code, result.recipients) == (True, True, 0, {"a@x.test": "queued"})


async def test_c6_merge(make: Make) -> None:
    script = Script(answer([{"ErrorCode": 0, "Message": "OK"}] * 2))
    common = {
        "from_": "a@b.test",
        "template_alias": "w",
        "template_model": {"a": 1},
        "metadata": {"x": "1"},
        "headers": {"X-A": "1"},
    }
    recipients = [{"to": "c@d.test", "template_model": {"b": 2}, "headers": {"x-a": "2"}}, {"to": "e@f.test"}]
    assert (await settle(make(script).deliver_merge(common, recipients))).ok
    first, second = script.last.json["Messages"]
    assert (first["TemplateModel"], first["Headers"]) == ({"a": 1, "b": 2}, [{"Name": "x-a", "Value": "2"}])
    assert (second["To"], second["Metadata"]) == ("e@f.test", {"x": "1"})
    plain = Script(answer([{"ErrorCode": 0}]))
    await settle(make(plain).deliver_merge({"from_": "a@b.test", "text_body": "x"}, [{"to": "c@d.test"}]))
    assert plain.last.path == "/email/batch"
    with pytest.raises(ValueError, match="recipients"):
        await settle(make(script).deliver_bulk(common, []))


async def test_c6_suppressions_are_cut_into_fifties(make: Make) -> None:
    script = Script(
        lambda asked: answer(
            {
                "Suppressions": [
                    {"EmailAddress": e["EmailAddress"], "Status": "Suppressed", "Message": None}
                    for e in asked.json["Suppressions"]
                ]
            }
        )
    )
    done = await settle(make(script).create_suppressions("s", [f"a{n}@b.test" for n in range(120)]))
    assert [len(asked.json["Suppressions"]) for asked in script.asked] == [50, 50, 20]
    assert [row.email_address for row in done] == [f"a{n}@b.test" for n in range(120)]


async def test_c6_stats_keys_that_are_data_stay(make: Make) -> None:
    example = EXAMPLES["stats.opens_emailclients"]["success_example"]
    counts = await settle(make(Script(answer(example))).get_stats_counts("opens", type="emailclients"))
    assert (counts["Apple Mail"], counts["Outlook 2010"], counts["nothing"]) == (1, 1, 0)
    assert counts.days[0].counts == {"Apple Mail": 1, "Outlook 2010": 1}
    assert counts.days[0].date.isoformat() == "2026-01-01"
    empty = await settle(make(Script(answer({"Days": []}))).get_stats_counts("sends"))
    assert (empty.days, empty["Sent"]) == ([], 0)
    for wrong in (("sales", None), ("sends", "platforms")):
        with pytest.raises(ValueError, match=r"sales|platforms"):
            await settle(make(Script()).get_stats_counts(wrong[0], type=wrong[1]))


async def test_r5_a_trigger_by_its_gem_name(make: Make) -> None:
    script = Script(answer({"ID": 1, "Rule": "r"}))
    assert (await settle(make(script).get_trigger("inbound_rules", 1))).rule == "r"
    assert script.last.path == "/triggers/inboundrules/1"
    with pytest.raises(ValueError, match="opens"):
        await settle(make(script).get_trigger("opens", 1))


async def test_s15_a_webhook_without_a_trigger(make: Make) -> None:
    hook = json.loads(json.dumps(EXAMPLES["webhooks.get"]["success_example"]))
    del hook["Triggers"]["SubscriptionChange"]
    found = await settle(make(Script(answer(hook))).get_webhook(1))
    assert found.triggers.open.enabled
    assert found.triggers.subscription_change.enabled is None


async def test_a1_a_refusal_without_addresses_is_never_sent(make: Make) -> None:
    for reply in (refused(406, "All recipients are inactive."), refused(406, "All are inactive.", status=200)):
        with pytest.raises(carom.InactiveRecipientError) as caught:
            await settle(make(Script(reply)).deliver(MESSAGE))
        assert caught.value.recipients == []


async def test_c7_a_refused_domain(make: Make) -> None:
    with pytest.raises(carom.NotFoundError):
        await settle(make(Script(refused(510)), "account").get_domain(1))
