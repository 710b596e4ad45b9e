"""The codes in a text: SMTP replies (RFC 5321, 4.2) and enhanced status codes (RFC 3463)."""

import re

# Not followed or preceded by a dot or digit: an IP address is no code.
STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.]*\d)")
REPLY = re.compile(r"(?<![\d.:/_-])([245][0-5]\d)(?=[ \-:;\])'\",.#]|$)(?!\.\d)")


def find_status(text: str) -> str | None:
    """Return the enhanced code of a text that says most: the first whose detail is not 0, else the first whose subject
    is not 0, else the first. Some systems wrap the remote's code in a vague one of their own (5.1.0, 5.5.0)."""
    best, weight = None, -1
    for match in STATUS.finditer(text):
        says = 2 if match[3] != "0" else 1 if match[2] != "0" else 0
        if says == 2:
            return match[0]
        if says > weight:
            best, weight = match[0], says
    return best


def find_reply(text: str) -> int | None:
    """Return the first SMTP reply code of a text."""
    match = REPLY.search(text)
    return int(match[1]) if match else None


def is_vague(status: str | None) -> bool:
    """Tell whether a status says no more than its class: x.0.0."""
    return status is None or status.endswith(".0.0")


# What mail systems write of the command that was refused: Postfix, Exim, qmail, Yahoo, sendmail, dma.
_COMMAND = re.compile(r"(end of data|\bdata\b|rcpt|mail from|\bhelo\b|\behlo\b|initial connection|after i sent|final data)", re.IGNORECASE)
_COMMANDS = {"mail from": "MAIL", "ehlo": "HELO", "initial connection": "CONNECT", "after i sent": "DATA", "end of data": "DATA", "final data": "DATA"}


def find_command(text: str) -> str:
    """Return the SMTP command that a text says was refused, empty where it says none."""
    match = _COMMAND.search(text)
    return _COMMANDS.get(match[1].lower(), match[1].upper()) if match else ""
