"""What a mail tells in words, in the languages that mail systems write: that a delivery failed, is delayed, or succeeded.

These tell only whether a mail is about a delivery; what went wrong is decided by the rules.
"""

import re

MAX_TOLD = 4000
"""What a mail is about stands in its first lines."""

# Words of a failed delivery that stand in subjects; too common to tell anything in a text.
_SUBJECT = re.compile(
    r"""undeliver(?:ed|able) | non-?deliver | returned\ (?:mail|to\ sender) | return(?:ing|ed)\ (?:message\ )?to\ sender
    | fail(?:ure|ed)\ (?:notice|delivery|notification|mail) | deliver\w*\ (?:status|fail|problem|error|report|notification|has\ failed|delayed)
    | mail\ (?:failed|failure|system\ error|error|delivery|returned) | (?:not|cannot|n't|never)\ (?:be\ )?(?:delivered|sent) | (?:not|un)\ ?(?:be\ )?able\ to\ deliver
    | could\ not\ (?:be\ )?(?:deliver|send) | \[bounce\] | \bbounce: | bounce\ notification | bounced | error\ sending\ your\ mail | user\ unknown | unknown\ user
    | processing\ error | rejected | message\ (?:status|delayed|delivery|not\ sent) | warning:\ | are\ not\ member | delivery\ temporarily""",
    re.IGNORECASE | re.VERBOSE,
)
# What mail systems call most of their reports.
_USUAL = (
    "undeliver",
    "returned mail",
    "failure notice",
    "delivery status",
    "delivery fail",
    "mail delivery",
    "delivery notif",
)
# What most of them say: looked for first, as it is quickly found.
_OFTEN = (
    "not be delivered",
    "undeliver",
    "unable to deliver",
    "able to deliver your",
    "delivery failed",
    "failed permanently",
    "permanent error",
    "fatal errors",
    "transcript of session",
    "did not reach",
    "not delivered",
    "t be delivered",
    "delivery has failed",
    "returned mail",
    "not deliver",
    "error delivering",
    "delivery error",
    "delivery problem",
)
# A sentence that says so, in a subject or in a text; in lower case. What begins where a word begins stands behind one
# ``\b``, so that a letter within a word is passed over at once.
_FAILED = re.compile(
    r"""\b(?:
    (?:not|cannot|unable|impossible|never|fail\w*)\b[^.:@]{0,60}?\b(?:deliver|redeliver|be\ sent|send|reach|forward|relay|accept(?:ed)?\ for)
    | deliver\w*[^.:@]{0,60}?\b(?:fail|not\b|impossible|problem|error|abort|delayed|unsuccess|suspend|postpone|defer)
    | undeliver | non-?deliver | bounced\b | failure\ reason | return(?:ed|ing)\b[^.:@]{0,40}\b(?:sender|message|mail) | failed\ (?:recipients?|address|deliver)
    | permanent\ (?:fatal\ )?(?:error|fail) | did\ not\ (?:reach|receive) | (?:message|e?mail)\b(?![^.:@]{0,40}\bwill\b)[^.:@]{0,40}\b(?:rejected|refused|returned|blocked|bounced|failed|delayed|stopped|discarded)
    | (?:rejected|refused|blocked|stopped|discarded)\b[^.:@]{0,40}\b(?:message|mail) | (?:given|gave|giving)\ up\b[^.:@]{0,40}\bdeliver | temporary\ (?:failure|error) | error\ (?:has\ )?(?:delivering|sending|message|type|while|occurred)
    | host\b[^.:@]{0,80}\bsaid: | returned\ the\ following\ error
    | could\ not\ be\ (?:found|processed) | transcript\ of\ session | (?:are|is)\ not\ (?:a\ )?member\b
    | unzustellbar | nicht\b[^.:@]{0,40}\b(?:zugestellt|zustell|[üu]bermittelt|ausgeliefert|erreicht|gesendet|weitergeleitet) | konnte[^.:@]{0,60}nicht
    | non\ remis | n['’](?:a|ont|est)\ pas\ (?:encore\ )?(?:pu|été|parvenu) | échec | impossible\ de\b | non[ -]d(?:istribu|élivr) | pas\ (?:pu\ )?être
    | no\ se\ (?:puede|pudo|ha)\b[^.:@]{0,30}(?:entreg|envi) | no\ (?:ha\ sido\ |fue\ )?entregad | error\ (?:de|en\ la)\ entrega | imposible\ entregar
    | mancat[oa]\ (?:recapito|consegna) | non\ (?:è|e['’]|ha)\ stat[oa]\b | impossibile\b | non\ recapita | non\ consegna
    | não\ (?:entreg|foi|pôde|pode|é\ possível|conseguimos) | falha\ na | nao\ (?:foi|pode|entreg)
    | niet\ (?:worden\ )?(?:bezorg|afgelever|verzonden|besteld|te\ bezorgen) | onbestelbaar | is\ mislukt | bezorg\w*[^.:@]{0,80}mislukt
    | olevererbar | kunde\ inte | gick\ inte | kunne\ ikke | kan\ ikke | ikke\ (?:leveret|levert|afleveret) | ei\ voitu | epäonnistui
    | nie\ (?:dostarczon|powiod|udało|został|można) | niedostarczon | niedor[ęe]cz | nedoruč | nebylo\ možné | nelze | nem\ sikerült | kézbesíthetetlen
    | не\ (?:доставлен|може|удалось|бе|был) | недоставл?ен | сбой | невозможно | не\ вдалося | δεν\b
    | nu\ (?:a\ putut|a\ fost|poate)\b | nelivrat | nij?e\ (?:bil[oa]?\ |mogu[cć]e\ )*(?:isporu[cč]|dostav|uru[cč]) | ni\ (?:bil[oa]?\ )?(?:mogo[cč]e\ )?dostav | ne(?:isporu[cč]|dostavlj)en
    | neboli?[oa]?\ (?:mo[zž]né\ )?doru[cč] | nepavyko | nepristatyt | neizdev[aā]s | nav\ pieg[aā]d[aā]t | nepieg[aā]d[aā]t | ei\ (?:saanud|õnnestunud|toimetatud) | ebaõnnestus | ekki\ (?:hægt|tókst|afhent)
    | no\ s['’]ha\ pogut | tidak\ (?:dapat|berhasil|boleh)\b | gagal\b | không\ (?:thể|thành\ công|gửi\ được)\b | није\b
    | edilemedi | iletilemedi | gönderilemedi
    )
    | n['’]t\b[^.:@]{0,60}?\b(?:deliver|redeliver|be\ sent|send|reach|forward|relay|accept(?:ed)?\ for) | \[bounce\]
    | fehler\b[^.:@]{0,30}zustell | zustell\w*[^.:@]{0,30}(?:fehl|nicht)
    | ไม่สามารถส่ง | ส่งไม่สำเร็จ | تعذ?ر | لم\ يتم | فشل | לא\ (?:נמסר|ניתן) | נכשל | تحویل\ نشد | ارسال\ نشد
    | 送信でき | 配信でき | 配送でき | 配信不能 | 届けでき | 不達 | エラー | 失败 | 失敗 | 退信 | 退回 | 無法 | 无法 | 未能 | 못했 | 실패 | 반송""",
    re.VERBOSE,
)
_DELAY = (
    "has been delayed",
    "will be retried",
    "attempts will continue",
    "not yet been delivered",
    "warning message only",
    "transient non-fatal",
    "will continue trying",
    "will keep trying",
    "delays in delivering",
    "still being retried",
    "gmail will retry",
    "temporary failure report",
    "not been delivered yet",
    "not yet delivered",
    "delivery has been delayed",
    "message delayed",
    "will try again",
    "still trying",
    "will continue to",
    "will be attempted",
    "notification (delay)",
    "delayed mail",
    "will keep on trying",
    "this is only a warning",
    "this is a warning only",
    "has been deferred",
    "retried for",
    "warning: could not send message for past",
    "continue to be retried",
    "keep retrying",
    "will continue retrying",
    "is still in the queue",
    "noch nicht zugestellt",
    "noch nicht übermittelt",
    "wird weiterhin versucht",
    "n'a pas encore été",
    "pas encore pu être",
    "aún no se ha",
    "todavía no se ha",
    "non è ancora stato",
    "ainda não foi",
    "nog niet bezorgd",
    "nog niet afgeleverd",
    "еще не доставлен",
    "ещё не доставлен",
)
# One of these stands in each of the phrases.
_DELAY_WORDS = (
    "delay",
    "transient",
    "temporary",
    "retr",
    "continu",
    "not yet",
    "not been",
    "warning",
    "defer",
    "try",
    "attempt",
    "in the queue",
    "noch nicht",
    "weiterhin",
    "pas encore",
    "no se ha",
    "ancora",
    "ainda",
    "nog niet",
    "е доставлен",
)
_DELAYED_FOR = re.compile(r"delayed (?:for )?(?:more than )?\d+ ?(?:minutes|hours|days|h\b)")
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
    "have been delivered",
    "delivery to these recipients or groups is complete",
)
_NEGATED = re.compile(r"(?:\bnot|n't|\bnever|\bcannot|\bunable|\bfailed)\b[^.]{0,40}(?:deliver|relay)")
# Exchange begins its success reports so, in the language of its server.
_SUCCESS_SUBJECT = re.compile(
    r"(?:delivered|relayed|expanded|zugestellt|weitergeleitet|remis|relay[ée]|entregado|retransmitido|consegnato|inoltrato|"
    r"entregue|retransmitida|bezorgd|doorgestuurd|levererat|leveret|levert|dostarczono|доставлено|配信済み|已送达)\s?:"
)
# What shops and carriers deliver, where it is not the subject of a mail that is quoted.
_GOODS = re.compile(
    r"(?<!subject: )\b(?:parcel|your (?:package|shipment|order)|tracking (?:number|id)|paket\b|colis\b|paquete|pacco\b|pakket\b|przesyłk|посылк)",
    re.IGNORECASE,
)
# What mail systems write of themselves, or to the owner of a mailbox: statistics, digests, the state of queues and
# accounts. Those name addresses and faults too.
_STATE = re.compile(
    r"""\b(?:digest|summary|statistics|daily|weekly|monthly|quarantine\ (?:report|notification)|log(?:s|\ ?watch)?\b|cron\ <|(?:quota|queue)\ (?:warning|report|alert)
    | suppression\ list | ^message\ (?:\S+\ )?frozen | greylist\w*\ report | report\ domain | tls\ report | service\ alert | is\ critical\b | smtp\ (?:server|client):\ errors)""",
    re.IGNORECASE | re.VERBOSE,
)
# What reports count (a reply's code is no number of them), and no bounce does; in a subject or, where it says "bounce", in a text.
_COUNTED = re.compile(
    r"""\b(?:(?![245]\d\d\ )\d+|list\ of)\ (?:undeliverable|undelivered|invalid|hard|soft|suppressed|bounced?|failed)\b[^.]{0,20}\b(?:addresses|recipients|contacts|e?mails|bounces)
    | \bbounces?\ (?:report|rate|log|list|count)\b | \b(?![245]\d\d\ )\d+\ bounce[ds]\b""",
    re.IGNORECASE | re.VERBOSE,
)
# Lines of a report: a count behind a word, or the listing of a queue (Postfix's, Exim's); in lower case, with the line
# end before.
_REPORT_LINE = re.compile(
    r"""\n(?:
      \W*(?:(?:hard\ |soft\ )?bounce[sd]?|delivered|undelivered|sent|opened|failed|rejected|deferred)\s*[:=|]?\s*(?:\d+(?:[.,]\d+)?\s*%|\d{1,3}(?:[.,]?\d{3})*\s*(?:\(|$))
      | (?=\d*[a-f])[0-9a-f]{8,}[*!]?\s+\d+\s | [\ ]*\d+[mhd]\s+[\d.]+[km]?\s+\w{6}-\w+-\w+\s
    )""",
    re.MULTILINE | re.VERBOSE,
)
_OWNER = ("your mailbox", "your mail box", "your inbox", "your quota", "your password", "your storage")


def tells_of_state(subject: str, text: str) -> bool:
    """Tell whether a mail reports on a system and not on a mail, by its subject or by the lines of its text in lower
    case; a bounce may quote any subject."""
    return (
        bool(_REPORT_LINE.search(f"\n{text[:MAX_TOLD]}"))
        or bool(_COUNTED.search(subject))
        or ("bounce" in text and bool(_COUNTED.search(text, 0, MAX_TOLD)))
        or (bool(_STATE.search(subject)) and not subject_tells_failure(subject))
    )


def tells_owner(text: str) -> bool:
    """Tell whether a text in lower case speaks of the reader's own mailbox."""
    text = text[:400]
    return "your " in text and any(map(text.__contains__, _OWNER))


def tells_reader(text: str) -> bool:
    """Tell whether a text in lower case is a list's to its reader, whose address it says has bounced."""
    return "messages to you from" in text[:400]


def tells_failure(text: str) -> bool:
    """Tell whether a text in lower case says that mail was not delivered."""
    text = text[:MAX_TOLD]
    return any(map(text.__contains__, _OFTEN)) or bool(_FAILED.search(text))


def subject_is_usual(subject: str) -> bool:
    """Tell whether a subject is one that mail systems give to reports on a delivery."""
    subject = subject.lower()
    return any(map(subject.__contains__, _USUAL))


def subject_tells_failure(subject: str) -> bool:
    """Tell whether a subject is one of a failed delivery."""
    return bool(_SUBJECT.search(subject)) or tells_failure(subject.lower())


def tells_delay(text: str) -> bool:
    """Tell whether a text in lower case says that the remote system goes on trying."""
    if not any(map(text.__contains__, _DELAY_WORDS)):
        return False
    return any(map(text.__contains__, _DELAY)) or ("delayed " in text and bool(_DELAYED_FOR.search(text)))


def tells_success(subject: str, text: str) -> bool:
    """Tell whether a mail system reports that the mail was delivered or passed on. Both are in lower case."""
    said = f"{subject} {text[:2000]}"
    if _SUCCESS_SUBJECT.match(subject):
        return True
    return any(map(said.__contains__, _SUCCESS)) and not _NEGATED.search(said)


def tells_of_goods(text: str) -> bool:
    """Tell whether a text is about parcels and orders: those fail to be delivered too."""
    return bool(_GOODS.search(text, 0, MAX_TOLD))
