"""Where mail from the world arrives: returned mail and inbound mail, taken as it comes.

DATA ends at CRLF.CRLF only; bare CR and LF, lines of any length, 8-bit bytes and NUL are handed over untouched, because
many real bounces have them.
"""

from carom.server.smtp.handler import Handler
from carom.server.smtp.session import Listener

SIZE_LIMIT = 35_000_000  # Postmark's limit for inbound mail


class MxListener(Listener):
    """A listener without authentication; the handler refuses recipients that are not its own."""

    def __init__(self, host: str, port: int, handler: Handler, *, hostname: str, size_limit: int = SIZE_LIMIT) -> None:
        """Open nothing yet."""
        super().__init__(host, port, handler, hostname=hostname, size_limit=size_limit)
