"""purge: the mail of a server that was removed goes too, in slices that let other writes in between."""

from carom.server.pipeline.deps import Deps
from carom.server.pipeline.jobs import Purge
from carom.server.store import removal

SLICE = 200
"""Messages in one transaction."""


async def purge(job: Purge, deps: Deps) -> None:
    """Remove everything that is still kept of a server."""
    while await deps.database.write(removal.purge_server, job.server_id, SLICE):
        pass
