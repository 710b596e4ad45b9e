"""Whom a client talks to: the API itself, or a proxy, plainly or through a tunnel; and what is said to them."""

import select
import ssl
from base64 import b64encode
from urllib.parse import unquote, urlsplit

from carom.client._settings import Settings
from carom.client.transports.answers import AnswerParser, BadAnswer
from carom.client.transports.seam import Reply, Request, Stage, TransportFault
from carom.client.transports.tls import tls_context


class Unshown(bytes):
    """Bytes that hold a token or a password: what a debugger or an error tracker shows of variables does not."""

    def __repr__(self) -> str:
        """Return how many there are."""
        return f"<{len(self)} bytes>"


class Peer:
    """The other end of connections. ``host`` and ``port`` are where they go; ``tls`` is what the API's side is spoken
    to in, None if plainly; ``tunnel`` is what asks a proxy for the way there, None if none is needed."""

    def __init__(self, settings: Settings) -> None:
        """Read the settings. Raises OSError for TLS files that cannot be used."""
        self.tls = tls_context(settings) if settings.scheme == "https" else None
        self.server_name = settings.host
        self.host, self.port = settings.host, settings.port
        self.tunnel: Unshown | None = None
        name = f"[{settings.host}]" if ":" in settings.host else settings.host
        default = 443 if self.tls else 80
        self._host = name if settings.port == default else f"{name}:{settings.port}"
        self._before = ""
        self._headers: dict[str, str] = {}
        if settings.proxy:
            self._through(settings.proxy, settings.origin, f"{name}:{settings.port}")

    def _through(self, proxy: str, origin: str, place: str) -> None:
        parts = urlsplit(proxy)
        self.host, self.port = parts.hostname or "", parts.port or 80
        who: dict[str, str] = {}
        if parts.username is not None:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            who = {"Proxy-Authorization": f"Basic {b64encode(pair.encode()).decode()}"}
        if self.tls is None:
            self._before, self._headers = origin, who
        else:
            lines = "".join(f"{name}: {value}\r\n" for name, value in {"Host": place, **who}.items())
            self.tunnel = Unshown(f"CONNECT {place} HTTP/1.1\r\n{lines}\r\n".encode("latin-1"))

    def head(self, request: Request) -> bytes:
        """Write the head of a request."""
        length = (
            f"Content-Length: {len(request.body)}\r\n" if request.body or request.method not in {"GET", "HEAD"} else ""
        )
        lines = "".join([f"{name}: {value}\r\n" for name, value in {**request.headers, **self._headers}.items()])
        return f"{request.method} {self._before}{request.target} HTTP/1.1\r\nHost: {self._host}\r\n{lines}{length}\r\n".encode(
            "latin-1"
        )


def tunnelled(reply: Reply, parser: AnswerParser) -> None:
    """Check what a proxy said to the wish for a tunnel. Raises BadAnswer."""
    if reply.status == 407:
        raise BadAnswer("the proxy asks for another user or password (HTTP 407)")
    if reply.status != 200:
        raise BadAnswer(f"the proxy refused the tunnel (HTTP {reply.status})")
    if not parser.reusable:
        raise BadAnswer("the proxy said more than that there is a tunnel")


def ended(sock: object) -> bool:
    """Return whether an idle connection is of no use: readable while nothing is asked, the other side has closed it, or
    says what nobody wants to know."""
    if isinstance(sock, ssl.SSLSocket) and sock.pending():
        return True
    poll = select.poll()
    poll.register(sock, select.POLLIN)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # has a fileno
    return bool(poll.poll(0))


_WHAT = {
    Stage.CONNECTING: "no connection was made",
    Stage.WRITING: "the connection broke while the request was written",
    Stage.WAITING: "no answer came",
    Stage.READING: "the answer broke off",
}


def fault(error: Exception, stage: Stage, *, timeout: bool | None = None) -> TransportFault:
    """Return the fault that an error of the network is; ``timeout`` where its type does not say that."""
    timeout = isinstance(error, TimeoutError) if timeout is None else timeout
    return TransportFault(f"{_WHAT[stage]}: {'timed out' if timeout else _why(error)}", stage, timeout=timeout)


def _why(error: BaseException) -> str:
    # Libraries over libraries: the words are often those of the first in the chain.
    said: BaseException | None = error
    while said is not None and not str(said):
        said = said.__cause__ or said.__context__
    return str(said) if said is not None else type(error).__name__
