"""A message as callers write it, and as it is sent: names in snake_case or as on the wire, values in many forms."""

import base64
import mimetypes
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from carom.wire._naming import postmark_name
from carom.wire.addresses import Address
from carom.wire.email import Attachment, Header, SendEmail

Recipients = str | Address | tuple[str, str] | Sequence[str | Address | tuple[str, str]]

_NAMES = {
    alias: field
    for field in SendEmail.__struct_fields__
    for alias in (field, field.rstrip("_"), postmark_name(field.rstrip("_")))
}
_ADDRESSES = frozenset({"from_", "to", "cc", "bcc", "reply_to"})


def send_email(message: Mapping[str, Any] | SendEmail | None, fields: Mapping[str, Any]) -> SendEmail:
    """Return the request for a message. Fields that are None are not sent. Raises TypeError for an unknown field."""
    if isinstance(message, SendEmail):
        return message
    values: dict[str, Any] = {}
    for name, value in {**(message or {}), **fields}.items():
        field = _NAMES.get(name)
        if field is None:
            raise TypeError(f"a message has no field {name!r}; it has {', '.join(SendEmail.__struct_fields__)}")
        if value is not None:
            values[field] = _value(field, value)
    return SendEmail(**values)


def _value(field: str, value: Any) -> Any:
    if field in _ADDRESSES:
        return addresses(value)
    if field == "headers":
        return _headers(value)
    if field == "attachments":
        return [_attachment(one) for one in value]
    return value


def addresses(value: Recipients) -> str:
    """Write recipients as the API takes them: a text as it is, others with their names quoted."""
    if isinstance(value, str):
        return value
    if isinstance(value, Address):
        return str(value)
    if isinstance(value, tuple) and len(value) == 2 and all(isinstance(part, str) for part in value):
        name, email = cast("tuple[str, str]", value)
        if "@" in email and "@" not in name:
            return str(Address(name, email))
    return ", ".join(addresses(one) for one in value)


def _headers(value: Any) -> list[Header]:
    if isinstance(value, Mapping):
        pairs = cast("Mapping[str, str | Sequence[str]]", value)
        return [
            Header(name=name, value=text)
            for name, texts in pairs.items()
            for text in ([texts] if isinstance(texts, str) else texts)
        ]
    return [_header(one) for one in value]


def _header(one: Any) -> Header:
    if isinstance(one, Header):
        return one
    named = {key.lower(): text for key, text in one.items()}
    return Header(name=named["name"], value=named["value"])


def _attachment(one: Any) -> Attachment:
    if isinstance(one, Attachment):
        return one
    if isinstance(one, Path):
        return _file(one.name, one.read_bytes())
    if isinstance(one, tuple):
        return _file(*cast("tuple[str, bytes]", one))
    values = {postmark_name(key) if key[:1].islower() else key: value for key, value in one.items()}
    content = values["Content"]
    if isinstance(content, bytes):
        return _file(values["Name"], content, values.get("ContentType"), values.get("ContentID"))
    return Attachment(
        name=values["Name"],
        content=content,
        content_type=values.get("ContentType"),
        content_id=values.get("ContentID"),
    )


def _file(name: str, content: bytes, content_type: str | None = None, content_id: str | None = None) -> Attachment:
    guessed = content_type or mimetypes.guess_type(name)[0] or "application/octet-stream"
    if content_id is not None and not content_id.startswith("cid:"):
        content_id = f"cid:{content_id}"
    return Attachment(
        name=name, content=base64.b64encode(content).decode(), content_type=guessed, content_id=content_id
    )
