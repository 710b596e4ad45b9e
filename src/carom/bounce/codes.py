"""The codes in a text: SMTP replies (RFC 5321, 4.2) and enhanced status codes (RFC 3463)."""

import re

# Not followed or preceded by a dot or digit: an IP address is no code.
# What may not stand before a digit is asked behind it: a pattern that begins with a digit is searched for much faster.
STATUS = re.compile(r"([245])(?<![\d.].)\.(\d{1,3})\.(\d{1,3})(?![\d.]*\d)")
REPLY = re.compile(r"([245](?<![\d./_-].)(?<![0-9a-fA-F]:.)[0-5]\d)(?=[ \-:;\])'\",.#]|$)(?!\.\d)")


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


_REPLIED = re.compile(r"[45](?<![\d./_-].)(?<![0-9a-fA-F]:.)[0-5]\d[ -]")


def from_reply(text: str) -> str:
    """Return a text from its first refusal on: what the remote said, without the words that the reporter puts before."""
    match = _REPLIED.search(text)
    return text[match.start() :] if match else text


def is_vague(status: str | None) -> bool:
    """Tell whether a status says no more than its class: x.0.0."""
    return status is None or status.endswith(".0.0")


# What mail systems write of the command that was refused: Postfix, Exim, sendmail, Yahoo and others; then qmail.
_COMMAND = re.compile(
    r"""(?:in\ reply\ to|after|following|>>>|<<<|our|smtp:|\[|smtp\ command\W+
        |for(?=\ (?:rcpt\ to|mail\ from|data|helo|ehlo)\ command))\s*
        (?:final\ |end\ of\ |the\ )?(data|mail\ from|rcpt|helo|ehlo|initial\ connection)\b""",
    re.VERBOSE,
)
_COMMANDS = {
    "rcpt": "RCPT",
    "data": "DATA",
    "mail from": "MAIL",
    "helo": "HELO",
    "ehlo": "HELO",
    "initial connection": "CONNECT",
}
_PHRASES = {
    "does not like recipient": "RCPT",
    "sender was rejected": "MAIL",
    "after i sent the message": "DATA",
    "rcpt_to": "RCPT",
}


def find_command(text: str) -> str:
    """Return the SMTP command that a text in lower case says was refused, empty where it says none."""
    if any(map(text.__contains__, _COMMANDS)) and (match := _COMMAND.search(text)):
        return _COMMANDS[match[1]]
    return next((command for phrase, command in _PHRASES.items() if phrase in text), "")
