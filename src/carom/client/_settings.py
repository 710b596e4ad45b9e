"""What a client can be told, and what follows from it. Nothing here is read before the first client is made."""

import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypedDict
from urllib.parse import quote, urlsplit

from msgspec import Struct, field
from msgspec.structs import replace

from carom._version import __version__

if TYPE_CHECKING:
    import ssl  # slow to import, and needed for its name only

HOST = "api.postmarkapp.com"


class RetryPolicy(Struct, frozen=True):
    """How often and how soon a call is repeated. Sends are repeated only when they were surely not accepted.

    ``max_retries`` further attempts; the pause before the n-th is up to ``backoff * 2**(n-1)`` seconds, at most
    ``max_backoff``, and with ``jitter`` a random part of that. After ``deadline`` seconds from the first attempt there
    is no other. ``resend_ambiguous`` repeats sends that may have been accepted: recipients may get two mails (never
    from Carom's own server, which knows the repeated call by its Idempotency-Key).
    """

    max_retries: int = 0
    backoff: float = 0.5
    max_backoff: float = 30
    jitter: bool = True
    deadline: float | None = None
    resend_ambiguous: bool = False


class ClientOptions(TypedDict, total=False):
    """The options of every client. One that is None has its default."""

    base_url: str | None
    secure: bool | None
    host: str | None
    port: int | None
    path_prefix: str | None
    timeout: float | tuple[float, float] | None
    http_open_timeout: float | None
    http_read_timeout: float | None
    proxy: str | None
    proxy_host: str | None
    proxy_port: int | None
    proxy_user: str | None
    proxy_pass: str | None
    verify: "bool | str | ssl.SSLContext | None"
    cert: str | tuple[str, str] | None
    auth_header_name: str | None
    max_retries: int | None
    retry: RetryPolicy | None
    max_batch_size: int | None
    max_batch_bytes: int | None
    idle_timeout: float | None
    user_agent: str | None
    transport: Any
    validate: bool | None


class Settings(Struct, frozen=True):
    """Options, resolved. ``proxy`` may hold a password."""

    scheme: str = "https"
    host: str = HOST
    port: int = 443
    prefix: str = ""
    connect_timeout: float = 60
    read_timeout: float = 60
    idle_timeout: float = 4
    proxy: str | None = None
    verify: "bool | str | ssl.SSLContext" = True
    cert: str | tuple[str, str] | None = None
    auth_header_name: str | None = None
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    max_batch_size: int = 500
    max_batch_bytes: int = 50_000_000
    user_agent: str = f"carom/{__version__} python/{sys.version_info.major}.{sys.version_info.minor}"
    transport: Any = None
    validate: bool = True

    def __repr__(self) -> str:
        """Return the origin; the rest may hold secrets."""
        return f"Settings({self.origin}{self.prefix})"

    @property
    def origin(self) -> str:
        """Scheme, host and port, as in a URL."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


_SHARED = {"idle_timeout", "verify", "cert", "auth_header_name", "max_batch_size", "max_batch_bytes", "user_agent"} | {
    "transport",
    "validate",
}


def resolve(options: Mapping[str, Any], environ: Mapping[str, str] | None = None) -> Settings:
    """Turn options into settings. Raises TypeError for an unknown option, ValueError for one that makes no sense."""
    unknown = sorted(set(options) - _NAMES)
    if unknown:
        raise TypeError(f"unknown option {unknown[0]!r}; there are {', '.join(sorted(_NAMES))}")
    given = {name: value for name, value in options.items() if value is not None}
    environ = os.environ if environ is None else environ
    if "base_url" not in given and not {"host", "secure", "port", "path_prefix"} & set(given):
        given["base_url"] = environ.get("POSTMARK_API_URL") or f"https://{HOST}"
    found: dict[str, Any] = {
        **_place(given),
        **_timeouts(given),
        **{name: given[name] for name in _SHARED & set(given)},
    }
    settings = Settings(**found, proxy=_proxy(given), retry=_retry(given))
    if not 1 <= settings.max_batch_size <= 500:
        raise ValueError(f"max_batch_size is 1 to 500, not {settings.max_batch_size}")
    if any(ord(letter) < 32 or ord(letter) > 126 for letter in settings.user_agent + (settings.auth_header_name or "")):
        raise ValueError("user_agent and auth_header_name are printable ASCII")
    return settings


def _place(given: Mapping[str, Any]) -> dict[str, Any]:
    if "base_url" not in given:
        scheme = "https" if given.get("secure", True) else "http"
        given = {**given, "base_url": f"{scheme}://{given.get('host', HOST)}"}
        parts = urlsplit(str(given["base_url"]))
        port, prefix = given.get("port"), str(given.get("path_prefix", "/"))
    else:
        parts = urlsplit(str(given["base_url"]))
        port, prefix = parts.port, parts.path
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"base_url is http://host or https://host, not {given['base_url']!r}")
    default = 443 if parts.scheme == "https" else 80
    path = "/" + prefix.strip("/") if prefix.strip("/") else ""
    return {"scheme": parts.scheme, "host": parts.hostname, "port": int(port or default), "prefix": path}


def _timeouts(given: Mapping[str, Any]) -> dict[str, float]:
    both: float | tuple[float, float] = given.get("timeout", 60.0)
    connect, read = both if isinstance(both, tuple) else (both, both)
    found = {
        "connect_timeout": float(given.get("http_open_timeout", connect)),
        "read_timeout": float(given.get("http_read_timeout", read)),
    }
    for name, seconds in found.items():
        if not seconds > 0:
            raise ValueError(f"{name} is a number of seconds above 0, not {seconds}")
    return found


def _proxy(given: Mapping[str, Any]) -> str | None:
    if "proxy" not in given and "proxy_host" not in given:
        return None
    if "proxy" in given:
        proxy = str(given["proxy"])
    else:
        user = (
            f"{_quoted(given['proxy_user'])}:{_quoted(given.get('proxy_pass', ''))}@" if "proxy_user" in given else ""
        )
        proxy = f"http://{user}{given['proxy_host']}:{given.get('proxy_port', 80)}"
    parts = urlsplit(proxy)
    if parts.scheme != "http" or not parts.hostname:
        raise ValueError("proxy is http://host:port or http://user:password@host:port")
    return proxy


def _quoted(text: str) -> str:
    return quote(text, safe="")


def _retry(given: Mapping[str, Any]) -> RetryPolicy:
    policy: RetryPolicy = given.get("retry", RetryPolicy())
    return replace(policy, max_retries=int(given["max_retries"])) if "max_retries" in given else policy


_NAMES = frozenset(ClientOptions.__annotations__)


def clean_token(token: str | None) -> str | None:
    """Trim a token; a blank one is none. Raises ValueError if it cannot stand in a header."""
    token = (token or "").strip()
    if any(not 33 <= ord(letter) <= 126 for letter in token):
        raise ValueError("api_token holds characters that no token has")
    return token or None
