"""The remote host in a text: who refused, or could not be reached. Systems differ in their words, not in their grammar: a
host stands behind words for the other end, before what it said, or with its address in brackets.
"""

import re
from collections.abc import Iterator

from carom.bounce.text import Told

_ADDRESS = r"[\[(](?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F:]{3,45})(?::\d+)?[\])]"
# A word that is a host: in brackets or quotes, its address behind it, punctuation at its end.
_HOST = re.compile(
    rf"""(?P<open>[<(\["']*)(?P<name>\d{{1,3}}(?:\.\d{{1,3}}){{3}}|[A-Za-z0-9][\w-]{{0,62}}(?:\.[\w-]{{1,63}}){{0,9}}\.[A-Za-z][\w-]{{0,62}})
    (?P<rest>[\])>"':;,.]{{0,4}}|(?P<address>{_ADDRESS}).{{0,40}}|\[[^\]]{{1,60}}\].{{0,9}})""",
    re.VERBOSE,
)
_OTHER_END = r"(?:remote|recipient|destination|receiving|target)(?:[ -](?:e-?)?(?:mail|smtp))?[ -](?:server|system|mta)(?: name)?"
# What stands before a host that is the other end. "At host" is the reporter itself, a client or your host the sender; a
# label stands alone, as "generating server:" is the reporter too.
_BEFORE = re.compile(
    rf"""(?:(?<![\w.-])(?:
      (?<!\bat\ )(?<!client\ )(?<!sending\ )(?<!your\ )host(?:\ name)?:?
      | talking\ to | connected\ to | connect(?:ion)?\ (?:to|with) | conversation\ with | timed\ out\ with | refused\ by | reset\ by
      | transferring\ to | mail\ exchanger:? | {_OTHER_END}(?:\s?[:;(])?(?:\s?dns;)?
      ) | (?:^|[^\sa-z]\S*\ )(?:mail\ )?(?<!name\ )(?<!dns\ )(?:server|relay|mx):
    )\Z""",
    re.VERBOSE,
)
# What a host does, some in other languages than English.
_SPEAKS = re.compile(
    r"""(?:said|says|replied|responded|answered|reports|rejected|returned|gave\ this\ error|did\ not\ like|does\ not\ like|failed\ after
    |a\ répondu|a\ retourné|antwortete|meldete|respondió|ha\ risposto|respondeu|antwoordde|svarade|odpowiedział|odpověděl|ответил)\b""",
    re.VERBOSE,
)
_DOT, _SPACE = re.compile(r"\.\w"), re.compile(r"\s")
_IN_BRACKETS = re.compile(_ADDRESS)
_CODE = re.compile(r"[245]\d\d\b|[245]\.\d{1,3}\.\d{1,3}\Z")
# Whose host is no other end: of these words one stands before it.
_NO_PEER = frozenset({"from", "client", "sending", "your", "connecting", "helo", "ehlo", "ip", "of"})


def find_remote(text: str) -> str | None:
    """Return the remote host that a text names first."""
    return next((name for _, name in _hosts(text)), None)


def find_remote_of(told: Told, recipient: str | None, *, alone: bool) -> str | None:
    """Return the remote host of one recipient in all of a text: in a transcript the last that was talked to before the
    recipient is named to it; else, of a recipient that is ``alone``, the only one named."""
    at = told.lowered.rfind(f"to:<{recipient}>".lower())
    if at >= 0:
        before = [name for place, name in _hosts(told.text) if place < at]
        return before[-1] if before else None
    hosts = {name.lower(): name for _, name in _hosts(told.text)} if alone else {}
    return next(iter(hosts.values())) if len(hosts) == 1 else None


def _hosts(text: str) -> Iterator[tuple[int, str]]:
    """Yield the hosts that a text shows to be the other end, with their places in it. Only words with a dot in them are
    looked at."""
    end = 0
    while dot := _DOT.search(text, end):
        at = dot.start()
        start = 1 + max(text.rfind(" ", end, at), text.rfind("\n", end, at), text.rfind("\t", end, at)) or end
        end = found.start() if (found := _SPACE.search(text, dot.end())) else len(text)
        host = _HOST.fullmatch(text, start, end)
        if host and _is_peer(host, text[max(0, start - 80) : start].split()[-4:], text[end : end + 80].split()[:4]):
            yield start, host["name"]


def _is_peer(host: re.Match[str], before: list[str], behind: list[str]) -> bool:
    """Tell whether the words around a host show that it is the other end."""
    said = " ".join(before).lower()
    if _BEFORE.search(said):
        return True
    if _NO_PEER.intersection(said.split()[-3:]):
        return False
    addressed = bool(host["address"]) or bool(behind and _IN_BRACKETS.match(behind[0]))
    if addressed and host["open"] != "[":
        return True
    if before[-1:] == ["220"] and said.startswith(("<-- 220", "<<< 220"), said.find("<")):
        return True  # its greeting, in a transcript
    last, following = (before or [""])[-1], " ".join(behind).lower()
    if host["open"].startswith("(") and host["rest"].startswith(")"):
        return bool(_CODE.match(last))  # KumoMTA and PowerMTA put it between the code and the words
    if "@" in last and following.startswith(("#", "remote server")):
        return True  # Exchange writes the recipient, the host in a line of its own, and what it said
    if ")" in (host["rest"] or ""):
        return False
    return bool(_SPEAKS.match(following) or (host["rest"].endswith(":") and _CODE.match(following)))
