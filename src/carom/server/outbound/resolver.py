"""Look-ups in DNS: bounded in time and in steps, and never an error. What cannot be found out is not there.

dnspython is loaded with the first look-up: most servers make none.
"""

import asyncio
from typing import TYPE_CHECKING, Any

import structlog

from carom.server.config import HostPort

if TYPE_CHECKING:
    from dns.asyncresolver import Resolver as DnsResolver

SECONDS = 8.0
"""For a question, with all that it takes to answer it."""
TRY_SECONDS = 3.0
MAX_ALIASES = 8

log = structlog.get_logger("carom.dns")


class Resolver:
    """Asks the system's name servers, or one that is named."""

    def __init__(self, at: HostPort | None = None) -> None:
        """Remember whom to ask; nothing is read or loaded yet."""
        self._at = at
        self._resolver: DnsResolver | None = None

    async def texts(self, name: str) -> list[str]:
        """Return the TXT records of a name, each joined from its strings."""
        return [b"".join(record.strings).decode("utf-8", "replace") for record in await self._ask(name, "TXT")]

    async def leads_to(self, name: str, target: str) -> bool:
        """Tell whether a name is an alias of another, directly or by a few steps."""
        wanted = _folded(target)
        try:
            async with asyncio.timeout(SECONDS):
                for _ in range(MAX_ALIASES):
                    found = [_folded(record.target.to_text()) for record in await self._ask(name, "CNAME")]
                    if not found:
                        return False
                    if wanted in found:
                        return True
                    name = found[0]
        except TimeoutError:
            log.info("aliases took too long to follow", name=name)
        return False

    async def exchangers(self, name: str) -> list[str]:
        """Return the hosts that take a domain's mail, the preferred first, in lower case (RFC 5321, section 5.1)."""
        records = sorted(await self._ask(name, "MX"), key=lambda record: int(record.preference))
        return [_folded(record.exchange.to_text()) for record in records]

    async def _ask(self, name: str, kind: str) -> list[Any]:
        from dns.exception import DNSException
        from dns.resolver import NXDOMAIN, NoAnswer

        try:
            async with asyncio.timeout(SECONDS):
                return list(await self._loaded().resolve(f"{name.rstrip('.')}.", kind, search=False))
        except (NXDOMAIN, NoAnswer):
            return []
        except (DNSException, OSError, UnicodeError) as error:  # TimeoutError is an OSError
            log.info("DNS did not answer", name=name, kind=kind, error=type(error).__name__)
            return []

    def _loaded(self) -> "DnsResolver":
        if self._resolver is None:
            from dns.asyncresolver import Resolver as DnsResolver

            self._resolver = DnsResolver(configure=self._at is None)
            if self._at is not None:
                self._resolver.nameservers = [self._at.host]
                self._resolver.port = self._at.port
            self._resolver.timeout = TRY_SECONDS
            self._resolver.lifetime = SECONDS
        return self._resolver


def _folded(name: str) -> str:
    return name.rstrip(".").lower()
