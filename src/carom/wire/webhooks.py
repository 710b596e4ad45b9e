"""Webhooks, as they are configured: https://postmarkapp.com/developer/api/webhooks-api."""

from typing import Any

from msgspec import UNSET, UnsetType, field

from carom.wire.acks import Ack
from carom.wire.email import Header
from carom.wire.endpoint import Ask, Endpoint, RowId, Wire


class HttpAuth(Wire, frozen=True, kw_only=True):
    """User and password that Postmark gives your address, as basic authentication."""

    username: str
    password: str


class Trigger(Wire, frozen=True, kw_only=True):
    """Whether an event is posted."""

    enabled: bool


class OpenTrigger(Wire, frozen=True, kw_only=True):
    """Whether opens are posted, and whether only the first of each recipient."""

    enabled: bool
    post_first_open_only: bool


class ContentTrigger(Wire, frozen=True, kw_only=True):
    """Whether an event is posted, and whether with the raw mail."""

    enabled: bool
    include_content: bool


class Triggers(Wire, frozen=True, kw_only=True):
    """Which events are posted."""

    open: OpenTrigger
    click: Trigger
    delivery: Trigger
    bounce: ContentTrigger
    spam_complaint: ContentTrigger
    subscription_change: Trigger


class Webhook(Wire, frozen=True, kw_only=True):
    """An address of yours that Postmark posts events of a stream to."""

    id: int
    url: str
    message_stream: str
    http_auth: HttpAuth | None = None
    http_headers: list[Header] | None = None
    triggers: Triggers
    status: str | None = None


class Webhooks(Wire, frozen=True, kw_only=True):
    """The webhooks of a server or stream."""

    webhooks: list[Webhook]


class TriggerVerification(Wire, frozen=True, kw_only=True):
    """What your address answered to the test of one event."""

    trigger_type: str
    success: bool
    status_code: int | None
    message: str | None


class WebhookVerification(Wire, frozen=True, kw_only=True):
    """What your address answered to the tests."""

    id: int = field(name="Id")
    url: str
    success: bool
    results: list[TriggerVerification]
    message: str


class WebhookStatistics(Wire, frozen=True, kw_only=True):
    """What became of the posts of the last 24 hours. Postmark documents two of these fields; the others are Carom's
    guess."""

    id: int = field(name="Id")
    url: str
    total_count: int
    success_count: int
    failed_count: int
    slow_count: int
    very_slow_count: int


class GetWebhooks(Ask, frozen=True, kw_only=True):
    """Ask for the webhooks, of one stream or of all."""

    message_stream: str | UnsetType = UNSET


class OneWebhook(Ask, frozen=True, kw_only=True):
    """Ask about one webhook."""

    webhook_id: RowId


class CreateWebhook(Ask, frozen=True, kw_only=True):
    """Make a webhook; triggers that are not named are off."""

    url: str | UnsetType = UNSET
    message_stream: str | UnsetType = UNSET
    http_auth: dict[str, Any] | UnsetType = UNSET
    http_headers: list[Header] | UnsetType = UNSET
    triggers: dict[str, Any] | UnsetType = UNSET
    verify: bool | UnsetType = UNSET
    id: int | UnsetType = UNSET
    status: str | UnsetType = UNSET


class UpdateWebhook(Ask, frozen=True, kw_only=True):
    """Change a webhook; what is not given stays."""

    webhook_id: RowId
    url: str | UnsetType = UNSET
    http_auth: dict[str, Any] | UnsetType = UNSET
    http_headers: list[Header] | UnsetType = UNSET
    triggers: dict[str, Any] | UnsetType = UNSET
    verify: bool | UnsetType = UNSET
    id: int | UnsetType = UNSET
    message_stream: str | UnsetType = UNSET
    status: str | UnsetType = UNSET


_NO_WEBHOOK = {"WebhookID": 1352}

GET_WEBHOOKS = Endpoint("GET", "/webhooks", GetWebhooks, Webhooks)
CREATE_WEBHOOK = Endpoint("POST", "/webhooks", CreateWebhook, Webhook)
GET_WEBHOOK = Endpoint("GET", "/webhooks/{webhook_id}", OneWebhook, Webhook, field_codes=_NO_WEBHOOK)
UPDATE_WEBHOOK = Endpoint("PUT", "/webhooks/{webhook_id}", UpdateWebhook, Webhook, field_codes=_NO_WEBHOOK)
DELETE_WEBHOOK = Endpoint("DELETE", "/webhooks/{webhook_id}", OneWebhook, Ack, field_codes=_NO_WEBHOOK)
VERIFY_WEBHOOK = Endpoint(
    "POST", "/webhooks/{webhook_id}/verify", OneWebhook, WebhookVerification, empty_body=True, field_codes=_NO_WEBHOOK
)
GET_WEBHOOK_STATISTICS = Endpoint(
    "GET", "/webhooks/{webhook_id}/statistics", OneWebhook, WebhookStatistics, field_codes=_NO_WEBHOOK
)
