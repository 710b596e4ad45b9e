"""The remote host in a text: who refused, or could not be reached. Systems differ in their words, not in their grammar: a
host stands behind words for the other end, before what it said, or with its address in brackets.
"""

import re
from collections.abc import Iterator

_NAME = r"(?:\d{1,3}(?:\.\d{1,3}){3}|[a-z0-9][\w-]{0,62}(?:\.[\w-]{1,63}){0,9}\.[a-z][\w-]{0,62})"
_HOST = re.compile(_NAME, re.IGNORECASE)
# Words before a host. "At host" is the reporter itself, a client's or your host is the sender.
_AFTER = re.compile(
    rf"""(?:(?<!at\ )(?<!client\ )(?<!sending\ )(?<!your\ )\bhost(?:\ name)?:?\s+
      | \btalking\ to\s+ | \bconnected\ to\s+ | \bconnect(?:ion)?\ (?:to|with)\s+(?:smtp\ host\s+)? | \bconversation\ with\s+
      | \btimed\ out\ with\s+ | \brefused\ by\s+ | \breset\ by\s+ | \btransferring\ to\s+ | \bmail\ exchanger:?\s+ | \bserver\ <
      | \b(?:remote|recipient|destination|receiving|target)[-\ ](?:e?-?mail[-\ ])?(?:server|system|mta)(?:\ name)?\s*[:;(]?\s*(?:dns;\s?)?
      | ^[ \t]*(?:mail\ )?(?:server|relay|mx):[ \t]+ | \bby\s+(?=\S+\.\s\[)
    )[\[<("']?({_NAME})""",
    re.IGNORECASE | re.MULTILINE | re.VERBOSE,
)
_AFTER_WORDS = (
    "host",
    "talking to",
    "onnect",
    "onversation",
    "timed out with",
    " by ",
    "transferring",
    "exchanger",
    "erver",
    "ystem",
    "MTA",
    "elay:",
    "MX:",
)
# Words behind a host, some in other languages than English.
_SPEAKS = re.compile(
    r"\s(?:said|says|replied|responded|answered|reports|did not like|does not like|failed after|rejected|returned|gave this error"
    r"|a répondu|a retourné|antwortete|meldete?|respondió|ha risposto|respondeu|antwoordde|svarade|odpowiedział|ответил)\b"
)
_REPLY = re.compile(r":\s(?=[245]\d\d[ -])")
# An address in brackets behind a host is its own, if it does not say whose client that was.
_ADDRESS = re.compile(r"\s?[\[(](?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F:]{3,45})[\])]")
_CLIENT = frozenset({"from", "client", "sending", "your", "connecting", "helo", "ehlo", "ip"})
# Exchange writes the recipient, the host in a line of its own, and what it said.
_BELOW_RECIPIENT = re.compile(rf"@\S{{1,254}}\s+({_NAME})\s+(?:\#|remote server)", re.IGNORECASE)
# KumoMTA and PowerMTA put it between the code and the words.
_BEHIND_CODE = re.compile(rf"\b[245]\d\d\s(?:\d\.\d{{1,3}}\.\d{{1,3}}\s)?\(({_NAME})\)", re.IGNORECASE)


def find_remote(text: str) -> str | None:
    """Return the remote host that a text names first."""
    found = min(_hosts(text), default=None)
    return found[1] if found else None


def find_remote_of(text: str, recipient: str | None, *, alone: bool) -> str | None:
    """Return the remote host of one recipient in all of a text: in a transcript the last that was talked to before the
    recipient is named to it; else, of a recipient that is ``alone``, the only one named."""
    at = text.lower().rfind(f"rcpt to:<{recipient.lower()}>") if recipient else -1
    hosts = sorted(_hosts(text))
    if at >= 0:
        before = [host for start, host in hosts if start < at]
        return before[-1] if before else None
    return hosts[0][1] if alone and len({host.lower() for _, host in hosts}) == 1 else None


def _hosts(text: str) -> Iterator[tuple[int, str]]:
    """Yield the hosts that a text shows to be the other end, each with its place, in no order."""
    if any(word in text for word in _AFTER_WORDS):
        yield from ((match.start(1), match[1]) for match in _AFTER.finditer(text))
    for form in (_SPEAKS, _REPLY, _ADDRESS):
        for match in form.finditer(text):
            start = max(0, match.start() - 300)
            *before, name = ["", *_ADDRESS.sub("", text[start : match.start()]).split()[-3:]]
            host = _HOST.fullmatch(_bare(name))
            if host and not _CLIENT.intersection(word.lower() for word in before):
                yield match.start(), host[0]
    for form in (_BELOW_RECIPIENT, _BEHIND_CODE):
        yield from ((match.start(1), match[1]) for match in form.finditer(text))


def _bare(name: str) -> str:
    """Cut what stands around a host: brackets, and its address behind it."""
    name = name.lstrip("<([\"'").partition("[")[0].partition("(")[0]
    return name.rstrip(">]\"':.,")
