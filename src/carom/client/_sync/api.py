# Generated from _async/api.py by tools/generators/unasync.py: edit _async.
"""The client of a server token."""

from carom.client._sync.bounces import Bounces
from carom.client._sync.sending import Sending
from carom.client._sync.server import OwnServer


class ApiClient(Sending, Bounces, OwnServer):
    """Everything that a server token can do. The token comes from the argument, :func:`carom.configure`, or
    ``POSTMARK_API_TOKEN`` or ``POSTMARK_SERVER_TOKEN`` in the environment; ``base_url`` or ``POSTMARK_API_URL`` point
    to another server than Postmark's. Every call raises :class:`carom.Error` and nothing else, but for arguments."""
