"""What may be sent: a request to send, checked and read once, before anything is looked up."""

import base64
import binascii
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TypeVar

import msgspec
from msgspec import Struct, UnsetType, structs

from carom.server.rules.refusals import Refusal, invalid_email
from carom.server.rules.scenarios import BOUNCE_TYPE_HEADER, requested_type
from carom.server.rules.streams import spelled
from carom.taxonomy import BounceType
from carom.wire import email as limits
from carom.wire.addresses import Address, BadAddress, parse_address, parse_addresses
from carom.wire.email import SendEmail

Item = TypeVar("Item")

_BOUNCE_TYPE_HEADER = BOUNCE_TYPE_HEADER.lower()
_encode = msgspec.json.Encoder().encode
_HEADER_NAME = re.compile(r"[!-9;-~]+")  # RFC 5322, 3.6.8: printable ASCII without the colon


_METADATA_RULES = (
    f"Invalid metadata content. Field names are limited to {limits.MAX_METADATA_KEY} characters, "
    f"values to {limits.MAX_METADATA_VALUE} characters, and there may be {limits.MAX_METADATA} fields, "
    "their names different without regard to case."
)


class Recipient(Struct, frozen=True):
    """One address of a message, as it was given and in lower case. ``requested_type`` is set for the addresses that ask
    to bounce."""

    email: str
    folded: str
    domain: str
    requested_type: BounceType | None


class Checked(Struct, frozen=True):
    """A message that may be stored: its request as JSON, and what was read from it. ``sender`` is the bare address of From,
    ``to`` is To as it was sent, for the answer; ``metadata`` is JSON."""

    content: bytes
    from_: str
    sender: str
    recipients: tuple[Recipient, ...]
    stream: str
    to: str | None
    subject: str
    tag: str | None
    metadata: str | None


def given(text: str | UnsetType | None) -> str:
    """Return a text, empty where it was not given: null and ``""`` count as absent."""
    return text if isinstance(text, str) else ""


def check(email: SendEmail) -> Checked:
    """Check a message. Raises Refusal with Postmark's code and text for the first fault."""
    email = _spelled(email)
    try:
        from_, sender = _sender(email)
        recipients = _recipients(email)
        if reply_to := given(email.reply_to):
            parse_addresses(reply_to, "Reply-To")
    except BadAddress as error:
        raise invalid_email(str(error)) from error
    for fault in _faults(email):
        raise invalid_email(fault)
    for attachment in _or_empty(email.attachments):
        _check_attachment(attachment)
    asked = next((h.value for h in _or_empty(email.headers) if h.name.lower() == _BOUNCE_TYPE_HEADER), None)
    return Checked(
        content=_encode(email),
        from_=from_,
        sender=sender,
        recipients=tuple([_recipient(address.email, asked) for address in recipients]),
        stream=given(email.message_stream) or limits.DEFAULT_STREAM,
        to=given(email.to) or None,
        subject=given(email.subject),
        tag=given(email.tag) or None,
        metadata=_encode(email.metadata).decode() if isinstance(email.metadata, dict) else None,
    )


def _spelled(email: SendEmail) -> SendEmail:
    """Spell TrackLinks as it is answered: it may come in any case."""
    links = given(email.track_links)
    if not links or links in limits.TRACK_LINKS:
        return email
    return structs.replace(email, track_links=spelled(links, limits.TRACK_LINKS) or links)


def _recipient(email: str, asked: str | None) -> Recipient:
    folded = email.lower()
    return Recipient(email, folded, folded.rpartition("@")[2], requested_type(folded, asked))


def _or_empty(items: list[Item] | UnsetType) -> list[Item]:
    return [] if isinstance(items, UnsetType) else items


def _sender(email: SendEmail) -> tuple[str, str]:
    text = given(email.from_).strip()
    if not text:
        raise BadAddress("Invalid 'From' address: ''.")
    return _read_sender(text)


@lru_cache(maxsize=1024)
def _read_sender(text: str) -> tuple[str, str]:
    """Read From, which one sender gives again and again: as it is written, and the bare address."""
    if _is_longer(text, limits.MAX_FROM):
        raise BadAddress(f"Invalid 'From' address: it is longer than {limits.MAX_FROM} characters.")
    found = parse_address(text, "From")
    return str(found), found.email


def _is_longer(text: str, units: int) -> bool:
    """Tell whether Postmark says that a text is too long: it counts UTF-16 units, of which a character has one or two."""
    return len(text) * 2 > units < len(text.encode("utf-16-le", "surrogatepass")) // 2


def _recipients(email: SendEmail) -> list[Address]:
    """Read To, Cc and Bcc; an address named twice gets one copy."""
    found = [
        address
        for field, text in (("To", email.to), ("Cc", email.cc), ("Bcc", email.bcc))
        if isinstance(text, str) and text
        for address in parse_addresses(text, field)
    ]
    if not found:
        raise BadAddress("Zero recipients specified. At least one address is needed in To, Cc or Bcc.")
    if len(found) > limits.MAX_RECIPIENTS:
        raise BadAddress(
            f"Too many recipients: {len(found)} in To, Cc and Bcc together; "
            f"a message takes {limits.MAX_RECIPIENTS} at most."
        )
    if len(found) == 1:
        return found
    first: dict[str, Address] = {}
    for address in found:
        first.setdefault(address.email.lower(), address)
    return list(first.values())


def _faults(email: SendEmail) -> Iterator[str]:
    """Yield what is wrong with the fields that are no addresses."""
    html, text = given(email.html_body), given(email.text_body)
    if not html and not text:
        yield "Provide either email TextBody or HtmlBody or both."
    for name, body in (("HtmlBody", html), ("TextBody", text)):
        if len(body) * 4 > limits.MAX_BODY_BYTES < len(body.encode(errors="surrogatepass")):
            yield f"Invalid '{name}': it is larger than {limits.MAX_BODY_BYTES:,} bytes."
    for name, line, longest in (
        ("Subject", email.subject, limits.MAX_SUBJECT),
        ("Tag", email.tag, limits.MAX_TAG),
        ("MessageStream", email.message_stream, None),
    ):
        if not isinstance(line, str):
            continue
        if longest is not None and _is_longer(line, longest):
            yield f"Invalid '{name}': it is longer than {longest} characters."
        if "\0" in line:
            yield f"Invalid '{name}': it holds a NUL."
    if (track_links := given(email.track_links)) and track_links not in limits.TRACK_LINKS:
        yield f"Invalid 'TrackLinks': '{track_links}' is none of {', '.join(limits.TRACK_LINKS)}."
    yield from _metadata_faults(email)
    for header in _or_empty(email.headers):
        if not _HEADER_NAME.fullmatch(header.name):
            yield f"Invalid 'Headers' name: '{header.name}'."


def _metadata_faults(email: SendEmail) -> Iterator[str]:
    metadata = email.metadata
    if not isinstance(metadata, dict) or not metadata:
        return
    if (
        len(metadata) > limits.MAX_METADATA
        or max(map(len, metadata)) > limits.MAX_METADATA_KEY
        or max(map(len, metadata.values())) > limits.MAX_METADATA_VALUE
        or len(set(map(str.lower, metadata))) < len(metadata)
    ):
        yield _METADATA_RULES


def _check_attachment(attachment: limits.Attachment) -> None:
    # Windows leaves dots and spaces at the end of a name out.
    extension = attachment.name.rstrip(". \t\r\n").rpartition(".")[2].lower()
    if extension in limits.FORBIDDEN_EXTENSIONS:
        raise Refusal(411, name=attachment.name, extension=extension)
    try:
        base64.b64decode("".join(attachment.content.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise invalid_email(f"Invalid 'Attachments': the content of '{attachment.name}' is no base64.") from error
