"""Amazon SES tells of bounces and complaints in JSON, which SNS mails as text."""

import json
import re
from typing import Any, cast

from carom.bounce.dsn import Recipient

_MARK = '"notificationType":"Bounce"'
# A recipient's object; long lines may be folded in the middle of a string.
_RECIPIENT = re.compile(r'\{[^{}]*"emailAddress"[^{}]*\}')


def read_ses(text: str) -> list[Recipient]:
    """Return the recipients of a bounce notification, none if the text is no notification."""
    if _MARK not in text:
        return []
    found = (_loads(match[0].replace("\n", "")) for match in _RECIPIENT.finditer(text))
    return [_recipient(one) for one in found if "status" in one or "diagnosticCode" in one]


def _loads(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _recipient(one: dict[str, Any]) -> Recipient:
    diagnostic = str(one.get("diagnosticCode", ""))
    return Recipient(
        final=str(one.get("emailAddress")),
        original=None,
        action=str(one.get("action", "failed")),
        status=str(one["status"]) if "status" in one else None,
        diagnostic=diagnostic.partition(";")[2].strip() or diagnostic,
        remote_mta=None,
        reporting_mta=None,
    )
