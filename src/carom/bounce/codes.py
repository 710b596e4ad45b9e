"""The codes in a text: SMTP replies (RFC 5321, 4.2) and enhanced status codes (RFC 3463)."""

import re

# Not followed or preceded by a dot or digit: an IP address is no code.
STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.]*\d)")
REPLY = re.compile(r"(?<![\d.:/_-])([245][0-5]\d)(?=[ \-:;\])'\",.#]|$)(?!\.\d)")


def find_status(text: str) -> str | None:
    """Return the first enhanced code of a text that says more than x.0.0, else the first."""
    first = None
    for match in STATUS.finditer(text):
        if match[2] != "0" or match[3] != "0":
            return match[0]
        first = first or match[0]
    return first


def find_reply(text: str) -> int | None:
    """Return the first SMTP reply code of a text."""
    match = REPLY.search(text)
    return int(match[1]) if match else None


def is_vague(status: str | None) -> bool:
    """Tell whether a status says no more than its class: x.0.0."""
    return status is None or status.endswith(".0.0")


def is_less_specific(status: str, other: str) -> bool:
    """Tell whether ``other`` says more than ``status`` within the same class: x.1.0 against x.1.1, x.0.0 against all."""
    kind, subject, detail = status.split(".")
    other_kind, other_subject, other_detail = other.split(".")
    if kind != other_kind or other_detail == "0":
        return False
    return (subject == "0" and detail == "0") or (detail == "0" and subject == other_subject)


# What mail systems write of the command that was refused: Postfix, Exim, qmail, Yahoo, sendmail, dma.
_COMMAND = re.compile(r"(end of data|\bdata\b|rcpt|mail from|helo|ehlo|initial connection|starttls|after i sent)", re.IGNORECASE)
_COMMANDS = {"mail from": "MAIL", "ehlo": "HELO", "initial connection": "CONNECT", "after i sent": "DATA", "end of data": "DATA"}


def find_command(text: str) -> str:
    """Return the SMTP command that a text says was refused, empty where it says none."""
    match = _COMMAND.search(text)
    return _COMMANDS.get(match[1].lower(), match[1].upper()) if match else ""
