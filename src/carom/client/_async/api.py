"""The client of a server token."""

from carom.client._async.bounces import AsyncBounces
from carom.client._async.sending import AsyncSending
from carom.client._async.server import AsyncOwnServer


class AsyncApiClient(AsyncSending, AsyncBounces, AsyncOwnServer):
    """Everything that a server token can do. The token comes from the argument, :func:`carom.configure`, or
    ``POSTMARK_API_TOKEN`` or ``POSTMARK_SERVER_TOKEN`` in the environment; ``base_url`` or ``POSTMARK_API_URL`` point
    to another server than Postmark's. Every call raises :class:`carom.Error` and nothing else, but for arguments."""
