"""The remote host in a text: where a mail system says which host refused."""

import re

_HOST = r"([A-Za-z0-9][\w-]*(?:\.[\w-]+)+)"
# The words before the host: Exim and Postfix, qmail, sendmail, Google, and the rest.
_AFTER = re.compile(
    rf"(?:\bhost:?\s+|remote host\s+|while talking to\s+|connected to\s+|server <|\bby\s+(?=\S+\.\s\[)){_HOST}",
    re.IGNORECASE,
)
_WORDS = ("host", "talking to", "onnected to", "erver <", " by ")
# The words behind it: dma, qmail.
_PHRASES = ("did not like our", "does not like recipient", "failed after I sent")
_BEFORE = re.compile(rf"{_HOST}\s(?:\[[\d.a-fA-F:]+\]\s)?$")


def find_remote(text: str) -> str | None:
    """Return the remote host that a text names as the one that refused."""
    for phrase in _PHRASES:
        at = text.find(phrase)
        if at > 0 and (match := _BEFORE.search(text[max(0, at - 200) : at])):
            return match[1]
    match = _AFTER.search(text) if any(word in text for word in _WORDS) else None
    return match[1].rstrip(".") if match else None
