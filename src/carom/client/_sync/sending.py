# Generated from _async/sending.py by tools/generators/unasync.py: edit _async.
"""Sending: https://postmarkapp.com/developer/api/email-api."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Literal

from carom.client import _core
from carom.client._message import (
    Addresses,
    AttachmentLike,
    Headers,
    Message,
    Part,
    batch_parts,
    check_batch,
    message_json,
)
from carom.client._sync.base import Client
from carom.client._threads import side_by_side
from carom.client.batches import BatchResult, gathered
from carom.client.results import SendResult
from carom.wire.email import SEND_BATCH, SEND_BATCH_WITH_TEMPLATES, SEND_EMAIL, SEND_WITH_TEMPLATE
from carom.wire.endpoint import Encoded, Endpoint


class Sending(Client):
    """The calls that send."""

    kind: ClassVar[Literal["server", "account"]] = "server"

    def deliver(
        self,
        message: Message | None = None,
        /,
        *,
        from_: Addresses | None = None,
        to: Addresses | None = None,
        cc: Addresses | None = None,
        bcc: Addresses | None = None,
        subject: str | None = None,
        html_body: str | None = None,
        text_body: str | None = None,
        reply_to: Addresses | None = None,
        tag: str | None = None,
        headers: Headers | None = None,
        track_opens: bool | None = None,
        track_links: str | None = None,
        metadata: Mapping[str, str] | None = None,
        attachments: AttachmentLike | Sequence[AttachmentLike] | None = None,
        message_stream: str | None = None,
        **fields: Any,
    ) -> SendResult:
        """Send one message, given as a mapping, as keywords, or both (keywords win). Names are these, or Postmark's
        (``HtmlBody``). Raises InactiveRecipientError if nobody can get it, InvalidEmailRequestError for what Postmark
        does not take, ValueError before anything is sent for what it surely would not take."""
        fields |= {
            "from_": from_,
            "to": to,
            "cc": cc,
            "bcc": bcc,
            "subject": subject,
            "html_body": html_body,
            "text_body": text_body,
            "reply_to": reply_to,
            "tag": tag,
            "headers": headers,
            "track_opens": track_opens,
            "track_links": track_links,
            "metadata": metadata,
            "attachments": attachments,
            "message_stream": message_stream,
        }
        return self._send(SEND_EMAIL, message, fields)

    def deliver_with_template(
        self,
        message: Message | None = None,
        /,
        *,
        from_: Addresses | None = None,
        to: Addresses | None = None,
        cc: Addresses | None = None,
        bcc: Addresses | None = None,
        template_id: int | None = None,
        template_alias: str | None = None,
        template_model: Mapping[str, Any] | None = None,
        inline_css: bool | None = None,
        reply_to: Addresses | None = None,
        tag: str | None = None,
        headers: Headers | None = None,
        track_opens: bool | None = None,
        track_links: str | None = None,
        metadata: Mapping[str, str] | None = None,
        attachments: AttachmentLike | Sequence[AttachmentLike] | None = None,
        message_stream: str | None = None,
        **fields: Any,
    ) -> SendResult:
        """Send one message made from a template, named by id or alias, and a model. Raises NotFoundError if there is
        no such template, and what :meth:`deliver` raises."""
        fields |= {
            "from_": from_,
            "to": to,
            "cc": cc,
            "bcc": bcc,
            "template_id": template_id,
            "template_alias": template_alias,
            "template_model": template_model,
            "inline_css": inline_css,
            "reply_to": reply_to,
            "tag": tag,
            "headers": headers,
            "track_opens": track_opens,
            "track_links": track_links,
            "metadata": metadata,
            "attachments": attachments,
            "message_stream": message_stream,
        }
        return self._send(SEND_WITH_TEMPLATE, message, fields)

    def _send(self, endpoint: Endpoint[Any, Any], message: Message | None, fields: Mapping[str, Any]) -> SendResult:
        templated = endpoint is SEND_WITH_TEMPLATE
        body = message_json(message, fields, validate=self._settings.validate, templated=templated)
        request, reply = self._exchange(Encoded(endpoint.method, endpoint.path, {}, body))
        result = _core.decode(request, reply, SendResult)
        if result.error is not None:
            raise result.error
        return result

    def deliver_in_batches(self, messages: Iterable[Message], *, concurrency: int = 1) -> BatchResult:
        """Send any number of messages, in parts of up to 500 and 50 MB, ``concurrency`` parts at a time. Each message
        has its result, in order; a refused one stops no other. Raises BatchError, with the results so far, if a part
        as a whole fails."""
        return self._send_batch(SEND_BATCH, messages, concurrency)

    def deliver_in_batches_with_templates(self, messages: Iterable[Message], *, concurrency: int = 1) -> BatchResult:
        """Send any number of messages made from templates, as :meth:`deliver_in_batches` does."""
        return self._send_batch(SEND_BATCH_WITH_TEMPLATES, messages, concurrency)

    def _send_batch(self, endpoint: Endpoint[Any, Any], messages: Iterable[Message], concurrency: int) -> BatchResult:
        at = self._settings
        listed = check_batch(messages, concurrency)
        parts = batch_parts(listed, at.max_batch_size, at.max_batch_bytes, validate=at.validate)

        def send(part: Part) -> list[SendResult]:
            body = part[2] if endpoint.body else b'{"Messages":' + part[2] + b"}"
            request, reply = self._exchange(Encoded(endpoint.method, endpoint.path, {}, body))
            return _core.decode(request, reply, list[SendResult])

        return gathered(len(listed), parts, side_by_side(send, parts, concurrency))
