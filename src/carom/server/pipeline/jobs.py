"""The kinds of job, as small structs that name rows. They are written in the transaction that they follow from.

``Deliver`` has no row in ``job``: the recipient's row is its own entry in the queue. ``Settle`` is never stored: it runs in
the transaction that finishes what it follows from, so that bounce, suppression, event and state are one fact.
"""

from datetime import datetime

from msgspec import Struct

from carom.server.rules.lifecycle import Event
from carom.server.store.deliveries import Tracked
from carom.server.store.queue import Claim
from carom.taxonomy import BounceType


class Deliver(Struct, frozen=True):
    """Send a message to one recipient, under a claim of its row."""

    claim: Claim

    @property
    def recipient_id(self) -> int:
        """Whom."""
        return self.claim.id

    @property
    def attempts(self) -> int:
        """How many there were, this one too."""
        return self.claim.attempts


class Digest(Struct, frozen=True, tag="digest"):
    """Read a mail that came to a return path."""

    received_id: int


class Receive(Struct, frozen=True, tag="receive"):
    """Read a mail that came to an inbound address."""

    received_id: int


class SendChunk(Struct, frozen=True, tag="send chunk"):
    """Send some messages of a bulk request."""

    chunk_id: int


class Answer(Struct, frozen=True, tag="answer"):
    """The built-in remote sends its delivery status notification for a mail that it took."""

    captured_id: int


class Confirm(Struct, frozen=True, tag="confirm"):
    """Mail the address of a sender signature the link that confirms it."""

    sender_id: int


class Erase(Struct, frozen=True, tag="erase"):
    """Erase what is known of a recipient, as a data removal asks."""

    data_removal_id: int


class Purge(Struct, frozen=True, tag="purge"):
    """Remove what is left of a server that was removed: its mail."""

    server_id: int


Job = Confirm | Digest | Receive | SendChunk | Answer | Purge | Erase
"""What ``job`` holds."""


class Bounced(Struct, frozen=True):
    """What a bounce says. ``details`` is the remote's diagnostic, ``dump`` the raw mail. ``proven`` is false when nothing
    shows that the bounce answers a mail of ours: it is listed as Unknown and deactivates nobody, ``type`` stays beside
    it as the verdict."""

    type: BounceType
    details: str
    dump: bytes | None
    rule: str
    matched: str = ""
    status: str | None = None
    proven: bool = True


class Settle(Struct, frozen=True):
    """Something happened to a message on its way to a recipient. ``details`` are those of the API's message event;
    ``retry_at`` is when to try a deferred one again; ``slow_down`` what the remote said that wants less mail at all;
    ``tracked`` is what was tracked in a mail that went out."""

    recipient_id: int
    event: Event
    at: datetime
    details: dict[str, str] = {}
    bounced: Bounced | None = None
    retry_at: datetime | None = None
    slow_down: str | None = None
    tracked: Tracked | None = None
