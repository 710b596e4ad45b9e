"""Raw mails from where people keep them: files, folders, mbox, Maildir, standard input."""

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

STDIN = Path("-")
ONE_MAIL = frozenset({".eml", ".msg"})
"""Suffixes of files that hold one mail: a bounce often returns an mbox line in the middle of its text."""
_SEPARATOR = re.compile(rb"From \S+ .*\d\d:\d\d.*\d{4}\s*$")
_FIELD = re.compile(rb"[!-9;-~]+:|>?From ")


class Source(NamedTuple):
    """A mail: the file it is in, its number there if that is an mbox, and its bytes, or the error that kept it away."""

    file: Path
    number: int | None
    raw: bytes
    error: OSError | None = None


def files_of(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield the files that paths mean: of a Maildir those in cur and new, of another folder all, sorted by name."""
    for path in paths:
        if path == STDIN or not path.is_dir():
            yield path
        elif (path / "cur").is_dir() and (path / "new").is_dir():
            yield from sorted(file for place in ("cur", "new") for file in (path / place).iterdir() if file.is_file())
        else:
            yield from sorted(file for file in path.rglob("*") if file.is_file())


def mails_of(file: Path) -> Iterator[Source]:
    """Yield the mails of a file, one after the other without holding them all."""
    try:
        if file == STDIN:
            yield from _numbered(file, sys.stdin.buffer)
        else:
            with file.open("rb") as lines:
                yield from _numbered(file, lines)
    except OSError as e:
        yield Source(file, None, b"", e)


def _numbered(file: Path, lines: Iterable[bytes]) -> Iterator[Source]:
    """Yield the mails of an mbox, numbered from 0; a file that holds a single one is no mbox."""
    first: bytes | None = None
    index = 0
    for index, raw in enumerate([b"".join(lines)] if file.suffix.lower() in ONE_MAIL else _split(lines)):
        if index == 1:
            yield Source(file, 0, first or b"")
        if index > 0:
            yield Source(file, index, raw)
        else:
            first = raw
    if index == 0:
        yield Source(file, None, first or b"")


def _split(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Split an mbox (RFC 4155) where a ``From `` line with a date follows an empty line and a header field follows it.

    A file that begins otherwise is one mail, whatever stands in it.
    """
    kept: list[bytes] = []
    is_mbox = False
    for line in lines:
        if not kept:
            is_mbox = bool(_SEPARATOR.match(line))
        elif is_mbox and len(kept) > 2 and _SEPARATOR.match(kept[-1]) and not kept[-2].strip() and _FIELD.match(line):
            separator = kept.pop()
            yield b"".join(kept)
            kept = [separator]
        kept.append(line)
    yield b"".join(kept)
