"""What is posted to try a webhook out: an event of each kind that it is to be told, about a message that never was.

Postmark does not say what its own probes hold.
"""

from datetime import datetime

from carom.taxonomy import BounceType
from carom.wire.hooks import (
    BounceEvent,
    ClickEvent,
    DeliveryEvent,
    Event,
    OpenEvent,
    SpamComplaintEvent,
    SubscriptionChangeEvent,
)
from carom.wire.messages import Geo, Software
from carom.wire.times import Timestamp
from carom.wire.webhooks import Triggers, Webhook

MESSAGE_ID = "00000000-0000-0000-0000-000000000000"
RECIPIENT = "john@example.com"
_SENDER = "sender@example.com"
_AGENT = "Mozilla/5.0 (Carom)"


def enabled(triggers: Triggers) -> list[str]:
    """Return the names of the triggers that are on, in Postmark's order."""
    each = {
        "Open": triggers.open.enabled,
        "Click": triggers.click.enabled,
        "Delivery": triggers.delivery.enabled,
        "Bounce": triggers.bounce.enabled,
        "SpamComplaint": triggers.spam_complaint.enabled,
        "SubscriptionChange": triggers.subscription_change.enabled,
    }
    return [name for name, on in each.items() if on]


def probe(trigger: str, webhook: Webhook, server_id: int, now: datetime) -> Event:
    """Return an example of what a trigger posts."""
    at = Timestamp.of(now)
    stream = webhook.message_stream
    nobody = Software(name="unknown", company="unknown", family="unknown")
    match trigger:
        case "Open":
            return OpenEvent(
                record_type=trigger, message_id=MESSAGE_ID, message_stream=stream, metadata={}, recipient_=RECIPIENT,
                tag="", received_at=at, first_open=True, client=nobody, os=nobody, platform="Unknown",
                user_agent=_AGENT, geo=Geo(),
            )  # fmt: skip
        case "Click":
            return ClickEvent(
                record_type=trigger, message_id=MESSAGE_ID, message_stream=stream, metadata={}, recipient_=RECIPIENT,
                tag="", received_at=at, client=nobody, os=nobody, platform="Unknown", user_agent=_AGENT, geo=Geo(),
                click_location="HTML", original_link="https://example.com/",
            )  # fmt: skip
        case "Delivery":
            return DeliveryEvent(
                record_type=trigger, message_id=MESSAGE_ID, message_stream=stream, server_id=server_id, metadata={},
                tag="", recipient_=RECIPIENT, delivered_at=at, details="smtp;250 2.0.0 OK",
            )  # fmt: skip
        case "SubscriptionChange":
            return SubscriptionChangeEvent(
                record_type=trigger, message_id=MESSAGE_ID, message_stream=stream, server_id=server_id, metadata={},
                tag="", recipient_=RECIPIENT, changed_at=at, origin="Recipient", suppress_sending=True,
                suppression_reason="ManualSuppression",
            )  # fmt: skip
        case _:
            return _returned(trigger, webhook, server_id, at)


def _returned(trigger: str, webhook: Webhook, server_id: int, at: Timestamp) -> Event:
    complaint = trigger == "SpamComplaint"
    kind = BounceType.SPAM_COMPLAINT if complaint else BounceType.HARD_BOUNCE
    wants_content = (webhook.triggers.spam_complaint if complaint else webhook.triggers.bounce).include_content
    return (SpamComplaintEvent if complaint else BounceEvent)(
        record_type=trigger,
        message_id=MESSAGE_ID,
        message_stream=webhook.message_stream,
        server_id=server_id,
        metadata={},
        tag="",
        id=0,
        type=kind.value,
        type_code=kind.code,
        name=kind.label,
        description=kind.text,
        details="" if complaint else "smtp;550 5.1.1 No such user here",
        email=RECIPIENT,
        from_=_SENDER,
        bounced_at=at,
        dump_available=wants_content,
        inactive=True,
        can_activate=not complaint,
        subject="Test",
        content="A test of this webhook" if wants_content else None,
    )
