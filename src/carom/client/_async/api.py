"""The client of a server token."""

from carom.client._async.bounces import AsyncBounces
from carom.client._async.bulk import AsyncBulk
from carom.client._async.letters import AsyncLetters
from carom.client._async.messages import AsyncMessages
from carom.client._async.server import AsyncOwnServer
from carom.client._async.stats import AsyncStats
from carom.client._async.streams import AsyncStreams
from carom.client._async.templates import AsyncTemplates
from carom.client._async.triggers import AsyncTriggers
from carom.client._async.webhooks import AsyncWebhooks


class AsyncApiClient(
    AsyncBulk,
    AsyncLetters,
    AsyncBounces,
    AsyncTemplates,
    AsyncOwnServer,
    AsyncStreams,
    AsyncWebhooks,
    AsyncMessages,
    AsyncStats,
    AsyncTriggers,
):
    """Everything that a server token can do. The token comes from the argument, :func:`carom.configure`, or
    ``POSTMARK_API_TOKEN`` or ``POSTMARK_SERVER_TOKEN`` in the environment; ``base_url`` or ``POSTMARK_API_URL`` point
    to another server than Postmark's. Every call raises :class:`carom.Error` and nothing else, but for arguments."""
