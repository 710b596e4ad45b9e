"""What a receiving session and the rest of the service say to each other: values, and three questions."""

from typing import Protocol

from msgspec import Struct


class Refused(Struct, frozen=True):
    """A refusal: 4xx asks to try again, 5xx does not. ``text`` is one line."""

    code: int
    status: str
    text: str


class Accepted(Struct, frozen=True):
    """The mail is kept for good; ``text`` follows ``250 2.0.0``."""

    text: str = "Ok"


class Envelope(Struct, frozen=True, kw_only=True):
    """A mail as it came. ``mail_from`` is empty for the null sender; ``content`` has its dots unstuffed and is
    otherwise untouched."""

    mail_from: str
    recipients: tuple[str, ...]
    content: bytes


class Session:
    """A client and how far it has come. ``identity`` is what ``auth`` returned for it."""

    def __init__(self, peer: str) -> None:
        """Know the client by its IP address."""
        self.peer = peer
        self.helo = ""
        self.identity: object | None = None
        self.mail_from: str | None = None
        self.recipients: list[str] = []

    def reset(self) -> None:
        """Forget the transaction."""
        self.mail_from = None
        self.recipients = []


class Handler(Protocol):
    """Decides for a receiving listener. An exception is logged and answered with 451."""

    async def rcpt(self, session: Session, address: str, /) -> Refused | None:
        """Refuse a recipient, or None."""
        ...

    async def message(self, session: Session, envelope: Envelope, /) -> Refused | Accepted:
        """Take a mail over. 250 is said after this returned, so what must not be lost is stored by then."""
        ...


class Authenticator(Protocol):
    """Knows who may submit."""

    async def auth(self, session: Session, user: str, password: str, /) -> object | None:
        """Return who the client is, None if the credentials are wrong."""
        ...


class Submitter(Handler, Authenticator, Protocol):
    """Decides for a submission listener."""
