"""The built-in remote: a real SMTP server on loopback that does with each recipient what its scenario says.

Local parts that name no outcome are decided at the end of DATA, because only the content has the X-PM-Bounce-Type
header.
"""

import re
from collections.abc import Awaitable, Callable

from msgspec.structs import replace

from carom.server.rules.scenarios import BOUNCE_TYPE_HEADER, Scenario, local_part_decides, scenario
from carom.server.sandbox.answers import Captured
from carom.server.smtp.session import Accepted, Envelope, Listener, Refused, Session, Terms

_SIZE_LIMIT = 35_000_000
_HEADER = re.compile(rb"(?im)^%b:[ \t]*(\w+)" % BOUNCE_TYPE_HEADER.encode())


class Remote:
    """Accepts or refuses mail by the table of scenarios. ``store`` keeps what is accepted; 250 follows it."""

    def __init__(self, *, hostname: str, store: Callable[[Captured], Awaitable[None]]) -> None:
        """Open nothing yet."""
        self._hostname = hostname
        self._store = store
        self._listener: Listener | None = None

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> tuple[str, int]:
        """Listen, and return the address."""
        # One recipient a mail, so that each has a fate of its own.
        terms = Terms(hostname=self._hostname, size_limit=_SIZE_LIMIT, max_recipients=1)
        self._listener = Listener(host, port, self, hostname=self._hostname, size_limit=_SIZE_LIMIT, terms=terms)
        return await self._listener.start()

    async def stop(self, grace: float = 5.0) -> None:
        """Finish the mails under way, for ``grace`` seconds at most."""
        if self._listener is not None:
            await self._listener.stop(grace)

    async def rcpt(self, _session: Session, address: str) -> Refused | None:
        """Refuse an address whose scenario refuses it here."""
        found = scenario(address)
        return _refusal(found) if found.at == "rcpt" and local_part_decides(address) else None

    async def message(self, _session: Session, envelope: Envelope) -> Refused | Accepted:
        """Refuse the mail, or keep it."""
        recipient = envelope.recipients[0]
        found = scenario(recipient, _requested(envelope.content))
        if found.at in {"rcpt", "data"}:
            return _refusal(found)
        if not envelope.mail_from:
            found = replace(found, at=None)  # nobody answers the null sender (RFC 5321 section 4.5.5)
        await self._store(
            Captured(mail_from=envelope.mail_from, recipient=recipient, content=envelope.content, scenario=found)
        )
        return Accepted("Captured")


def _refusal(found: Scenario) -> Refused:
    return Refused(found.code, found.status, found.text)


def _requested(content: bytes) -> str | None:
    headers = content.partition(b"\r\n\r\n")[0]
    match = _HEADER.search(headers)
    return match[1].decode("ascii", "replace") if match else None
