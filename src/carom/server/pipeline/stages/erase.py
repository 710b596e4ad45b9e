"""erase: everything that is kept about a recipient goes, in slices; then whoever asked for it is told."""

from collections.abc import Iterable, Mapping
from functools import partial
from uuid import UUID

from carom.bounce.verp import return_path
from carom.server.pipeline.deps import Deps
from carom.server.pipeline.jobs import Erase
from carom.server.pipeline.letters import send_letter
from carom.server.rules.erasing import SUBJECT, done_text
from carom.server.rules.letters import Letter
from carom.server.store import data_removals, erasing
from carom.server.store.data_removals import Asked
from carom.server.store.erasing import Homes

SLICE = 100
"""Messages in one transaction."""
CHUNKS = 20
"""Parts of bulk requests in one transaction."""
LOOKED_THROUGH = 1000
"""Messages read at a time."""
BEFORE_ALL = UUID(int=0)


async def erase(job: Erase, deps: Deps) -> None:
    """Erase, and say so. Called again after a fault, it goes on where it was."""
    asked = await deps.database.read(data_removals.asked, job.data_removal_id)
    homes = partial(_homes, keys=deps.keyring.return_path_keys, domain=deps.settings.return_path)
    if not asked.done:
        # First what is still to be sent: it would be mail of the person's again.
        await _look_through_unsent(asked, deps)
        while await deps.database.write(erasing.erase_some, asked.account_id, asked.requested_for, homes, SLICE):
            pass
        await _look_through_received(asked, deps)
        await _look_through(asked, homes, deps)
        await deps.database.write(data_removals.finish, asked.id, deps.clock())
    if asked.notify:
        key = f"data-removal-{asked.id}"
        await send_letter(Letter(to=asked.requested_by, subject=SUBJECT, text=done_text(asked.id), key=key), deps)


def _homes(recipient_id: int, *, keys: Mapping[str, bytes], domain: str) -> Iterable[str]:
    return (return_path(recipient_id, domain, keys, version).lower() for version in keys)


async def _look_through_unsent(asked: Asked, deps: Deps) -> None:
    """Take the address out of bulk requests whose messages are still to be made."""
    after: int | None = 0
    while after is not None:
        after = await deps.database.write(erasing.forget_unsent, asked.account_id, asked.requested_for, after, CHUNKS)


async def _look_through_received(asked: Asked, deps: Deps) -> None:
    """Take the address out of the mail that others sent to it too."""
    after: UUID | None = BEFORE_ALL
    while after is not None:
        after = await deps.database.write(erasing.forget_received, asked.account_id, asked.requested_for, after, SLICE)


async def _look_through(asked: Asked, homes: Homes, deps: Deps) -> None:
    """Take the address out of the messages that name it though they were never sent to it."""
    after: UUID | None = BEFORE_ALL
    while after is not None:
        found, after = await deps.database.read(
            erasing.naming, asked.account_id, asked.requested_for, after, LOOKED_THROUGH
        )
        if found:
            await deps.database.write(erasing.blank, found, asked.requested_for, homes)
