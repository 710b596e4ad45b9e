"""What somebody wrote above the mail that they answer."""

import re

from mailparser_reply import EmailReplyParser

# The library's patterns take quadratic time for long lines and for many empty ones, so it sees neither; what a person
# writes above a quotation is short.
_MAX_TEXT = 16 * 1024
_MAX_LINE = 400
_EMPTY_LINES = re.compile(r"\n{3,}")
_STAND_IN = re.compile("\ue000([0-9]+)\ue001")

_parser = EmailReplyParser(languages=["en"])


def stripped_reply(text: str) -> str:
    """Return the text above the quotation, with its signature, without quoted lines; empty where all is quoted."""
    long: list[str] = []

    def shortened(line: str) -> str:
        if len(line) <= _MAX_LINE:
            return line
        long.append(line)
        return f"\ue000{len(long) - 1}\ue001"

    cleaned = text[:_MAX_TEXT].replace("\ue000", "").replace("\ue001", "")
    lines = [shortened(line.strip()) for line in cleaned.splitlines()]
    read = _parser.read(_EMPTY_LINES.sub("\n\n", "\n".join(lines)).strip())
    latest = next((reply for reply in read.replies if not reply.headers), None)
    kept = "" if latest is None else latest.full_body
    own = "\n".join(line for line in kept.split("\n") if not line.startswith(">")).strip()
    return _STAND_IN.sub(lambda number: long[int(number[1])], own)
