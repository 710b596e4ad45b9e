"""What became of one try to hand a mail to another system, as a value."""

import re
from typing import Literal

from msgspec import Struct

Outcome = Literal["accepted", "refused", "deferred"]
Phase = Literal["connect", "greeting", "ehlo", "tls", "auth", "mail", "rcpt", "data", "message"]

BEFORE_MAIL: frozenset[Phase] = frozenset({"connect", "greeting", "ehlo", "tls", "auth"})
"""What goes wrong there is the host's: it says nothing about the recipient, and another host may do."""

LONGEST_TEXT = 2048
LONGEST_TRANSCRIPT = 16 * 1024

_STATUS = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?=\s|$)\s*")
_INVISIBLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


class Reply(Struct, frozen=True):
    """An SMTP reply. ``text`` is one line without codes, control characters as escapes, cut at 2,048 characters;
    ``status`` is the enhanced code (RFC 3463), None where there is none of the same class."""

    code: int
    status: str | None
    text: str

    def __str__(self) -> str:
        """Return the reply as one line: ``550 5.1.1 User unknown``."""
        return " ".join(part for part in (str(self.code), self.status, self.text) if part)


class Attempt(Struct, frozen=True, kw_only=True):
    """One try. ``phase`` is how far it came: what the reply answered, or where the connection broke.

    ``error`` tells in words of connection trouble, and ``reply`` is None then. After ``message`` without a reply the
    mail may have arrived all the same. ``transcript`` is the dialogue without the mail's content and without passwords.
    ``tls`` names version and cipher and says whether the certificate was verified; None in clear.
    """

    outcome: Outcome
    phase: Phase
    reply: Reply | None
    error: str | None
    remote_name: str | None
    remote_ip: str | None
    transcript: str
    tls: str | None = None


def read_reply(code: int, lines: str) -> Reply:
    """Read a reply whose lines have lost their codes."""
    status: str | None = None
    texts: list[str] = []
    for line in lines[: 2 * LONGEST_TEXT].split("\n"):
        match = _STATUS.match(line)
        if match and match[1][0] == str(code)[0]:
            status = status or match[1]
            line = line[match.end() :]  # noqa: PLW2901  each line repeats the status
        texts.append(line.strip())
    return Reply(code, status, visible(" ".join(text for text in texts if text))[:LONGEST_TEXT])


def visible(text: str) -> str:
    """Show control characters and broken ones as escapes."""
    return _INVISIBLE.sub(lambda match: ascii(match.group())[1:-1], text)
