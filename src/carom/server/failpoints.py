"""Named places where a process can be made to die, as a power cut would have it: for tests of what is lost by that.

``CAROM_FAILPOINT=deliver.after-250:3`` kills the process with SIGKILL when it comes to that place for the third time.
Without the variable a place costs the call of an empty function.
"""

import itertools
import os
import signal
from collections.abc import Callable
from typing import Final

from carom.server.config import BadSetting

VARIABLE: Final = "CAROM_FAILPOINT"

POINTS: Final = {
    "accept.before-commit": "accepted mail is written, and its transaction is still open",
    "accept.after-commit": "accepted mail is durable, and nobody has been told",
    "claim.after-commit": "work is leased, and nothing of it is begun",
    "deliver.before-connect": "a mail is put together, and the remote knows nothing of it",
    "deliver.after-250": "the remote has taken a mail, and the store does not know",
    "settle.before-commit": "what became of a mail is written, and its transaction is still open",
    "settle.after-commit": "what became of a mail is durable, and the worker goes on",
    "receive.after-commit": "a mail from outside is durable, and its sender has no 250 yet",
    "digest.before-settle": "a mail that came home is understood, and nothing of that is written",
    "digest.before-commit": "what a mail that came home means is written, and its transaction is still open",
    "post.after-answer": "a hook has answered, and the store does not know",
}
"""The places, and how far things are there."""


_with_it: list[int] = []


def die_with(process: int) -> None:
    """Have another process die too at a place of this one: they are one server."""
    _with_it.append(process)


def _pass(point: str) -> None:
    """Go on: no place is armed."""


def _armed(spec: str) -> Callable[[str], None]:
    armed, _, text = spec.partition(":")
    times = int(text) if text.isdigit() else 1
    passes = itertools.count(1)  # threads pass too, and next() is one step to them all

    def failpoint(point: str) -> None:
        if point == armed and next(passes) == times:
            for process in (*_with_it, os.getpid()):
                os.kill(process, signal.SIGKILL)

    return failpoint


def check_failpoint() -> None:
    """Raise BadSetting where the variable names no place that there is: a test would pass by never dying."""
    spec = os.environ.get(VARIABLE, "")
    name, _, times = spec.partition(":")
    if spec and (name not in POINTS or (times and not (times.isdigit() and int(times) > 0))):
        raise BadSetting(f"{VARIABLE}={spec} names no place; write PLACE or PLACE:TIMES, of {', '.join(POINTS)}")


failpoint: Callable[[str], None] = _armed(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else _pass
