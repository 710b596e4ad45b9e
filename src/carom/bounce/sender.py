"""Who wrote a mail: a mail system, a program in a person's name, a list, or a person."""

import re
from typing import NamedTuple

from carom.bounce.mime import Headers, subject_of
from carom.bounce.telling import subject_tells_failure, tells_failure
from carom.bounce.text import Told

_DAEMON = re.compile(
    r"""mail(?:er)?[-_ ]?daemon | mail[ .-]*(?:deliver[a-z]*|system|administrator) | mdaemon | post[ _]?master | post_office
    | delivery[ .-]*(?:system|subsystem|agent|service) | (?:^|<)\s*>?$ | ^"?system\ administrator | mail_service | mailserver
    | antivirus | imss@ | staff@hotmail | mailadmin | sysadmin | ^"?<?bounces?@""",
    re.IGNORECASE | re.VERBOSE,
)
_OFTEN = ("mailer-daemon", "postmaster", "mail delivery")
# How mail systems begin, whoever their From says they are.
_OPENING = re.compile(
    r"""\A\W*(?:
      this\ (?:message\ was\ created\ automatically|is\ (?:the\ mail\ (?:system|delivery)|a\ (?:delivery|permanent)|an\ automatically\ generated\ delivery))
      | hi\.\ this\ is\ the | message\ from | you\ are\ not\ allowed\ to\ post | (?:we're\ |i'm\ )?sorry | hi!\s+this\ is\ the | the\ original\ message\ was\ received | delivery\ (?:has\ failed|to\ the\ following)
      | (?:your|the|a)\ (?:\w+\ ){0,4}(?:message|e-?mail|mail)\b(?:[^.]|\.\w){0,80}(?:not\ (?:be\ )?delivered|undeliverable|did\ not\ reach|failed|rejected)
      | (?:unable|failed|error)\ (?:to\ )?deliver | undeliverable | message\ could\ not\ be | could\ not\ deliver | -+\s*(?:the\ following|transcript|failed\ rec|failure\ rea)
    )""",
    re.IGNORECASE | re.VERBOSE,
)
# The addresses that lists take bounces and orders at.
_LIST_STAFF = re.compile(r"bounces?\b|-(?:admin|owner|request|errors?)@", re.IGNORECASE)
# Answers, forwards and automatic answers quote the subject of what they answer, some behind the number of a ticket.
_ANSWER = re.compile(
    r"""^\s*(?:\[[^\]]{0,60}\]\s*)?(?:(?:accepted|declined|tentative(?:ly\ accepted)?|invitation|updated\ invitation)\s?: | (?:re|fwd?|aw|wg|tr|rv|sv|vs|antw|rif|res|odp|ynt|回复|答复|转发)\s*(?:\[\d+\])?\s?[:：] | auto(?:matic)?[ -]?(?:reply|response|answer)?\ ?:
    | automatische?\ antwort | out\ of\ (?:the\ )?office | abwesen | r[eé]ponse\ automatique | respuesta\ autom | risposta\ autom | resposta\ autom
    | automatisch | autosvar | automatisk | automatyczna | автоответ | 自動応答 | 自动回复)""",
    re.IGNORECASE | re.VERBOSE,
)


_LIST = ("list-id", "list-post", "list-unsubscribe", "list-unsubscribe-post", "x-list-administrivia")
_LIST_WORDS = b"list-"


def _names_daemon(value: str) -> bool:
    """Tell whether a From or a path is a mail system's. What most of them say is looked for first, as it is quickly found."""
    lowered = value.lower()
    return any(map(lowered.__contains__, _OFTEN)) or bool(_DAEMON.search(value))


def is_daemon_named(headers: Headers) -> bool:
    """Tell whether the From itself is a mail system's, not only its null return path."""
    return "x-failed-recipients" in headers or _names_daemon(headers.get("from", "?"))


def is_daemon(headers: Headers) -> bool:
    """Tell whether a mail system wrote: null return path, a daemon's From, or a mark that only mail systems set."""
    return (
        headers.get("return-path", "?").strip() in {"<>", ""}
        or "x-failed-recipients" in headers
        or _names_daemon(headers.get("from", "?"))
        or _names_daemon(headers.get("return-path", "?"))
    )


def says_failure(headers: Headers) -> bool:
    """Tell whether the subject speaks of a failed delivery and is no answer or forward."""
    subject = subject_of(headers)
    return subject_tells_failure(subject) and not _ANSWER.match(subject)


def takes_answers(headers: Headers) -> bool:
    """Tell whether the return path is a person's or a program's that may be written to, as those of people, shops and
    trackers are: what reports a failure has a null one or a daemon's (RFC 5321, 4.5.5), a list its own."""
    path = headers.get("return-path", "").strip()
    return path not in {"<>", ""} and not _names_daemon(path) and not _LIST_STAFF.search(path)


class Voice(NamedTuple):
    """How a mail presents itself: ``daemon`` by its From, ``opens`` by the opening of its text, ``system`` by either or
    by a subject that speaks of failure where the return path takes no answers, ``fails`` where a system's text tells
    that mail was not delivered."""

    daemon: bool
    opens: bool
    system: bool
    fails: bool


def voice_of(headers: Headers, told: Told) -> Voice:
    """Tell how a mail presents itself."""
    daemon, opens = is_daemon_named(headers), bool(_OPENING.match(told.text))
    system = daemon or opens or (says_failure(headers) and not takes_answers(headers))
    return Voice(daemon, opens, system, fails=(system or is_daemon(headers)) and tells_failure(told.lowered))


def is_answer(headers: Headers) -> bool:
    """Tell whether the subject says answer or forward."""
    return bool(_ANSWER.match(subject_of(headers)))


def is_list(headers: Headers) -> bool:
    """Tell whether the mail came from a mailing list or as a newsletter."""
    listed = headers.holds(_LIST_WORDS) and any(name in headers for name in _LIST)
    return listed or headers.get("precedence", "").strip().lower() == "list"
