"""The way in, for HTTP and SMTP alike: checked messages become durable, then the worker hears of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog

from carom.server import metrics
from carom.server.config import Settings
from carom.server.keyring import Keyring
from carom.server.outbound.resolver import Resolver
from carom.server.pipeline.stages.accept import submission
from carom.server.rules.accepting import Accepted, Once
from carom.server.rules.refusals import Refusal
from carom.server.rules.sending import Checked
from carom.server.store.database import Database
from carom.server.store.servers import Tenant

log = structlog.get_logger("carom.accept")


@dataclass(frozen=True, kw_only=True)
class Context:
    """The parts that whoever takes requests works with. ``wake`` tells the worker that something is due, ``has_room``
    whether the disk has room for more mail."""

    database: Database
    keyring: Keyring
    settings: Settings
    public_url: str
    clock: Callable[[], datetime]
    new_id: Callable[[], UUID]
    wake: Callable[[], None]
    resolver: Resolver
    has_room: Callable[[], bool] = lambda: True


async def submit(
    context: Context,
    tenant: Tenant,
    items: Sequence[Checked | Refusal],
    *,
    token: bytes | None = None,
    once: Once | None = None,
) -> list[Accepted | Refusal]:
    """Accept messages in one transaction; what is answered is durable. Items that are refused already are answered in
    their places. ``token`` is the hash of a token that is still to be looked up, ``once`` what makes the request one that
    is carried out once. Raises Refusal where the whole is refused."""
    if once is None and not any(isinstance(item, Checked) for item in items):
        return [item for item in items if isinstance(item, Refusal)]
    handed = submission(
        tenant,
        items,
        confirmed_sender=context.settings.needs_confirmed_sender,
        now=context.clock(),
        new_id=context.new_id,
        token=token,
        once=once,
    )
    with metrics.timed(metrics.ACCEPT_SECONDS):
        answers = await context.database.accept(handed)
    metrics.answered(answers)
    for answer in answers:
        if isinstance(answer, Accepted):
            log.debug("accepted", message_id=answer.message_id, server_id=tenant.server_id)
        else:
            log.debug("refused", code=answer.code, server_id=tenant.server_id)
    context.wake()
    return answers
