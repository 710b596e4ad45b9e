"""Sending the server's own letters: by the same next hop as all mail, one attempt a job."""

import structlog

from carom.server.pipeline.deps import Deps
from carom.server.rules.letters import Letter, sender_of, write_letter

log = structlog.get_logger("carom.letters")


class NotSent(Exception):
    """A letter was not taken yet: the job is to be called again."""


async def send_letter(letter: Letter, deps: Deps) -> None:
    """Hand a letter over. Raises NotSent to be called again; one that is refused for good is given up."""
    hostname = deps.settings.hostname
    content = write_letter(letter, hostname, deps.clock())
    attempt = await deps.failover.deliver(deps.next_hops(letter.to), sender_of(hostname), letter.to, content)
    said = str(attempt.reply) if attempt.reply else attempt.error or attempt.outcome
    if attempt.outcome == "deferred":
        raise NotSent(said)
    if attempt.outcome != "accepted":
        log.warning("a letter of ours was refused", subject=letter.subject, reply=said)
