"""A bulk request: checked as a whole before any of it is kept, then made into messages, one by one.

https://postmarkapp.com/developer/api/bulk-email
"""

from collections.abc import Iterator
from typing import Any

from msgspec import Struct, UnsetType, structs

from carom.server.rules.mustachio import Budget, RenderFailed, read
from carom.server.rules.refusals import Refusal, invalid_email
from carom.server.rules.sending import Checked, check, given
from carom.server.rules.templated import Prepared
from carom.server.rules.templates import BAD_VALUE, NOT_TOGETHER, Parts
from carom.wire.bulk import BulkRecipient, SendBulk
from carom.wire.email import MAX_MESSAGE_BYTES, Header, SendEmail

DEFAULT_STREAM = "broadcast"
STREAM_TYPE = "Broadcasts"
CHUNK = 50
"""How many messages one job makes."""
MAX_FAULTS = 100
"""How many faults an answer names at most."""

ACCEPTED, PROCESSING, COMPLETED = "Accepted", "Processing", "Completed"

Fault = tuple[str, Refusal]
"""A fault and the field that it is in."""


class Mailing(Struct, frozen=True, kw_only=True):
    """What the messages of a bulk request have in common, as it is kept: a template's parts are those of the time of
    the request."""

    email: SendEmail
    parts: Parts
    layout: Parts | None
    css: bool


# A message with nothing wrong in it: with one field of a request in its place, what is wrong is that field.
_SOUND = SendEmail(from_="a@example.com", to="a@example.com", text_body="x", html_body="x")
_COMMON = {
    "From": "from_",
    "ReplyTo": "reply_to",
    "Subject": "subject",
    "HtmlBody": "html_body",
    "TextBody": "text_body",
    "Tag": "tag",
    "Metadata": "metadata",
    "Headers": "headers",
    "TrackLinks": "track_links",
    "Attachments": "attachments",
    "MessageStream": "message_stream",
}


def faults(request: SendBulk) -> Iterator[Fault]:
    """Yield what is wrong with a request, field by field."""
    for name, attribute in _COMMON.items():
        yield from _fault(name, {attribute: getattr(request, attribute)})
    yield from _content_faults(request)
    messages = [] if isinstance(request.messages, UnsetType) else request.messages
    if not messages:
        yield "Messages", invalid_email("Zero recipients specified. At least one entry is needed in Messages.")
    for number, one in enumerate(messages):
        yield from _fault(f"Messages[{number}].To", {"to": one.to, "cc": one.cc, "bcc": one.bcc})
        yield from _fault(
            f"Messages[{number}].Metadata", {"metadata": _merged_metadata(request.metadata, one.metadata)}
        )
        yield from _fault(f"Messages[{number}].Headers", {"headers": one.headers})


def _fault(name: str, fields: dict[str, Any]) -> Iterator[Fault]:
    try:
        check(structs.replace(_SOUND, **fields))
    except Refusal as refusal:
        yield name, refusal


def is_templated(request: SendBulk) -> bool:
    """Whether a request names a template."""
    return bool(request.template_id or given(request.template_alias))


def _content_faults(request: SendBulk) -> Iterator[Fault]:
    parts = own_parts(request)
    if is_templated(request):
        for name, _ in parts.present():
            yield name, Refusal(NOT_TOGETHER, text=f"A message made from a template cannot have a '{name}' of its own.")
        return
    if not parts.html_body and not parts.text_body:
        yield "TextBody", invalid_email("Provide either email TextBody or HtmlBody or both.")
    for name, text in parts.present():
        wrong = read(text, layout=False).faults
        if wrong:
            yield name, Refusal(BAD_VALUE, text=f"The '{name}' cannot be parsed: {wrong[0].message}")


def own_parts(request: SendBulk) -> Parts:
    """Return the parts that a request has of its own."""
    return Parts(*(given(text) or None for text in (request.subject, request.html_body, request.text_body)))


def mailing(request: SendBulk, stream: str, parts: Parts, layout: Parts | None) -> Mailing:
    """Return what is kept of a sound request. Raises Refusal if each message would be larger than a message may be."""
    size = sum(len(text or "") for text in parts)
    if not isinstance(request.attachments, UnsetType):
        size += sum(len(file.content) for file in request.attachments)
    if size > MAX_MESSAGE_BYTES:
        raise Refusal(413, limit=f"{MAX_MESSAGE_BYTES // 1_000_000} MB")
    email = SendEmail(
        from_=request.from_,
        reply_to=request.reply_to,
        tag=request.tag,
        metadata=request.metadata,
        headers=request.headers,
        track_opens=request.track_opens,
        track_links=request.track_links,
        attachments=request.attachments,
        message_stream=stream,
    )
    # Styles are inlined in templates unless that is turned off, in bodies of the request's own if it is turned on.
    css = request.inline_css is not False if is_templated(request) else request.inline_css is True
    return Mailing(email=email, parts=parts, layout=layout, css=css)


def message(kept: Mailing, template: Prepared, one: BulkRecipient) -> Checked:
    """Make one message. Raises Refusal where its model does not fit."""
    model = {} if isinstance(one.template_model, UnsetType) else one.template_model
    try:
        parts = template.render(model, Budget(room=MAX_MESSAGE_BYTES), css=kept.css)
    except RenderFailed as error:
        raise Refusal(BAD_VALUE, text=str(error)) from error
    fields: dict[str, Any] = {name: text for name, text in parts._asdict().items() if text is not None}
    fields |= {"to": one.to, "cc": one.cc, "bcc": one.bcc}
    fields["metadata"] = _merged_metadata(kept.email.metadata, one.metadata)
    fields["headers"] = _merged_headers(kept.email.headers, one.headers)
    return check(structs.replace(kept.email, **fields))


def _merged_metadata(common: dict[str, str] | UnsetType, own: dict[str, str] | UnsetType) -> dict[str, str] | UnsetType:
    """Put a message's own fields over those of all."""
    if isinstance(common, UnsetType) or isinstance(own, UnsetType):
        return own if isinstance(common, UnsetType) else common
    return {**common, **own}


def _merged_headers(common: list[Header] | UnsetType, own: list[Header] | UnsetType) -> list[Header] | UnsetType:
    """Put a message's own headers in the place of those of all with the same names."""
    if isinstance(common, UnsetType) or isinstance(own, UnsetType):
        return own if isinstance(common, UnsetType) else common
    theirs = {header.name.lower() for header in own}
    return [header for header in common if header.name.lower() not in theirs] + own


def progress(total: int, released: int, failed: int) -> tuple[str, float]:
    """Return a request's status, and how much of it is done, from 0 to 1."""
    done = released + failed
    if not done:
        return ACCEPTED, 0.0
    return (COMPLETED if done >= total else PROCESSING), round(done / total, 4)
