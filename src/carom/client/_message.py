"""A message as callers give it, turned into the JSON that Postmark takes, and checked against its limits first."""

import os
from binascii import b2a_base64
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import IO, Annotated, Any, NamedTuple, cast

import msgspec
from msgspec import UNSET, Meta, Struct
from msgspec import field as named

from carom.client._fields import wire_fields
from carom.wire import email as limits
from carom.wire._kinds import is_iterable, is_list, is_mapping, is_tuple
from carom.wire.addresses import Address, split_addresses
from carom.wire.email import SendEmail, SendTemplate
from carom.wire.endpoint import encode_json

AddressLike = str | Address | tuple[str, str]
Addresses = AddressLike | Sequence[AddressLike]


class Attachment(NamedTuple):
    """A file to attach. ``content`` is what it holds, not base64; the type is guessed by name if not given;
    ``content_id`` makes it an inline part, shown by ``<img src="cid:...">``."""

    name: str
    content: bytes
    content_type: str | None = None
    content_id: str | None = None


AttachmentLike = (
    Attachment
    | Mapping[str, Any]
    | os.PathLike[str]
    | IO[bytes]
    | tuple[str, bytes]
    | tuple[str, bytes, str | None]
    | tuple[str, bytes, str | None, str | None]
)
Headers = Mapping[str, str | Sequence[str]] | Sequence[Mapping[str, str] | tuple[str, str]]
Message = Mapping[str, Any] | SendEmail


def compose(message: Message | None, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return a message by wire names. Raises TypeError or ValueError for a field that cannot be read."""
    given = {**_members(message), **{name: value for name, value in fields.items() if value is not None}}
    found = wire_fields(SendTemplate, given)
    for name, read in _READ.items():
        if name in found:
            found[name] = read(found[name], name)
    return found


def _members(message: Message | None) -> Mapping[str, Any]:
    if message is None:
        return {}
    if isinstance(message, SendEmail):
        return {name: value for name in message.__struct_fields__ if (value := getattr(message, name)) is not UNSET}
    if isinstance(message, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers without a type checker
        return message
    raise TypeError(
        f"message is a mapping of fields, not {type(message).__name__}; for e-mail messages there is deliver_message"
    )


def _addresses(value: Any, field: str) -> str:
    if isinstance(value, str):
        return value
    if is_tuple(value) and len(value) == 2:
        name, email = value
        if isinstance(name, str) and isinstance(email, str):
            return str(Address(name, email))
    if is_iterable(value):
        return ", ".join(_addresses(one, field) for one in value)
    raise TypeError(f"{field} is an address, (name, address), or a list of these, not {type(value).__name__}")


def _headers(value: Any, field: str) -> list[dict[str, str]]:
    if is_mapping(value):
        members = value.items()
        pairs = [(name, one) for name, many in members for one in (many if is_list(many) or is_tuple(many) else [many])]
    elif isinstance(value, str) or not is_iterable(value):
        raise TypeError(f"{field} is a mapping, or a list of pairs or of name and value, not {value!r}")
    else:
        pairs = [_header(one, field) for one in value]
    return [{"Name": name, "Value": text} for name, text in pairs]


def _header(value: Any, field: str) -> tuple[str, str]:
    if is_mapping(value):
        folded = {name.lower(): text for name, text in value.items()}
        if {"name", "value"} <= set(folded):
            return folded["name"], folded["value"]
    elif is_tuple(value) and len(value) == 2:
        return value[0], value[1]
    elif isinstance(value, limits.Header):
        return value.name, value.value
    raise TypeError(f"{field} is a mapping, or a list of pairs or of name and value, not {value!r}")


def _attachments(value: Any, field: str) -> list[dict[str, str]]:
    many = is_list(value) or (is_tuple(value) and bool(value) and not isinstance(value[0], str))
    return [_attachment(one, field) for one in (list(value) if many else [value])]


def _attachment(value: Any, field: str) -> dict[str, str]:
    if isinstance(value, limits.Attachment):
        return value.to_dict(wire=True)
    if is_mapping(value):
        return _attachment_mapping(value, field)
    if is_tuple(value):
        if not 2 <= len(value) <= 4:
            raise TypeError(f"{field}: a tuple is (name, content, type, content id), the last two as you like")
        return _attached(*value)
    if isinstance(value, os.PathLike):
        path = cast("os.PathLike[str]", value)
        with open(path, "rb") as file:  # noqa: PTH123  # any path-like
            return _attached(os.path.basename(path), file.read())  # noqa: PTH119  # as above
    if hasattr(value, "read"):
        content = value.read()
        if not isinstance(content, bytes):
            raise TypeError(f"{field}: open the file in binary mode")
        return _attached(os.path.basename(str(getattr(value, "name", "attachment"))), content)  # noqa: PTH119  # as above
    raise TypeError(f"{field} holds Attachment, mapping, path, open binary file or tuple, not {type(value).__name__}")


_ATTACHMENT = {"name": "Name", "content": "Content", "contenttype": "ContentType", "contentid": "ContentID"}


def _attachment_mapping(value: Mapping[str, Any], field: str) -> dict[str, str]:
    found = {_ATTACHMENT.get(name.replace("_", "").lower(), name): member for name, member in value.items()}
    if not {"Name", "Content"} <= set(found):
        raise TypeError(f"{field}: an attachment needs name and content")
    more = {name: member for name, member in found.items() if name not in _ATTACHMENT.values()}
    content = found["Content"]
    return _attached(found["Name"], content, found.get("ContentType"), found.get("ContentID")) | more


def _attached(name: Any, content: Any, kind: str | None = None, cid: str | None = None) -> dict[str, str]:
    if not isinstance(name, str) or not isinstance(content, (str, bytes, bytearray)):
        raise TypeError(
            f"Attachments: name and content are a text and bytes, not {name!r} and {type(content).__name__}"
        )
    text = content if isinstance(content, str) else b2a_base64(content, newline=False).decode("ascii")
    found = {"Name": name, "Content": text, "ContentType": kind or _guess(name)}
    return found | {"ContentID": cid if cid.startswith("cid:") else f"cid:{cid}"} if cid else found


def _guess(name: str) -> str:
    import mimetypes

    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def _metadata(value: Any, field: str) -> dict[str, str]:
    if not is_mapping(value):
        raise TypeError(f"{field} is a mapping of texts, not {type(value).__name__}")
    for name in value:
        if not isinstance(name, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"{field}: the name {name!r} is no text")
    return dict(value)


_READ: dict[str, Callable[[Any, str], Any]] = {
    "From": _addresses,
    "To": _addresses,
    "Cc": _addresses,
    "Bcc": _addresses,
    "ReplyTo": _addresses,
    "Headers": _headers,
    "Attachments": _attachments,
    "Metadata": _metadata,
}


def check(message: Mapping[str, Any], *, where: str = "", templated: bool = False) -> None:
    """Check a composed message against what Postmark will not take. Raises ValueError that names the
    field; ``where`` goes in front. One for a template call needs a template."""
    try:
        msgspec.convert(message, SendTemplate, strict=False)
    except msgspec.ValidationError as error:
        text, _, place = str(error).partition(" - at `$.")
        raise ValueError(f"{where}{place.rstrip('`') or 'message'}: {text}") from None
    for wrong in _faults(message, templated=templated):
        raise ValueError(where + wrong)


def _faults(message: Mapping[str, Any], *, templated: bool) -> Iterable[str]:
    senders = len(split_addresses(message.get("From", "")))
    if senders != 1:
        yield "From is missing" if not senders else f"From has {senders} addresses, and a message has one"
    recipients = sum(len(split_addresses(message.get(field, ""))) for field in ("To", "Cc", "Bcc"))
    if not recipients:
        yield "To is missing: a message needs a recipient in To, Cc or Bcc"
    if recipients > limits.MAX_RECIPIENTS:
        yield f"To, Cc and Bcc have {recipients} recipients together, and {limits.MAX_RECIPIENTS} is the limit"
    named = message.get("TemplateId") or message.get("TemplateAlias")
    if templated and not named:
        yield "TemplateId and TemplateAlias are missing: a template needs one of them"
    if not (named or message.get("HtmlBody") or message.get("TextBody")):
        yield "HtmlBody and TextBody are missing: a message needs one, or a template"
    yield from _too_long(message)
    yield from _bad_metadata(message.get("Metadata", {}))
    if message.get("TrackLinks", "None") not in limits.TRACK_LINKS:
        yield f"TrackLinks is one of {', '.join(limits.TRACK_LINKS)}, not {message['TrackLinks']!r}"
    for header in message.get("Headers", ()):
        if not header["Name"].strip() or any(letter in "\r\n\0" for letter in header["Name"]):
            yield f"Headers: {header['Name']!r} is no name of a header"
    for attachment in message.get("Attachments", ()):
        if attachment["Name"].rpartition(".")[2].lower() in limits.FORBIDDEN_EXTENSIONS:
            yield f"Attachments: {attachment['Name']!r} has a type that Postmark does not send"


_LONGEST = {"From": limits.MAX_FROM, "Subject": limits.MAX_SUBJECT, "Tag": limits.MAX_TAG}


def _too_long(message: Mapping[str, Any]) -> Iterable[str]:
    for field, most in _LONGEST.items():
        text = message.get(field, "")
        if len(text) > most or (len(text) * 2 > most and len(text.encode("utf-16-le")) // 2 > most):
            yield f"{field} is longer than {most} characters"
    for field in ("HtmlBody", "TextBody"):
        text = message.get(field, "")
        if len(text) * 4 > limits.MAX_BODY_BYTES and len(text.encode()) > limits.MAX_BODY_BYTES:
            yield f"{field} is larger than {limits.MAX_BODY_BYTES:,} bytes"


def _bad_metadata(metadata: Mapping[str, Any]) -> Iterable[str]:
    if len(metadata) > limits.MAX_METADATA:
        yield f"Metadata has {len(metadata)} fields, and {limits.MAX_METADATA} is the limit"
    if len({name.lower() for name in metadata}) < len(metadata):
        yield "Metadata has two fields whose names differ in case only"
    for name, value in metadata.items():
        if not isinstance(value, str):
            yield f"Metadata: {name!r} is {type(value).__name__}, not a text"
        elif len(name) > limits.MAX_METADATA_KEY or len(value) > limits.MAX_METADATA_VALUE:
            yield (
                f"Metadata: {name!r} is too long: a name has up to {limits.MAX_METADATA_KEY} characters, a value up to "
                f"{limits.MAX_METADATA_VALUE}"
            )


def message_json(
    message: Message | None,
    fields: Mapping[str, Any],
    *,
    validate: bool,
    where: str = "",
    templated: bool = False,
) -> bytes:
    """Return the JSON of a message. Raises TypeError or ValueError that names the field."""
    composed = compose(message, fields)
    if validate:
        check(composed, where=where, templated=templated)
    body = _json(composed, where)
    if validate and len(body) > limits.MAX_MESSAGE_BYTES:
        raise ValueError(f"{where}the message is larger than {limits.MAX_MESSAGE_BYTES:,} bytes, attachments included")
    return body


def _json(message: Mapping[str, Any], where: str) -> bytes:
    try:
        return encode_json(message)
    except (TypeError, UnicodeEncodeError):
        for field, value in message.items():  # which one it is
            try:
                encode_json(value)
            except UnicodeEncodeError as error:
                raise ValueError(f"{where}{field}: {error}") from error
            except TypeError as error:
                raise TypeError(f"{where}{field}: {error}") from error
        raise


Part = tuple[int, int, bytes]
"""A part of a batch: index of its first message, how many it has, and their JSON array."""


class _Plain(Struct, frozen=True, rename="pascal", forbid_unknown_fields=True):
    """The usual message of a batch: one that goes out as it was given, being within every limit whatever it says.

    So many letters of addresses cannot be more than 50 of them.
    """

    from_: Annotated[str, Meta(min_length=1, max_length=limits.MAX_FROM // 2)] = named(name="From")
    to: Annotated[str, Meta(min_length=3, max_length=100)]
    text_body: Annotated[str, Meta(min_length=1, max_length=limits.MAX_BODY_BYTES // 4)]
    cc: Annotated[str, Meta(max_length=40)] = ""
    bcc: Annotated[str, Meta(max_length=40)] = ""
    html_body: Annotated[str, Meta(max_length=limits.MAX_BODY_BYTES // 4)] = ""
    subject: Annotated[str, Meta(max_length=limits.MAX_SUBJECT // 2)] = ""
    reply_to: str = ""
    tag: Annotated[str, Meta(max_length=limits.MAX_TAG // 2)] = ""
    message_stream: str = ""


def check_batch(messages: Any, concurrency: Any) -> list[Message]:
    """Return the messages of a batch. Raises TypeError or ValueError for what is none."""
    if isinstance(messages, (str, bytes)) or is_mapping(messages) or not is_iterable(messages):
        raise TypeError(f"messages is a list of messages, not {type(messages).__name__}")
    if not isinstance(concurrency, int) or isinstance(concurrency, bool) or concurrency < 1:
        raise ValueError(f"concurrency is a whole number above 0, not {concurrency!r}")
    return list(messages)


def batch_parts(messages: Sequence[Message], most: int, most_bytes: int, *, validate: bool) -> list[Part]:
    """Return a batch in parts of a count and a size, in order. A message that is larger than a part may be is a part of
    its own. Raises TypeError or ValueError that names message and field."""
    parts: list[Part] = []
    for start in range(0, len(messages), most):
        some = messages[start : start + most]
        whole = _as_given(some, most_bytes)
        if whole is None:
            return _composed_parts(messages, most, most_bytes, validate=validate)
        parts.append((start, len(some), whole))
    return parts


def _as_given(messages: Sequence[Message], most_bytes: int) -> bytes | None:
    try:
        msgspec.convert(messages, list[_Plain])
    except msgspec.ValidationError:
        return None
    whole = encode_json(messages)
    return whole if len(whole) <= min(most_bytes, limits.MAX_MESSAGE_BYTES) else None


def _composed_parts(messages: Sequence[Message], most: int, most_bytes: int, *, validate: bool) -> list[Part]:
    bodies = [
        message_json(message, {}, validate=validate, where=f"message {index}: ")
        for index, message in enumerate(messages)
    ]
    return [(start, len(some), b"[" + b",".join(some) + b"]") for start, some in cut(bodies, most, most_bytes)]


def cut(bodies: Sequence[bytes], most: int, most_bytes: int) -> list[tuple[int, Sequence[bytes]]]:
    """Cut messages into parts of a count and a size, in order, each with the index of its first. A message that is
    larger than a part may be is a part of its own."""
    parts: list[tuple[int, Sequence[bytes]]] = []
    start, size = 0, _BRACKETS
    for index, body in enumerate(bodies):
        if index > start and (index - start == most or size + len(body) > most_bytes):
            parts.append((start, bodies[start:index]))
            start, size = index, _BRACKETS
        size += len(body) + 1
    return [*parts, (start, bodies[start:])] if bodies else []


_BRACKETS = len(b'{"Messages":[]}')
