# Generated from _async/api.py by tools/generators/unasync.py: edit _async.
"""The client of a server token."""

from carom.client._sync.bounces import Bounces
from carom.client._sync.bulk import Bulk
from carom.client._sync.letters import Letters
from carom.client._sync.messages import Messages
from carom.client._sync.server import OwnServer
from carom.client._sync.stats import Stats
from carom.client._sync.streams import Streams
from carom.client._sync.templates import Templates
from carom.client._sync.triggers import Triggers
from carom.client._sync.webhooks import Webhooks


class ApiClient(
    Bulk,
    Letters,
    Bounces,
    Templates,
    OwnServer,
    Streams,
    Webhooks,
    Messages,
    Stats,
    Triggers,
):
    """Everything that a server token can do. The token comes from the argument, :func:`carom.configure`, or
    ``POSTMARK_API_TOKEN`` or ``POSTMARK_SERVER_TOKEN`` in the environment; ``base_url`` or ``POSTMARK_API_URL`` point
    to another server than Postmark's. Every call raises :class:`carom.Error` and nothing else, but for arguments."""
