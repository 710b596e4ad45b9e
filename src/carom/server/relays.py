"""The smart hosts of relay mode, as they are written in the settings. Passwords stand elsewhere."""

from collections.abc import Iterable
from ipaddress import ip_address
from typing import Literal, cast, get_args
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from msgspec import Struct

TlsMode = Literal["none", "opportunistic", "required", "implicit"]

PASSWORD = "CAROM_RELAY_PASSWORD"
"""The environment variable with the password of the relays that the file of passwords does not name."""

_MODES = get_args(TlsMode)
_FORM = "write HOST:PORT, smtp://[USER@]HOST[:PORT][?tls=none|opportunistic|required] or smtps://[USER@]HOST[:PORT]"


class BadRelay(ValueError):
    """A relay that cannot be used; the text says what to do."""


class Relay(Struct, frozen=True):
    """A smart host."""

    host: str
    port: int
    tls: TlsMode = "opportunistic"
    user: str | None = None

    @classmethod
    def read(cls, text: str) -> "Relay":
        """Read ``HOST:PORT`` or a URL. Who logs in wants TLS, unless something else is said. Raises BadRelay."""
        parts = urlsplit(text if "://" in text else f"smtp://{text}")
        try:
            port = parts.port
        except ValueError:
            port = 0
        host, asked = parts.hostname, dict(parse_qsl(parts.query))
        implicit = parts.scheme == "smtps"
        asked_tls = asked.pop("tls", "implicit" if implicit else "required" if parts.username else "opportunistic")
        tls = cast("TlsMode", asked_tls) if asked_tls in _MODES else None
        known = parts.scheme in {"smtp", "smtps"} and implicit == (tls == "implicit") and not asked
        if (
            tls is None
            or not known
            or not host
            or port == 0
            or parts.path.strip("/")
            or ("://" not in text and port is None)
        ):
            raise BadRelay(f"'{text.rpartition('@')[2]}' is no relay; {_FORM}")
        if parts.password is not None:
            raise BadRelay(
                f"the password of {host} may not stand in --relay, where others see it: set {PASSWORD}, or name a file with "
                "--relay-passwords"
            )
        user = unquote(parts.username) if parts.username else None
        relay = cls(host, port or (465 if implicit else 587 if user else 25), tls, user)
        if user is not None and not (tls in {"required", "implicit"} or (tls == "none" and _is_loopback(host))):
            raise BadRelay(f"the password for {relay.at} would go out in clear; use tls=required or smtps://")
        return relay

    @property
    def at(self) -> str:
        """Whose and where, as the file of passwords names it: ``USER@HOST:PORT``."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.user}@{host}:{self.port}" if self.user is not None else f"{host}:{self.port}"

    def __str__(self) -> str:
        """Write it as it is read."""
        user = f"{quote(self.user, safe='')}@" if self.user is not None else ""
        at = self.at.rpartition("@")[2]
        return f"smtps://{user}{at}" if self.tls == "implicit" else f"smtp://{user}{at}?tls={self.tls}"


class Relays(tuple[Relay, ...]):
    """Smart hosts in the order in which they are tried."""

    __slots__ = ()

    @classmethod
    def read(cls, texts: Iterable[str]) -> "Relays":
        """Read relays, some of them in one text with commas between. Raises BadRelay."""
        return cls(Relay.read(one.strip()) for text in texts for one in text.split(","))

    def __str__(self) -> str:
        """Write them as they are read."""
        return ",".join(map(str, self))


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
