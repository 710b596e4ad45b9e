"""What a receiving session and the rest of the service say to each other."""

import hmac
import ssl
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from carom.server.smtp.replies import Reply


class Envelope(NamedTuple):
    """A message as it came in: ``mail_from`` is empty for the null sender, ``content`` has its dots unstuffed and is
    otherwise untouched. ``login`` is what the handler's login returned."""

    mail_from: str
    recipients: tuple[str, ...]
    content: bytes
    login: Any


class Claim(NamedTuple):
    """Who a client says it is. ``password`` is the password, or with a ``challenge`` (CRAM-MD5, RFC 2195) its answer to
    that; ``address`` is where the client is."""

    user: str
    password: str
    challenge: bytes | None
    address: str

    def proves(self, secret: str) -> bool:
        """Whether the client knows a secret, compared in constant time."""
        expected = secret if self.challenge is None else hmac.new(secret.encode(), self.challenge, "md5").hexdigest()
        return hmac.compare_digest(expected.encode(), self.password.encode())


class Handler(Protocol):
    """What a listener is for. Refusals are values; an exception is logged and answered with a 4xx."""

    async def login(self, claim: Claim) -> Any:
        """Return who logs in, None to refuse."""
        ...

    async def recipient(self, login: Any, mail_from: str, address: str) -> Reply | None:
        """Refuse a recipient, or take it with None."""
        ...

    async def message(self, envelope: Envelope) -> Reply:
        """Store a message and return what to answer, durable by then."""
        ...


class Rules(NamedTuple):
    """How a listener behaves. Times are in seconds, sizes in octets: ``command_timeout`` for the next command,
    ``data_timeout`` between two pieces of a message, ``message_timeout`` for a whole one, ``linger`` for a client to
    read the last reply, ``handshake_timeout`` for TLS, which is offered with ``tls``. ``has_room`` tells whether the disk
    has room for a message."""

    hostname: str
    max_size: int
    max_recipients: int = 100
    needs_login: bool = False
    refuses_bare_line_ends: bool = False
    command_timeout: float = 300.0
    data_timeout: float = 180.0
    max_connections: int = 500
    message_timeout: float = 1800.0
    linger: float = 2.0
    tls: ssl.SSLContext | None = None
    handshake_timeout: float = 30.0
    has_room: Callable[[], bool] = lambda: True
