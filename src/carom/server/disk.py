"""Room on the disk of the store. Mail is refused while there is less than the floor: what was accepted needs room to be
delivered and settled, and a disk that is full to the last byte is hard to get out of."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import structlog

from carom.server.config import Settings

LOOK_SECONDS = 0.5

log = structlog.get_logger("carom.disk")


class Disk:
    """The disk of a store. ``floor`` in bytes; with none the disk is somebody else's, and there is always room."""

    def __init__(self, folder: Path, floor: int, *, now: Callable[[], float] = time.monotonic) -> None:
        """Watch the disk that a folder is on."""
        self.folder, self.floor = folder, floor
        self._now = now
        self._looked_at = float("-inf")
        self._room = True

    @classmethod
    def of(cls, settings: Settings) -> "Disk":
        """Return the disk of a store: that of SQLite's file. PostgreSQL's is not ours to see."""
        if settings.postgres_url is not None:
            return cls(Path(), 0)
        folder = settings.sqlite_path.parent
        return cls(folder, settings.disk_floor.bytes_of(shutil.disk_usage(folder).total))

    def free(self) -> int:
        """Return how many bytes are free. Raises OSError when the folder is gone."""
        return shutil.disk_usage(self.folder).free

    def has_room(self) -> bool:
        """Tell whether mail may be taken in. Cheap: the disk is looked at twice a second at most."""
        if not self.floor or self._now() - self._looked_at < LOOK_SECONDS:
            return self._room
        self._looked_at = self._now()
        try:
            free = self.free()
        except OSError:  # the store says what is wrong with it
            return self._room
        if (free >= self.floor) is not self._room:
            self._room = free >= self.floor
            say = log.warning if not self._room else log.info
            say("mail is accepted again" if self._room else "no mail is accepted: the disk is nearly full", free=free)
        return self._room
