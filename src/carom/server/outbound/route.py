"""Where mail is handed over, how, and how long it may take."""

from msgspec import Struct

from carom.server.relays import TlsMode


class Login(Struct, frozen=True):
    """Who logs in at a route. It never shows its password."""

    user: str
    password: str

    def __repr__(self) -> str:
        """Show whose it is."""
        return f"Login({self.user!r}, '****')"


class Route(Struct, frozen=True):
    """A host that takes mail.

    ``tls``: ``none`` speaks in clear; ``opportunistic`` takes the TLS that is offered, whoever's the certificate is, and
    does without where there is none; ``required`` (STARTTLS) and ``implicit`` (from the first byte) hand nothing over
    without TLS of a certificate that is the host's.
    """

    host: str
    port: int
    tls: TlsMode = "none"
    login: Login | None = None

    def __str__(self) -> str:
        """Name it in logs."""
        return f"{self.host}:{self.port}"


class Timeouts(Struct, frozen=True, kw_only=True):
    """The longest wait in each phase, in seconds. Those of RFC 5321 section 4.5.3.2 are minutes; a queue that tries
    again can be shorter, save after the content, where giving up early sends twice."""

    connect: float = 30.0
    greeting: float = 60.0
    ehlo: float = 60.0
    tls: float = 30.0
    auth: float = 60.0
    mail: float = 60.0
    rcpt: float = 60.0
    data: float = 60.0
    message: float = 600.0
