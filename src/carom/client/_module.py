"""The functions of the package: calls of the one global client."""

from collections.abc import Iterable

from carom.client._global import api_client
from carom.client.batches import BatchResult
from carom.client.results import SendResult
from carom.wire.bounces import DeliveryStats


def deliver_message(msg: object) -> SendResult:
    """Send an e-mail message with the global client, templated or not."""
    return api_client().deliver_letter(msg)


send_through_postmark = deliver_message


def deliver_messages(msgs: Iterable[object]) -> BatchResult:
    """Send e-mail messages with the global client."""
    return api_client().deliver_messages(msgs)


def delivery_stats() -> DeliveryStats:
    """Return the bounce counts of the global client's server."""
    return api_client().delivery_stats()
