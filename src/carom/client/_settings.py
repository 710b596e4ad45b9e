"""What a client can be told, and what follows from it. Nothing here is read before the first client is made."""

import os
import re
import sys
from collections.abc import Mapping
from types import NoneType
from typing import TYPE_CHECKING, Any, TypedDict
from urllib.parse import quote, urlsplit

from msgspec import Struct, field
from msgspec.structs import replace

from carom._version import __version__
from carom.wire._kinds import is_tuple

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
    _check(settings)
    return settings


def _check(settings: Settings) -> None:
    for name in ("max_batch_size", "max_batch_bytes"):
        _whole(name, getattr(settings, name), 1)
    if settings.max_batch_size > 500:
        raise ValueError(f"max_batch_size is 1 to 500, not {settings.max_batch_size}")
    _seconds("idle_timeout", settings.idle_timeout)
    for name in ("user_agent", "auth_header_name"):
        text = getattr(settings, name)
        if text is not None and not (isinstance(text, str) and text.isascii() and text.isprintable() and text):
            raise ValueError(f"{name} is printable ASCII, not {text!r}")
    if settings.auth_header_name is not None and any(letter in " :" for letter in settings.auth_header_name):
        raise ValueError(f"auth_header_name is the name of a header, not {settings.auth_header_name!r}")
    verify: object = settings.verify
    if (
        not isinstance(verify, (bool, str))
        and type(verify).__name__ != "SSLContext"
        and not hasattr(verify, "wrap_socket")
    ):
        raise TypeError(f"verify is True, False, the path of authorities, or an SSLContext, not {verify!r}")


def _whole(name: str, value: Any, least: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{name} is a whole number, not {value!r}")
    if value < least:
        raise ValueError(f"{name} is {least} or more, not {value}")
    return value


def _seconds(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise TypeError(f"{name} is a number of seconds, not {value!r}")
    try:
        seconds = float(value)
    except ValueError:
        raise ValueError(f"{name} is a number of seconds, not {value!r}") from None
    if not seconds > 0:
        raise ValueError(f"{name} is a number of seconds above 0, not {seconds}")
    return seconds


def _place(given: Mapping[str, Any]) -> dict[str, Any]:
    try:
        if "base_url" not in given:
            scheme = "https" if given.get("secure", True) else "http"
            given = {**given, "base_url": f"{scheme}://{given.get('host', HOST)}"}
            parts = urlsplit(str(given["base_url"]))
            port, prefix = given.get("port"), str(given.get("path_prefix", "/"))
        else:
            parts = urlsplit(str(given["base_url"]))
            port, prefix = parts.port, parts.path
    except ValueError as error:
        raise ValueError(f"base_url: {error}") from error
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"base_url is http://host or https://host, not {given['base_url']!r}")
    if _UNSENT.search(str(given["base_url"])) or _UNSENT.search(prefix):
        raise ValueError(f"base_url, host and path_prefix hold no blanks: {given['base_url']!r}, {prefix!r}")
    default = 443 if parts.scheme == "https" else 80
    number = _whole("port", int(port) if isinstance(port, str) and port.isdigit() else port or default, 1)
    if number > 65535:
        raise ValueError(f"port is 1 to 65535, not {number}")
    path = "/" + prefix.strip("/") if prefix.strip("/") else ""
    return {"scheme": parts.scheme, "host": parts.hostname, "port": number, "prefix": path}


_UNSENT = re.compile(r"[^!-~]")


def _timeouts(given: Mapping[str, Any]) -> dict[str, float]:
    both: Any = given.get("timeout", 60.0)
    pair = both if is_tuple(both) else (both, both)
    if len(pair) != 2:
        raise ValueError(f"timeout is a number of seconds, or two, to connect and to read, not {both!r}")
    connect, read = (_seconds("timeout", seconds) for seconds in pair)
    return {
        "connect_timeout": _seconds("http_open_timeout", given.get("http_open_timeout", connect)),
        "read_timeout": _seconds("http_read_timeout", given.get("http_read_timeout", read)),
    }


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
    policy = given.get("retry", RetryPolicy())
    if not isinstance(policy, RetryPolicy):
        raise TypeError(f"retry is a RetryPolicy, not {policy!r}")
    if "max_retries" in given:
        most = given["max_retries"]
        policy = replace(policy, max_retries=int(most) if isinstance(most, str) and most.isdigit() else most)
    _whole("max_retries", policy.max_retries, 0)
    return policy


_NAMES = frozenset(ClientOptions.__annotations__)


def clean_token(token: str | None) -> str | None:
    """Trim a token; a blank one is none. Raises ValueError if it cannot stand in a header."""
    if not isinstance(token, (str, NoneType)):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"api_token is a text, not {type(token).__name__}")
    token = (token or "").strip()
    if any(not 33 <= ord(letter) <= 126 for letter in token):
        raise ValueError("api_token holds characters that no token has")
    return token or None
