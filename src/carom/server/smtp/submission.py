"""Where customers submit mail: AUTH first, with or without TLS, and nothing but clean CRLF.

https://postmarkapp.com/developer/user-guide/send-email-with-smtp
"""

from carom.server.smtp.conversation import Terms
from carom.server.smtp.handler import Submitter
from carom.server.smtp.session import Listener
from carom.wire.email import MAX_MESSAGE_BYTES, MAX_RECIPIENTS

# Ten megabytes are counted after base64; what is around the files has room beside.
SIZE_LIMIT = MAX_MESSAGE_BYTES + 1_000_000


class SubmissionListener(Listener):
    """A listener that takes mail from authenticated clients only."""

    def __init__(
        self, host: str, port: int, handler: Submitter, *, hostname: str, size_limit: int = SIZE_LIMIT
    ) -> None:
        """Open nothing yet."""
        terms = Terms(
            hostname=hostname,
            size_limit=size_limit,
            max_recipients=MAX_RECIPIENTS,
            refuse_bare=True,
            null_sender=False,
            authenticator=handler,
        )
        super().__init__(host, port, handler, hostname=hostname, size_limit=size_limit, terms=terms)
