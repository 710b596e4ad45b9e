# pyright: basic
"""django-anymail as a Django project has it, a process of its own: reads posts as JSON lines, prints what it makes of them."""

import json
import sys
from typing import Any

import django
from django.conf import settings
from django.test import RequestFactory

settings.configure(ALLOWED_HOSTS=["*"], USE_TZ=True, ANYMAIL={"WEBHOOK_SECRET": "u:p"})
django.setup()

from anymail.signals import inbound, tracking  # noqa: E402  Django comes first
from anymail.webhooks.postmark import PostmarkInboundWebhookView, PostmarkTrackingWebhookView  # noqa: E402

normalised: list[dict[str, Any]] = []


def track(sender: Any, event: Any, esp_name: str, **kwargs: Any) -> None:
    """Take a tracking event."""
    normalised.append(
        {
            "esp": esp_name,
            "type": event.event_type,
            "recipient": event.recipient,
            "reason": event.reject_reason,
            "message_id": event.message_id,
            "tags": event.tags,
        }
    )


def receive(sender: Any, event: Any, esp_name: str, **kwargs: Any) -> None:
    """Take a received mail."""
    message = event.message
    normalised.append(
        {"esp": esp_name, "subject": message.subject, "from": message.envelope_sender, "text": message.text.strip()}
    )


tracking.connect(track)
inbound.connect(receive)
for line in sys.stdin:
    post = json.loads(line)
    view = PostmarkInboundWebhookView if "FromFull" in json.loads(post["body"]) else PostmarkTrackingWebhookView
    request = RequestFactory().post(
        "/", data=post["body"], content_type="application/json", headers={"Authorization": post["authorization"]}
    )
    answer = view.as_view()(request)
    sys.stdout.write(json.dumps({"status": answer.status_code, **normalised.pop()}) + "\n")
