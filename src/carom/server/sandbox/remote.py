"""The built-in remote: a real SMTP listener on loopback that does with each recipient what its scenario says."""

import re
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from msgspec.structs import replace

from carom.server.rules.scenarios import BOUNCE_TYPE_HEADER, Scenario, local_part_decides, scenario
from carom.server.smtp.replies import OK, Reply
from carom.server.smtp.session import Claim, Envelope, Listener, Rules

MAX_SIZE = 50_000_000
_ASKED = re.compile(rb"^%s:[ \t]*([^\r\n]*)" % BOUNCE_TYPE_HEADER.encode(), re.IGNORECASE | re.MULTILINE)


class Captured(NamedTuple):
    """A mail that the remote took."""

    mail_from: str
    recipient: str
    content: bytes
    scenario: Scenario


class Remote:
    """The handler. ``store`` keeps a mail before the remote's 250."""

    def __init__(self, store: Callable[[list[Captured]], Awaitable[None]]) -> None:
        """Keep mails by a function."""
        self._store = store

    async def login(self, claim: Claim) -> Any:
        """Refuse: nobody logs in here."""
        del claim

    async def recipient(self, login: Any, mail_from: str, address: str) -> Reply | None:
        """Refuse a recipient whose scenario says so at RCPT, unless a header of the mail may still say another."""
        del login, mail_from
        plan = scenario(address)
        return _reply(plan) if plan.at == "rcpt" and local_part_decides(address) else None

    async def message(self, envelope: Envelope) -> Reply:
        """Refuse after the message, or keep it."""
        taken = [
            Captured(envelope.mail_from, recipient, envelope.content, plan_for(recipient, envelope.content))
            for recipient in envelope.recipients
        ]
        for one in taken:
            if one.scenario.at in {"rcpt", "data"}:
                return _reply(one.scenario)
        await self._store([one if one.mail_from else _unanswered(one) for one in taken])
        return OK


def plan_for(recipient: str, content: bytes) -> Scenario:
    """Return the scenario of a recipient of a mail, whose header may ask for a bounce type."""
    head = re.split(rb"\r?\n\r?\n", content, maxsplit=1)[0]
    asked = _ASKED.search(head)
    return scenario(recipient, asked[1].decode("utf-8", "replace").strip() if asked else None)


def _unanswered(one: Captured) -> Captured:
    """Take the report away from a mail of the null sender: a bounce never bounces (RFC 5321 section 4.5.5)."""
    return one._replace(scenario=replace(one.scenario, at=None))


def _reply(plan: Scenario) -> Reply:
    return Reply(plan.code, plan.status, plan.text)


def remote_listener(hostname: str, remote: Remote) -> Listener:
    """Return the remote's listener, on a free port of loopback. One recipient a mail, so that each has its own fate."""
    return Listener("127.0.0.1", 0, remote, Rules(hostname, MAX_SIZE, max_recipients=1))
