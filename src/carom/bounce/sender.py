"""Who wrote a mail: a mail system, a program in a person's name, a list, or a person."""

import re
from typing import NamedTuple

from carom.bounce.mime import Headers, decode_words

_DAEMON = re.compile(
    r"""mail(?:er)?[-_ ]?daemon | mail[ .-]*(?:deliver[a-z]*|system|administrator) | mdaemon | post[ _]?master | post_office
    | delivery[ .-]*(?:system|subsystem|agent|service) | (?:^|<)\s*>?$ | ^"?system\ administrator | mail_service | mailserver
    | antivirus | imss@ | staff@hotmail | mailadmin | sysadmin | ^"?<?bounces?@""",
    re.IGNORECASE | re.VERBOSE,
)
FAILURE_SUBJECT = re.compile(
    r"""undeliver(?:ed|able) | non-?deliver | returned\ (?:mail|to\ sender) | return(?:ing|ed)\ (?:message\ )?to\ sender
    | fail(?:ure|ed)\ (?:notice|delivery|notification) | deliver\w*\ (?:status|fail|problem|error|report|notification|has\ failed|delayed)
    | mail\ (?:failed|failure|system\ error|error|delivery) | (?:not|cannot|n't|never)\ (?:be\ )?(?:delivered|sent) | (?:not|un)\ ?(?:be\ )?able\ to\ deliver
    | could\ not\ (?:be\ )?(?:deliver|send) | \[bounce\] | bounce\ notification | bounced | error\ sending\ your\ mail | user\ unknown | unknown\ user
    | processing\ error | rejected | message\ (?:status|delayed|delivery|not\ sent) | warning:\ | are\ not\ member | delivery\ temporarily
    | unzustellbar | nicht\ (?:zugestellt|zustellbar) | zustell\w*\ ?fehl | non\ remis | n'a\ pas\ (?:pu|été) | échec | onbestelbaar | não\ entreg | falha\ na
    | no\ se\ (?:puede|pudo)\ entregar | no\ entregad | mancat[oa]\ (?:recapito|consegna) | 送信でき | エラー | 不達 | 失败 | 失敗 | 退信 | не\ (?:доставлен|может)
    | недоставлен | olevererbar | kunne\ ikke | kan\ ikke | nie\ dostarczon""",
    re.IGNORECASE | re.VERBOSE,
)
# How mail systems begin, whoever their From says they are.
_OPENING = re.compile(
    r"""\A\W*(?:
      this\ (?:message\ was\ created\ automatically|is\ (?:the\ mail\ (?:system|delivery)|a\ (?:delivery|permanent)|an\ automatically\ generated\ delivery))
      | hi\.\ this\ is\ the | message\ from | (?:we're\ |i'm\ )?sorry | hi!\s+this\ is\ the | the\ original\ message\ was\ received | delivery\ (?:has\ failed|to\ the\ following)
      | (?:your|the|a)\ (?:\w+\ ){0,4}(?:message|e-?mail|mail)\b[^.]{0,80}(?:not\ (?:be\ )?delivered|undeliverable|did\ not\ reach|failed|rejected)
      | (?:unable|failed|error)\ (?:to\ )?deliver | undeliverable | message\ could\ not\ be | could\ not\ deliver | -+\s*(?:the\ following|transcript|failed\ rec|failure\ rea)
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_SUCCESS = (
    "successful delivery",
    "successful mail delivery",
    "delivery status notification (relay",
    "delivery status notification (success",
    "delivery status notification (expand",
    "successfully delivered",
    "successfully relayed",
    "delivered successfully",
    "confirmation of delivery",
    "was delivered to the",
    "was relayed to the",
    "been delivered to the",
    "been relayed to the",
)
_NEGATED = re.compile(r"(?:\bnot|n't|\bnever|\bcannot|\bunable|\bfailed)\b[^.]{0,40}(?:deliver|relay)")
_SUCCESS_SUBJECT = ("delivered: ", "relayed: ", "expanded: ")
_ANSWER = re.compile(r"^\s*(?:re|fwd?|aw|wg|tr|rv|sv|vs|antw)\s*(?:\[\d+\])?:", re.IGNORECASE)


def is_daemon_named(headers: Headers) -> bool:
    """Tell whether the From itself is a mail system's, not only its null return path."""
    return "x-failed-recipients" in headers or bool(_DAEMON.search(headers.get("from", "?")))


def is_daemon(headers: Headers) -> bool:
    """Tell whether a mail system wrote: null return path, a daemon's From, or a mark that only mail systems set."""
    return (
        headers.get("return-path", "?").strip() in {"<>", ""}
        or "x-failed-recipients" in headers
        or bool(_DAEMON.search(headers.get("from", "?")))
        or bool(_DAEMON.search(headers.get("return-path", "?")))
    )


def says_failure(headers: Headers) -> bool:
    """Tell whether the subject speaks of a failed delivery and is no answer or forward."""
    subject = decode_words(headers.get("subject", ""))
    return bool(FAILURE_SUBJECT.search(subject)) and not _ANSWER.match(subject)


class Voice(NamedTuple):
    """How a mail presents itself: ``daemon`` by its From, ``opens`` by the opening of its text, ``system`` by either or
    by a subject that speaks of failure."""

    daemon: bool
    opens: bool
    system: bool


def voice_of(headers: Headers, text: str) -> Voice:
    """Tell how a mail presents itself."""
    daemon, opens = is_daemon_named(headers), opens_as_bounce(text)
    return Voice(daemon, opens, daemon or opens or says_failure(headers))


def opens_as_bounce(text: str) -> bool:
    """Tell whether a text begins as those of mail systems do."""
    return bool(_OPENING.match(text))


def says_success(headers: Headers, text: str) -> bool:
    """Tell whether a mail system reports that the mail was delivered or passed on."""
    subject = decode_words(headers.get("subject", "")).lower()
    said = f"{subject} {text[:2000].lower()}"
    if subject.startswith(_SUCCESS_SUBJECT):
        return True
    return any(phrase in said for phrase in _SUCCESS) and not _NEGATED.search(said)


def is_answer(headers: Headers) -> bool:
    """Tell whether the subject says answer or forward."""
    return bool(_ANSWER.match(decode_words(headers.get("subject", ""))))


def is_list(headers: Headers) -> bool:
    """Tell whether the mail came from a mailing list or as a newsletter."""
    return "list-id" in headers or "list-post" in headers or headers.get("precedence", "").strip().lower() == "list"
