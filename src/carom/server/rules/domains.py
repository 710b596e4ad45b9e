"""What may be a sending domain, and what its DNS should hold.

https://postmarkapp.com/developer/api/domains-api
"""

from carom.server.rules.refusals import Refusal
from carom.server.rules.servers import is_domain

NO_DOMAIN = 510
MAX_NAME = 255

PUBLIC = frozenset(
    {
        "aim.com", "aol.com", "att.net", "bigpond.com", "btinternet.com", "comcast.net", "cox.net", "earthlink.net",
        "facebook.com", "fastmail.com", "free.fr", "gmail.com", "gmx.at", "gmx.ch", "gmx.com", "gmx.de", "gmx.net",
        "googlemail.com", "hey.com", "hotmail.co.uk", "hotmail.com", "hotmail.de", "hotmail.fr", "hotmail.it",
        "hushmail.com", "icloud.com", "laposte.net", "libero.it", "live.co.uk", "live.com", "mac.com", "mail.com",
        "mail.ru", "me.com", "msn.com", "naver.com", "orange.fr", "outlook.com", "outlook.de", "outlook.fr", "pm.me",
        "proton.me", "protonmail.com", "qq.com", "rediffmail.com", "rocketmail.com", "sbcglobal.net", "sina.com",
        "t-online.de", "tuta.io", "tutanota.com", "verizon.net", "wanadoo.fr", "web.de", "yahoo.co.in", "yahoo.co.jp",
        "yahoo.co.uk", "yahoo.com", "yahoo.de", "yahoo.es", "yahoo.fr", "yahoo.it", "yandex.com", "yandex.ru",
        "ymail.com", "zoho.com", "126.com", "163.com",
    }
)  # fmt: skip
"""Where anybody has an address, and whose DNS no customer writes."""


def check_name(name: str) -> str:
    """Return a domain in lower case. Raises Refusal."""
    if not name.strip():
        raise Refusal(514)
    if len(name) > MAX_NAME:
        raise Refusal(515, limit=MAX_NAME)
    if not is_domain(name):
        raise Refusal(516, name=name)
    return check_not_public(name.lower())


def check_not_public(domain: str) -> str:
    """Return a domain that is somebody's own. Raises Refusal."""
    if domain.lower() in PUBLIC:
        raise Refusal(503, domain=domain)
    return domain


def check_subdomain(name: str, domain: str, field: str) -> str:
    """Return a domain below another, empty for none. Raises Refusal."""
    if name and not (is_domain(name) and name.lower().endswith(f".{domain.lower()}")):
        raise Refusal(522, field=field, value=name, what=f"subdomain of {domain}")
    return name.lower()


def spf_value(return_path: str) -> str:
    """Return the SPF record of a domain. Receivers ask it of the return path, so ours is the one that counts."""
    return f"v=spf1 a mx include:{return_path} ~all"
