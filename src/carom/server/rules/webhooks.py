"""What a webhook may be: its address, its headers, and which events it is told.

https://postmarkapp.com/developer/api/webhooks-api
"""

import re
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct, ValidationError

from carom.server.rules.refusals import Refusal
from carom.server.rules.servers import bad_url
from carom.wire._kinds import is_object
from carom.wire.email import Header
from carom.wire.endpoint import fold
from carom.wire.webhooks import ContentTrigger, HttpAuth, OpenTrigger, Trigger, Triggers

MAX_OF_STREAM = 10

_OFF = Trigger(enabled=False)
_OFF_WITH_CONTENT = ContentTrigger(enabled=False, include_content=False)
NO_TRIGGERS = Triggers(
    open=OpenTrigger(enabled=False, post_first_open_only=False),
    click=_OFF,
    delivery=_OFF,
    bounce=_OFF_WITH_CONTENT,
    spam_complaint=_OFF_WITH_CONTENT,
    subscription_change=_OFF,
)

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2: a token
_HEADER_VALUE = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f]*")


def check_url(url: str, *, inside: bool) -> str:
    """Return the address of a webhook; ``inside`` allows loopback and private ones. Raises Refusal."""
    reason = bad_url(url, inside=inside) if url else "it is missing"
    if reason:
        raise Refusal(1354, reason=reason)
    return url


def check_headers(headers: list[Header]) -> list[Header]:
    """Return the headers that are posted along. Raises Refusal."""
    for header in headers:
        if not _HEADER_NAME.fullmatch(header.name) or not _HEADER_VALUE.fullmatch(header.value):
            raise Refusal(1358, name=header.name)
    return headers


def read_auth(asked: Mapping[str, Any]) -> HttpAuth | None:
    """Return user and password, None where both are empty. Raises Refusal."""
    try:
        auth = msgspec.convert({"Username": "", "Password": "", **_folded(asked, HttpAuth)}, HttpAuth)
    except ValidationError as error:
        raise Refusal(1361, field="HttpAuth") from error
    return auth if auth.username or auth.password else None


def read_triggers(asked: Mapping[str, Any], current: Triggers) -> Triggers:
    """Return triggers with what is asked for changed. Raises Refusal."""
    plain: dict[str, Any] = msgspec.to_builtins(current)
    for name, change in _folded(asked, Triggers).items():
        if not is_object(change):
            raise Refusal(1361, field=f"Triggers.{name}")
        plain[name] = {**plain[name], **change}
    try:
        return msgspec.convert(plain, Triggers, strict=False)
    except ValidationError as error:
        raise Refusal(1361, field="Triggers") from error


def _folded(asked: Mapping[str, Any], kind: type[Struct]) -> dict[str, Any]:
    """Return what is asked for in the spelling of a struct, without what is null."""
    folded = fold(_without_nulls(dict(asked)), kind)
    return folded if is_object(folded) else {}


def _without_nulls(value: Any) -> Any:
    if is_object(value):
        return {key: _without_nulls(member) for key, member in value.items() if member is not None}
    return value
