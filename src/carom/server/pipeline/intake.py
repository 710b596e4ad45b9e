"""The way in, for HTTP and SMTP alike: checked messages become durable, then the worker hears of them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from carom.server.config import Settings
from carom.server.keyring import Keyring
from carom.server.outbound.resolver import Resolver
from carom.server.pipeline.stages.accept import Accepted, accept
from carom.server.rules.refusals import Refusal
from carom.server.rules.sending import Checked
from carom.server.store.database import Database
from carom.server.store.servers import Tenant


@dataclass(frozen=True, kw_only=True)
class Context:
    """The parts that whoever takes requests works with. ``wake`` tells the worker that something is due."""

    database: Database
    keyring: Keyring
    settings: Settings
    public_url: str
    clock: Callable[[], datetime]
    new_id: Callable[[], UUID]
    wake: Callable[[], None]
    resolver: Resolver


async def submit(context: Context, tenant: Tenant, checked: list[Checked]) -> list[Accepted | Refusal]:
    """Accept messages in one transaction; what is answered is durable."""
    if not checked:
        return []
    answers = await context.database.write(
        accept,
        tenant,
        checked,
        confirmed_sender=context.settings.needs_confirmed_sender,
        now=context.clock(),
        new_id=context.new_id,
    )
    context.wake()
    return answers
