"""What can be set on a server, checked. https://postmarkapp.com/developer/api/server-api"""

import re
from urllib.parse import urlsplit

from carom.server.rules.reachable import is_public
from carom.server.rules.refusals import Refusal
from carom.server.rules.streams import spelled
from carom.wire.email import TRACK_LINKS

COLORS = ("purple", "blue", "turquoise", "green", "red", "yellow", "grey", "orange")
MAX_SPAM_THRESHOLD = 30
DELIVERY_TYPES = ("Live", "Sandbox")

# The forms of IPv4 addresses that inet_aton reads: decimal, octal, hexadecimal, with less than four parts.
_NUMBER = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)(?:\.(?:0x[0-9a-f]*|[0-9]+))*\.?", re.IGNORECASE)
_DOMAIN = re.compile(r"(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]", re.IGNORECASE)


def check_name(name: str) -> str:
    """Return a server's name. Raises Refusal."""
    if not name.strip():
        raise Refusal(608, text="The server's 'Name' is missing.")
    return name


def check_delivery_type(value: str) -> str:
    """Return what becomes of a server's mail, as it is spelled. Raises Refusal."""
    found = spelled(value, DELIVERY_TYPES)
    if found is None:
        raise Refusal(613, value=value, choices=", ".join(DELIVERY_TYPES))
    return found


def no_server() -> Refusal:
    """Refuse a server that the account does not have."""
    return Refusal(601, text="The server was not found.")


def check_color(color: str) -> str:
    """Return a color as it is answered. Raises Refusal."""
    found = spelled(color, COLORS)
    if found is None:
        raise Refusal(607, color=color, choices=", ".join(COLORS))
    return found


def check_track_links(value: str) -> str:
    """Return which links are tracked, as it is spelled. Raises Refusal."""
    found = spelled(value, TRACK_LINKS)
    if found is None:
        raise Refusal(612, value=value, choices=", ".join(TRACK_LINKS))
    return found


def check_spam_threshold(value: int) -> int:
    """Return the score above which inbound mail is blocked. Raises Refusal."""
    if not 0 <= value <= MAX_SPAM_THRESHOLD:
        raise Refusal(611, value=value)
    return value


def is_domain(text: str) -> bool:
    """Tell whether a text is a domain name with at least two labels."""
    return _DOMAIN.fullmatch(text) is not None


def check_inbound_domain(domain: str) -> str:
    """Return the domain of inbound mail, empty for none. Raises Refusal."""
    if not domain:
        return ""
    if not is_domain(domain) or f".{domain.lower()}".endswith(".postmarkapp.com"):
        raise Refusal(608, text=f"The inbound domain '{domain}' is not valid.")
    return domain


def check_hook_url(url: str, field: str, *, inside: bool) -> str:
    """Return the address of a hook, empty for none. ``inside`` allows loopback and private addresses; a name is looked
    at when something is posted to it. Raises Refusal."""
    reason = bad_url(url, inside=inside) if url else None
    if reason:
        raise Refusal(606, field=field, reason=reason)
    return url


def bad_url(url: str, *, inside: bool) -> str | None:
    """Return what is wrong with the address of a hook, None where nothing is."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return f"'{url}' is no URL"
    if parts.scheme not in {"http", "https"} or not host or re.search(r"[\s\x00-\x1f]", url):
        return f"'{url}' is no URL that begins with http:// or https:// and names a host"
    if not inside and _is_inside(host):
        return f"'{host}' is an internal address"
    return None


def _is_inside(host: str) -> bool:
    """Whether a host is no public one at first sight: an address that is none, in a usual form or a strange one, or a
    name that never is."""
    if ":" in host or _NUMBER.fullmatch(host):
        return not is_public(host)
    return host == "localhost" or host.endswith(".localhost")
