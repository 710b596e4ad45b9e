"""What remotes have taken and the store does not know yet, in a file of the data folder: a process that dies in between is
started again and does not send it twice.

A line is written when the 250 is read, before anything else is done, and not synced: what the system has it keeps when the
process dies. Only a machine that stops takes the last lines with it, and then those mails are sent again.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec
import structlog
from msgspec import Struct

from carom.server.pipeline.jobs import Settle
from carom.server.store.queue import Claim

NAME = "journal"
LONGEST = 1_000_000
"""Octets after which the file is written anew with what is still open."""

log = structlog.get_logger("carom.worker")


class Noted(Struct, frozen=True):
    """A mail that a remote took, with the claim under which it was sent."""

    claim: Claim
    fact: Settle


_encode = msgspec.json.Encoder().encode
_decoder = msgspec.json.Decoder(Noted)


class Journal:
    """A journal; without a path it keeps nothing. One process has a file at a time: whoever opens it sees to that."""

    def __init__(self, path: Path | None = None) -> None:
        """Open it, with what the process before has left."""
        self._path = path
        self._file = None if path is None else _opened(path)
        self._size = 0
        self._open: dict[int, bytes] = {}

    def note(self, claim: Claim, fact: Settle) -> None:
        """Write down that a remote took a mail."""
        if self._file is None:
            return
        line = b"\n" + _encode(Noted(claim, fact))  # in front, so that a line that was torn spoils no other
        self._open[claim.id] = line
        self._write(line)
        if self._size > LONGEST:
            self._begin_anew()

    def forget(self, recipient_id: int) -> None:
        """Hear that the store knows."""
        self._open.pop(recipient_id, None)

    def left(self) -> Iterator[Noted]:
        """Yield what the file holds. A line that is no whole one is passed over."""
        if self._path is None:
            return
        for line in self._path.read_bytes().split(b"\n"):
            try:
                yield _decoder.decode(line)
            except msgspec.DecodeError:
                continue

    def clear(self) -> None:
        """Begin with nothing: what was left is recorded."""
        if self._file is not None:
            os.ftruncate(self._file, 0)
            self._size = 0

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _write(self, line: bytes) -> None:
        assert self._file is not None
        try:
            self._size += os.write(self._file, line)
        except OSError:  # the disk is full, most likely: a mail may be sent twice then, and none is lost
            log.warning("the journal cannot be written", exc_info=True)

    def _begin_anew(self) -> None:
        """Write the file anew, beside the old one, which stands until it is whole."""
        assert self._path is not None
        assert self._file is not None
        fresh = self._path.with_suffix(".new")
        try:
            fresh.write_bytes(b"".join(self._open.values()))
            fresh.replace(self._path)
            old, self._file = self._file, _opened(self._path)
            os.close(old)
        except OSError:
            log.warning("the journal cannot be written anew", exc_info=True)
        self._size = 0


def _opened(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
