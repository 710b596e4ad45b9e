"""What type checkers see: this file only has to check, and nothing in it runs.

What has no assertion here: test_every_method.
"""

from typing import assert_type

from carom import (
    AccountApiClient,
    ApiClient,
    AsyncAccountApiClient,
    AsyncApiClient,
    AsyncBounce,
    AsyncPager,
    BatchResult,
    Bounce,
    BounceDump,
    DeliveryStats,
    Page,
    Pager,
    Record,
    Response,
    SendResult,
    Server,
)
from carom.client.stats import StatsCounts
from carom.wire.acks import Ack
from carom.wire.bulk import BulkRequest
from carom.wire.data_removals import DataRemoval
from carom.wire.domains import Domain, DomainKey, DomainSummary
from carom.wire.messages import (
    Click,
    InboundDetails,
    InboundSummary,
    MessageDump,
    Open,
    OutboundMessage,
    OutboundMessageDetails,
)
from carom.wire.senders import Sender, SenderSummary
from carom.wire.stats import StatsTotals
from carom.wire.streams import ArchivedStream, MessageStream
from carom.wire.suppressions import Suppression, SuppressionResult
from carom.wire.templates import Template, TemplatesPush, TemplateSummary, TemplateValidation
from carom.wire.triggers import InboundRule, TagTrigger
from carom.wire.webhooks import Webhook, WebhookVerification


def check_server(client: ApiClient) -> None:
    assert_type(client.deliver(to="a"), SendResult)
    assert_type(client.deliver_with_template(template_id=1), SendResult)
    assert_type(client.deliver_in_batches([]), BatchResult)
    assert_type(client.deliver_in_batches_with_templates([]), BatchResult)
    assert_type(client.deliver_message(b""), SendResult)
    assert_type(client.deliver_message_with_template(b""), SendResult)
    assert_type(client.deliver_messages([]), BatchResult)
    assert_type(client.deliver_messages_with_templates([]), BatchResult)
    assert_type(client.deliver_bulk({}, [{}]), BulkRequest)
    assert_type(client.get_bulk("x"), BulkRequest)
    assert_type(client.get_bulks(), Page[BulkRequest])
    assert_type(client.deliver_merge({}, [{}]), BatchResult)
    assert_type(client.delivery_stats(), DeliveryStats)
    assert_type(client.bounces(), Pager[Bounce])
    assert_type(client.get_bounces(), Page[Bounce])
    assert_type(client.get_bounce(1), Bounce)
    assert_type(client.dump_bounce(1), BounceDump)
    assert_type(client.activate_bounce(1), Bounce)
    assert_type(client.messages(), Pager[OutboundMessage])
    assert_type(client.messages(inbound=True), Pager[InboundSummary])
    assert_type(client.get_messages(), Page[OutboundMessage])
    assert_type(client.get_messages(inbound=True), Page[InboundSummary])
    assert_type(client.get_messages_count(), int)
    assert_type(client.get_message("x"), OutboundMessageDetails)
    assert_type(client.get_message("x", inbound=True), InboundDetails)
    assert_type(client.dump_message("x"), MessageDump)
    assert_type(client.bypass_inbound_message("x"), Ack)
    assert_type(client.retry_inbound_message("x"), Ack)
    assert_type(client.opens(), Pager[Open])
    assert_type(client.get_opens(), Page[Open])
    assert_type(client.opens_by_message_id("x"), Pager[Open])
    assert_type(client.get_opens_by_message_id("x"), Page[Open])
    assert_type(client.clicks(), Pager[Click])
    assert_type(client.get_clicks(), Page[Click])
    assert_type(client.clicks_by_message_id("x"), Pager[Click])
    assert_type(client.get_clicks_by_message_id("x"), Page[Click])
    assert_type(client.templates(), Pager[TemplateSummary])
    assert_type(client.get_templates(), Page[TemplateSummary])
    assert_type(client.get_template("x"), Template)
    assert_type(client.create_template(name="x"), TemplateSummary)
    assert_type(client.update_template(1, name="x"), TemplateSummary)
    assert_type(client.delete_template(1), Ack)
    assert_type(client.validate_template(subject="x"), TemplateValidation)
    assert_type(client.server_info(), Server)
    assert_type(client.update_server_info(name="x"), Server)
    assert_type(client.message_streams(), Pager[MessageStream])
    assert_type(client.get_message_streams(), Page[MessageStream])
    assert_type(client.get_message_stream("x"), MessageStream)
    assert_type(client.create_message_stream(id="x", name="x", message_stream_type="Broadcasts"), MessageStream)
    assert_type(client.update_message_stream("x", name="y"), MessageStream)
    assert_type(client.archive_message_stream("x"), ArchivedStream)
    assert_type(client.unarchive_message_stream("x"), MessageStream)
    assert_type(client.dump_suppressions("x"), list[Suppression])
    assert_type(client.create_suppressions("x", "a"), list[SuppressionResult])
    assert_type(client.delete_suppressions("x", ["a"]), list[SuppressionResult])
    assert_type(client.get_webhooks(), list[Webhook])
    assert_type(client.get_webhook(1), Webhook)
    assert_type(client.create_webhook(url="x"), Webhook)
    assert_type(client.update_webhook(1, url="x"), Webhook)
    assert_type(client.delete_webhook(1), Ack)
    assert_type(client.verify_webhook(1), WebhookVerification)
    assert_type(client.create_trigger("inbound_rules", rule="x"), InboundRule | TagTrigger)
    assert_type(client.get_trigger("tags", 1), InboundRule | TagTrigger)
    assert_type(client.delete_trigger("tags", 1), Ack)
    assert_type(client.get_triggers("tags"), Page[InboundRule | TagTrigger])
    assert_type(client.triggers("tags"), Pager[InboundRule | TagTrigger])
    assert_type(client.create_inbound_rule("x"), InboundRule)
    assert_type(client.delete_inbound_rule(1), Ack)
    assert_type(client.inbound_rules(), Pager[InboundRule])
    assert_type(client.get_stats_totals(), StatsTotals)
    assert_type(client.get_stats_counts("sends"), StatsCounts)
    assert_type(client.request("GET", "x"), Response)
    assert_type(client.get("x"), Response)
    assert_type(client.post("x"), Response)
    assert_type(client.put("x"), Response)
    assert_type(client.patch("x"), Response)
    assert_type(client.delete("x"), Response)
    assert_type(client.find_each("x", "X"), Pager[Record])
    client.close()


async def check_async_server(client: AsyncApiClient) -> None:
    assert_type(await client.deliver(to="a"), SendResult)
    assert_type(await client.deliver_with_template(template_id=1), SendResult)
    assert_type(await client.deliver_in_batches([]), BatchResult)
    assert_type(await client.deliver_in_batches_with_templates([]), BatchResult)
    assert_type(await client.deliver_message(b""), SendResult)
    assert_type(await client.deliver_message_with_template(b""), SendResult)
    assert_type(await client.deliver_messages([]), BatchResult)
    assert_type(await client.deliver_messages_with_templates([]), BatchResult)
    assert_type(await client.deliver_bulk({}, [{}]), BulkRequest)
    assert_type(await client.get_bulk("x"), BulkRequest)
    assert_type(await client.get_bulks(), Page[BulkRequest])
    assert_type(await client.deliver_merge({}, [{}]), BatchResult)
    assert_type(await client.delivery_stats(), DeliveryStats)
    assert_type(client.bounces(), AsyncPager[AsyncBounce])
    assert_type(await client.get_bounces(), Page[AsyncBounce])
    assert_type(await client.get_bounce(1), AsyncBounce)
    assert_type(await client.dump_bounce(1), BounceDump)
    assert_type(await client.activate_bounce(1), AsyncBounce)
    assert_type(client.messages(), AsyncPager[OutboundMessage])
    assert_type(client.messages(inbound=True), AsyncPager[InboundSummary])
    assert_type(await client.get_messages(), Page[OutboundMessage])
    assert_type(await client.get_messages(inbound=True), Page[InboundSummary])
    assert_type(await client.get_messages_count(), int)
    assert_type(await client.get_message("x"), OutboundMessageDetails)
    assert_type(await client.get_message("x", inbound=True), InboundDetails)
    assert_type(await client.dump_message("x"), MessageDump)
    assert_type(await client.bypass_inbound_message("x"), Ack)
    assert_type(await client.retry_inbound_message("x"), Ack)
    assert_type(client.opens(), AsyncPager[Open])
    assert_type(await client.get_opens(), Page[Open])
    assert_type(client.opens_by_message_id("x"), AsyncPager[Open])
    assert_type(await client.get_opens_by_message_id("x"), Page[Open])
    assert_type(client.clicks(), AsyncPager[Click])
    assert_type(await client.get_clicks(), Page[Click])
    assert_type(client.clicks_by_message_id("x"), AsyncPager[Click])
    assert_type(await client.get_clicks_by_message_id("x"), Page[Click])
    assert_type(client.templates(), AsyncPager[TemplateSummary])
    assert_type(await client.get_templates(), Page[TemplateSummary])
    assert_type(await client.get_template("x"), Template)
    assert_type(await client.create_template(name="x"), TemplateSummary)
    assert_type(await client.update_template(1, name="x"), TemplateSummary)
    assert_type(await client.delete_template(1), Ack)
    assert_type(await client.validate_template(subject="x"), TemplateValidation)
    assert_type(await client.server_info(), Server)
    assert_type(await client.update_server_info(name="x"), Server)
    assert_type(client.message_streams(), AsyncPager[MessageStream])
    assert_type(await client.get_message_streams(), Page[MessageStream])
    assert_type(await client.get_message_stream("x"), MessageStream)
    assert_type(await client.create_message_stream(id="x", name="x", message_stream_type="Broadcasts"), MessageStream)
    assert_type(await client.update_message_stream("x", name="y"), MessageStream)
    assert_type(await client.archive_message_stream("x"), ArchivedStream)
    assert_type(await client.unarchive_message_stream("x"), MessageStream)
    assert_type(await client.dump_suppressions("x"), list[Suppression])
    assert_type(await client.create_suppressions("x", "a"), list[SuppressionResult])
    assert_type(await client.delete_suppressions("x", ["a"]), list[SuppressionResult])
    assert_type(await client.get_webhooks(), list[Webhook])
    assert_type(await client.get_webhook(1), Webhook)
    assert_type(await client.create_webhook(url="x"), Webhook)
    assert_type(await client.update_webhook(1, url="x"), Webhook)
    assert_type(await client.delete_webhook(1), Ack)
    assert_type(await client.verify_webhook(1), WebhookVerification)
    assert_type(await client.create_trigger("inbound_rules", rule="x"), InboundRule | TagTrigger)
    assert_type(await client.get_trigger("tags", 1), InboundRule | TagTrigger)
    assert_type(await client.delete_trigger("tags", 1), Ack)
    assert_type(await client.get_triggers("tags"), Page[InboundRule | TagTrigger])
    assert_type(client.triggers("tags"), AsyncPager[InboundRule | TagTrigger])
    assert_type(await client.create_inbound_rule("x"), InboundRule)
    assert_type(await client.delete_inbound_rule(1), Ack)
    assert_type(client.inbound_rules(), AsyncPager[InboundRule])
    assert_type(await client.get_stats_totals(), StatsTotals)
    assert_type(await client.get_stats_counts("sends"), StatsCounts)
    assert_type(await client.request("GET", "x"), Response)
    assert_type(await client.get("x"), Response)
    assert_type(await client.post("x"), Response)
    assert_type(await client.put("x"), Response)
    assert_type(await client.patch("x"), Response)
    assert_type(await client.delete("x"), Response)
    assert_type(client.find_each("x", "X"), AsyncPager[Record])
    await client.close()


def check_account(client: AccountApiClient) -> None:
    assert_type(client.senders(), Pager[SenderSummary])
    assert_type(client.get_senders(), Page[SenderSummary])
    assert_type(client.get_senders_count(), int)
    assert_type(client.get_sender(1), Sender)
    assert_type(client.create_sender(from_email="x", name="x"), Sender)
    assert_type(client.update_sender(1, name="x"), Sender)
    assert_type(client.resend_sender_confirmation(1), Ack)
    assert_type(client.is_sender_spf_verified(1), bool)
    assert_type(client.request_new_sender_dkim(1), Ack)
    assert_type(client.delete_sender(1), Ack)
    assert_type(client.signatures(), Pager[SenderSummary])
    assert_type(client.get_signatures(), Page[SenderSummary])
    assert_type(client.get_signatures_count(), int)
    assert_type(client.get_signature(1), Sender)
    assert_type(client.create_signature(from_email="x", name="x"), Sender)
    assert_type(client.update_signature(1, name="x"), Sender)
    assert_type(client.resend_signature_confirmation(1), Ack)
    assert_type(client.is_signature_spf_verified(1), bool)
    assert_type(client.request_new_signature_dkim(1), Ack)
    assert_type(client.delete_signature(1), Ack)
    assert_type(client.domains(), Pager[DomainSummary])
    assert_type(client.get_domains(), Page[DomainSummary])
    assert_type(client.get_domains_count(), int)
    assert_type(client.get_domain(1), Domain)
    assert_type(client.create_domain(name="x"), Domain)
    assert_type(client.update_domain(1, return_path_domain="x"), Domain)
    assert_type(client.verify_domain_dkim(1), Domain)
    assert_type(client.verify_domain_return_path(1), Domain)
    assert_type(client.verify_domain_custom_tracking(1), Domain)
    assert_type(client.is_domain_spf_verified(1), bool)
    assert_type(client.rotate_domain_dkim(1), DomainKey)
    assert_type(client.delete_domain(1), Ack)
    assert_type(client.servers(), Pager[Server])
    assert_type(client.get_servers(), Page[Server])
    assert_type(client.get_servers_count(), int)
    assert_type(client.get_server(1), Server)
    assert_type(client.create_server(name="x"), Server)
    assert_type(client.update_server(1, name="x"), Server)
    assert_type(client.delete_server(1), Ack)
    assert_type(client.push_templates(source_server_id=1, destination_server_id=2), TemplatesPush)
    assert_type(client.request_data_removal(requested_by="a", requested_for="b"), DataRemoval)
    assert_type(client.get_data_removal_status(1), DataRemoval)


async def check_async_account(client: AsyncAccountApiClient) -> None:
    assert_type(client.senders(), AsyncPager[SenderSummary])
    assert_type(await client.get_senders(), Page[SenderSummary])
    assert_type(await client.get_senders_count(), int)
    assert_type(await client.get_sender(1), Sender)
    assert_type(await client.create_sender(from_email="x", name="x"), Sender)
    assert_type(await client.update_sender(1, name="x"), Sender)
    assert_type(await client.resend_sender_confirmation(1), Ack)
    assert_type(await client.is_sender_spf_verified(1), bool)
    assert_type(await client.request_new_sender_dkim(1), Ack)
    assert_type(await client.delete_sender(1), Ack)
    assert_type(client.signatures(), AsyncPager[SenderSummary])
    assert_type(await client.get_signatures(), Page[SenderSummary])
    assert_type(await client.get_signatures_count(), int)
    assert_type(await client.get_signature(1), Sender)
    assert_type(await client.create_signature(from_email="x", name="x"), Sender)
    assert_type(await client.update_signature(1, name="x"), Sender)
    assert_type(await client.resend_signature_confirmation(1), Ack)
    assert_type(await client.is_signature_spf_verified(1), bool)
    assert_type(await client.request_new_signature_dkim(1), Ack)
    assert_type(await client.delete_signature(1), Ack)
    assert_type(client.domains(), AsyncPager[DomainSummary])
    assert_type(await client.get_domains(), Page[DomainSummary])
    assert_type(await client.get_domains_count(), int)
    assert_type(await client.get_domain(1), Domain)
    assert_type(await client.create_domain(name="x"), Domain)
    assert_type(await client.update_domain(1, return_path_domain="x"), Domain)
    assert_type(await client.verify_domain_dkim(1), Domain)
    assert_type(await client.verify_domain_return_path(1), Domain)
    assert_type(await client.verify_domain_custom_tracking(1), Domain)
    assert_type(await client.is_domain_spf_verified(1), bool)
    assert_type(await client.rotate_domain_dkim(1), DomainKey)
    assert_type(await client.delete_domain(1), Ack)
    assert_type(client.servers(), AsyncPager[Server])
    assert_type(await client.get_servers(), Page[Server])
    assert_type(await client.get_servers_count(), int)
    assert_type(await client.get_server(1), Server)
    assert_type(await client.create_server(name="x"), Server)
    assert_type(await client.update_server(1, name="x"), Server)
    assert_type(await client.delete_server(1), Ack)
    assert_type(await client.push_templates(source_server_id=1, destination_server_id=2), TemplatesPush)
    assert_type(await client.request_data_removal(requested_by="a", requested_for="b"), DataRemoval)
    assert_type(await client.get_data_removal_status(1), DataRemoval)


def check_pagers(client: ApiClient) -> None:
    assert_type(client.bounces().first(2), list[Bounce])
    assert_type(client.bounces().size(), int)
    assert_type(client.bounces().to_list(), list[Bounce])
    assert_type(next(iter(client.bounces())), Bounce)
    assert_type(next(iter(client.bounces().pages())), Page[Bounce])
    assert_type(client.get_bounces()[0], Bounce)
    assert_type(client.get_bounces()[:2], list[Bounce])


def check_wrong(client: ApiClient) -> None:
    client.deliver(track_opens="yes")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # must not check
    client.get_bounces(colour="red")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  # must not check
    ApiClient("x", colour="red")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  # must not check
