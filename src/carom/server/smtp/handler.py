"""What a receiving session and the rest of the service say to each other."""

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


class Handler(Protocol):
    """What a listener is for. Refusals are values; an exception is logged and answered with a 4xx."""

    async def login(self, user: str, password: str) -> Any:
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
    read the last reply. ``has_room`` tells whether the disk has room for a message."""

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
    has_room: Callable[[], bool] = lambda: True
