"""What the rules look at: the words and the codes of a refusal, in one form."""

import re
from typing import NamedTuple

from carom.bounce.codes import find_command, find_reply, find_status, is_vague

MAX_TEXT = 2000

_ADDRESS = re.compile(r"<?[^\s<>@,;:\"'()\[\]]{1,128}@[a-z0-9][a-z0-9.-]{0,252}>?")


class Evidence(NamedTuple):
    """What the rules look at. ``text`` is in lower case, white space collapsed, each address written ``<@>``."""

    action: str = ""
    status: str | None = None
    reply: int | None = None
    command: str = ""
    text: str = ""

    @property
    def coded(self) -> bool:
        """Whether there is a code, an action or a command: rules without words look at nothing else."""
        return bool(self.status or self.reply or self.action or self.command)

    @property
    def temporary(self) -> bool:
        """Whether the codes say that a later try may work: class 4 of the status, else of the reply."""
        return self.status[0] == "4" if self.status else self.reply is not None and self.reply < 500


def weigh(
    *,
    reply: int | None = None,
    status: str | None = None,
    text: str = "",
    command: str | None = None,
    action: str | None = None,
    codes: str | None = None,
) -> Evidence:
    """Bring what is known into the form that the rules look at. ``codes`` is the text that holds the codes, where that
    is not all of the text."""
    told = text[:MAX_TEXT]
    coded = told if codes is None else codes[:MAX_TEXT]
    status = best_status(status, find_status(coded))
    if reply is None:
        reply = find_reply(coded)
    said = plain(told)
    return Evidence(action or "", status, reply, command.upper() if command else find_command(said), said)


def best_status(status: str | None, inner: str | None) -> str | None:
    """Return the enhanced code that counts: the text's, which is the remote's own, unless only Status says anything."""
    return status if inner is None or (is_vague(inner) and not is_vague(status)) else inner


def plain(text: str) -> str:
    """Write a text as rules see it: lower case, white space collapsed, addresses as ``<@>`` so that no local part
    matches a rule."""
    return " ".join([_ADDRESS.sub("<@>", word) if "@" in word else word for word in text.lower().split()])
