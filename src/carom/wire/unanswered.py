"""The codes that Postmark documents and Carom never answers, each with the reason. Tests hold it and the table of errors to
Postmark's list: every code of it is in one of the two."""

__all__ = ["UNANSWERED"]

_NO_PLANS = "there are no plans, credits or approvals: who runs the server decides"
_OF_OTHERS = "what belongs to another account is as if it were not there: it is answered as not found"
_NO_SMTP_TOKENS = "Postmark does not publish these calls"
_OTHER_CALL = "it belongs to a paged form of the list that Postmark does not document"

_REASONS: tuple[tuple[tuple[int, ...], str], ...] = (
    ((14, 412, 614, 1220, 1302), _NO_PLANS),
    ((422,), "a token that names no server or account is refused with 10"),
    ((507, 513), _OF_OTHERS),
    ((508,), "a key that DNS does not hold yet stays pending, and none ever fails: rotating one is refused with 505"),
    ((523,), "DNS is looked up by the verify calls alone, and what they do not find is an answer with the flag false"),
    ((604, 605), "every account token may remove servers, with all that is on them"),
    ((610,), "mail for an inbound domain is taken at --mx wherever its MX records lead; they are not looked up"),
    ((702, 703), "what cannot be bypassed or retried is refused with 701"),
    ((709,), "a DKIM key that DNS holds wrongly is one that it does not hold"),
    ((811,), "an inbound rule can always be removed"),
    ((1241,), "a stream can be archived at any time, right after it was made too"),
    ((1353,), "every stream that takes webhooks has all of the triggers"),
    ((1360, 1362), "there are no integrations, and Status is not written (1363)"),
    ((1364,), "registering or changing a webhook does not call it; POST /webhooks/{id}/verify does, and answers 200"),
    ((1400, 1401, 1402, 1403, 1411), _OTHER_CALL),
    ((1406, 1408), "each address of a list has an answer of its own: Failed, with a Message"),
    ((1407,), "a defect of the server's own is 101"),
    (tuple(range(1450, 1461)), _NO_SMTP_TOKENS),
    ((1480,), "a server may be called from everywhere that reaches it"),
    ((1501,), "statistics are not paged: count and offset are ignored"),
)

UNANSWERED: dict[int, str] = {code: reason for codes, reason in _REASONS for code in codes}
