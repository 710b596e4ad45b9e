"""Who wrote a mail: a mail system, a program in a person's name, a list, or a person."""

import re

from carom.bounce.mime import Headers, decode_words

_DAEMON = re.compile(
    r"""mailer-?daemon | mail[ .-]*(?:delivery|system) | mdaemon | postmaster | delivery[ .-]*(?:system|subsystem|agent|service)
    | (?:^|<)\s*>?$ | ^system\ administrator | mail_service | mailserver | antivirus | imss@ | staff@hotmail | mailadmin""",
    re.IGNORECASE | re.VERBOSE,
)
FAILURE_SUBJECT = re.compile(
    r"""undeliver(?:ed|able) | non-?delivery | returned\ (?:mail|to\ sender) | return(?:ing|ed)\ (?:message\ )?to\ sender
    | fail(?:ure|ed)\ (?:notice|delivery|notification) | deliver\w*\ (?:status|fail|problem|error|report|notification|has\ failed|delayed)
    | mail\ (?:failed|failure|system\ error) | not\ (?:be\ )?delivered | could\ not\ (?:be\ )?deliver | \[bounce\] | bounce\ notification | error\ sending\ your\ mail
    | processing\ error | rejected | message\ (?:status|delayed|delivery|not\ sent) | warning:\ | unzustellbar | nicht\ zugestellt
    | non\ remis | n'a\ pas\ (?:pu|été) | onbestelbaar | não\ entreg | no\ se\ (?:puede|pudo)\ entregar | mancato\ recapito
    | 送信でき | エラー | 失败 | 退信 | не\ (?:доставлен|может) | are\ not\ member | delivery\ temporarily""",
    re.IGNORECASE | re.VERBOSE,
)
_SUCCESS = re.compile(
    r"""successful\ (?:mail\ )?delivery | delivery\ status\ notification\ \((?:relay|success|expand) | successfully\ (?:delivered|relayed)
    | ^(?:delivered|relayed|expanded):\ | delivered\ successfully | confirmation\ of\ delivery | (?:was|were|been)\ (?:delivered|relayed)\ to\ the""",
    re.IGNORECASE | re.VERBOSE,
)
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


def says_success(headers: Headers, text: str) -> bool:
    """Tell whether a mail system reports that the mail was delivered or passed on."""
    return bool(_SUCCESS.search(decode_words(headers.get("subject", ""))) or _SUCCESS.search(text[:2000]))


def is_answer(headers: Headers) -> bool:
    """Tell whether the subject says answer or forward."""
    return bool(_ANSWER.match(decode_words(headers.get("subject", ""))))


def is_list(headers: Headers) -> bool:
    """Tell whether the mail came from a mailing list or as a newsletter."""
    return "list-id" in headers or "list-post" in headers or headers.get("precedence", "").strip().lower() == "list"
