# Generated from _async/webhooks.py by tools/generators/unasync.py: edit _async.
# id is the gem's name, and the API's
"""Webhooks, as they are configured: https://postmarkapp.com/developer/api/webhooks-api. Reading what they bring is
:mod:`carom.webhooks`."""

from collections.abc import Mapping, Sequence
from typing import Any, Unpack, cast

from carom.client._fields import needed
from carom.client._nested import nested
from carom.client._sync.base import Client
from carom.client.fields import WebhookFields
from carom.wire import webhooks as wire
from carom.wire.acks import Ack
from carom.wire.webhooks import Webhook, WebhookVerification


class Webhooks(Client):
    """The calls about webhooks."""

    def get_webhooks(self, *, message_stream: str | None = None) -> list[Webhook]:
        """Return the webhooks of a stream, or of all."""
        return (self._call(wire.GET_WEBHOOKS, wire.GetWebhooks(), {"message_stream": message_stream})).webhooks

    def get_webhook(self, id: int) -> Webhook:
        """Return one webhook. Raises NotFoundError."""
        return self._call(wire.GET_WEBHOOK, wire.OneWebhook(webhook_id=id))

    def create_webhook(
        self,
        *,
        url: str,
        message_stream: str | None = None,
        http_auth: Mapping[str, str] | None = None,
        http_headers: Mapping[str, str] | Sequence[Mapping[str, str]] | None = None,
        triggers: Mapping[str, Mapping[str, bool]] | None = None,
        verify: bool | None = None,
    ) -> Webhook:
        """Make a webhook; triggers that are not named are off:
        ``triggers={"bounce": {"enabled": True, "include_content": True}}``."""
        fields = {
            **needed(url=url),
            "message_stream": message_stream,
            "http_auth": http_auth,
            "http_headers": http_headers,
            "triggers": triggers,
            "verify": verify,
        }
        return self._call(wire.CREATE_WEBHOOK, wire.CreateWebhook(), _nested_fields(fields))

    def update_webhook(self, id: int, **fields: Unpack[WebhookFields]) -> Webhook:
        """Change a webhook; what is not given stays, triggers too. Raises NotFoundError."""
        given = _nested_fields(cast("Mapping[str, Any]", fields))
        return self._call(wire.UPDATE_WEBHOOK, wire.UpdateWebhook(webhook_id=id), given)

    def delete_webhook(self, id: int) -> Ack:
        """Remove a webhook. Raises NotFoundError."""
        return self._call(wire.DELETE_WEBHOOK, wire.OneWebhook(webhook_id=id))

    def verify_webhook(self, id: int) -> WebhookVerification:
        """Have Postmark post a test of each event, and return what your address answered. Raises NotFoundError."""
        return self._call(wire.VERIFY_WEBHOOK, wire.OneWebhook(webhook_id=id))


def _nested_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    headers = fields.get("http_headers")
    if isinstance(headers, Mapping):
        named = cast("Mapping[str, str]", headers)
        fields = {**fields, "http_headers": [{"Name": name, "Value": value} for name, value in named.items()]}
    return {name: nested(value) for name, value in fields.items()}
