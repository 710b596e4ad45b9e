"""Who read a mail: a User-Agent header as the client, the system and the platform of the Messages API.

Browsers and systems are told apart by ua-parser, whose tables are loaded at the first look. What it cannot know is here:
the proxies that webmail fetches pictures through, the programs that read mail, and who makes what.
"""

from functools import lru_cache
from typing import Literal, NamedTuple

from msgspec import Struct

from carom.wire.messages import Software

Platform = Literal["Desktop", "Mobile", "WebMail", "Unknown"]

MAX_LENGTH = 1000
"""What a header is cut to, before it is read or stored."""
UNKNOWN = "unknown"
"""The name of a program or system that is not known, as Postmark writes it."""


class Agent(Struct, frozen=True):
    """What a User-Agent header says."""

    client: Software
    os: Software
    platform: Platform


class _Named(NamedTuple):
    """A client or a system by the name that we show, and its maker. Without a version where the header's is another's."""

    name: str
    company: str
    versioned: bool = True


# ua-parser's family: what is shown for it.
_CLIENTS = {
    "GmailImageProxy": _Named("Gmail", "Google", versioned=False),
    "YahooMailProxy": _Named("Yahoo! Mail", "Yahoo", versioned=False),
    "Apple Mail": _Named("Apple Mail", "Apple", versioned=False),  # the version is WebKit's
    "Mobile Safari UI/WKWebView": _Named("Apple Mail", "Apple", versioned=False),
    "Outlook": _Named("Outlook", "Microsoft"),
    "Outlook-iOS": _Named("Outlook Mobile", "Microsoft"),
    "Outlook-Android": _Named("Outlook Mobile", "Microsoft"),
    "Windows Live Mail": _Named("Windows Live Mail", "Microsoft"),
    "Thunderbird": _Named("Thunderbird", "Mozilla"),
    "Lotus Notes": _Named("Lotus Notes", "IBM"),
    "Chrome": _Named("Chrome", "Google"),
    "Chrome Mobile": _Named("Chrome Mobile", "Google"),
    "Chrome Mobile iOS": _Named("Chrome Mobile", "Google"),
    "Firefox": _Named("Firefox", "Mozilla"),
    "Firefox Mobile": _Named("Firefox Mobile", "Mozilla"),
    "Firefox iOS": _Named("Firefox Mobile", "Mozilla"),
    "Safari": _Named("Safari", "Apple"),
    "Mobile Safari": _Named("Safari Mobile", "Apple"),
    "Edge": _Named("Edge", "Microsoft"),
    "Edge Mobile": _Named("Edge Mobile", "Microsoft"),
    "IE": _Named("Internet Explorer", "Microsoft"),
    "Opera": _Named("Opera", "Opera Software"),
    "Samsung Internet": _Named("Samsung Internet", "Samsung"),
}
_WEBMAIL = frozenset({"Gmail", "Yahoo! Mail"})
"""They fetch pictures for their readers: the system in their header is nobody's."""
_MAIL_PROGRAMS = frozenset({"Apple Mail", "Outlook", "Windows Live Mail", "Thunderbird", "Lotus Notes"})
_SYSTEMS = {
    "Windows": "Microsoft",
    "Windows Phone": "Microsoft",
    "Mac OS X": "Apple",
    "iOS": "Apple",
    "Android": "Google",
    "Chrome OS": "Google",
    "Linux": "Linux",
    "Ubuntu": "Canonical",
}
_MOBILE = frozenset({"iOS", "Android", "Windows Phone", "BlackBerry OS", "KaiOS", "Tizen"})

_NOBODY = Software(name=UNKNOWN, company=UNKNOWN, family=UNKNOWN)


@lru_cache(maxsize=4096)
def read_agent(header: str, *, browsing: bool) -> Agent:
    """Read a User-Agent header. ``browsing`` when a link was followed, by a browser; else a mail was opened, and a browser
    on a desktop means webmail."""
    from ua_parser import parse

    found = parse(header[:MAX_LENGTH])
    client = _NOBODY
    if found.user_agent is not None:
        version = (found.user_agent.major, found.user_agent.minor, found.user_agent.patch, found.user_agent.patch_minor)
        named = _CLIENTS.get(found.user_agent.family)
        if browsing and found.user_agent.family.startswith("Mobile Safari"):
            named = _CLIENTS["Mobile Safari"]
        client = _software(named or _Named(found.user_agent.family, UNKNOWN), version)
    if client.family in _WEBMAIL:
        return Agent(client, _NOBODY, "WebMail")
    os = _NOBODY
    if found.os is not None:
        version = (found.os.major, found.os.minor, found.os.patch, None)
        os = _software(_Named(found.os.family, _SYSTEMS.get(found.os.family, UNKNOWN)), version)
    return Agent(client, os, _platform(client.family or UNKNOWN, os.family or UNKNOWN, browsing=browsing))


def _software(named: _Named, version: tuple[str | None, ...]) -> Software:
    number = ".".join(part for part in version if part) if named.versioned else ""
    return Software(name=f"{named.name} {number}".rstrip(), company=named.company, family=named.name)


def _platform(client: str, os: str, *, browsing: bool) -> Platform:
    if os in _MOBILE:
        return "Mobile"
    if client in _MAIL_PROGRAMS:
        return "Desktop"
    if os == UNKNOWN:
        return "Unknown"
    return "Desktop" if browsing or client == UNKNOWN else "WebMail"
