"""Sending e-mail messages: the standard library's ``email`` in place of Ruby's Mail."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from carom.client._async.sending import AsyncSending
from carom.client._lettering import is_templated, note_refusal, note_results, readable
from carom.client.batches import BatchResult
from carom.client.errors import Error
from carom.client.results import SendResult
from carom.wire.email import SEND_EMAIL, SEND_WITH_TEMPLATE

if TYPE_CHECKING:
    from carom.client._letters import Letter  # the e-mail package is slow to import


class AsyncLetters(AsyncSending):
    """The calls that send e-mail messages: EmailMessage, :class:`carom.Message`, old-style messages, raw bytes. Other
    things raise UnknownMessageType. A :class:`carom.Message` learns what became of it, others only with
    ``annotate=True``."""

    async def deliver_message(self, msg: object, *, annotate: bool = False) -> SendResult:
        """Send a message. Raises ValueError for a templated one, and what :meth:`deliver` raises."""
        fields, letter = readable(msg, templated=False)
        return await self.deliver_fields(fields, letter, annotate=annotate)

    async def deliver_message_with_template(self, msg: object, *, annotate: bool = False) -> SendResult:
        """Send a templated message. Raises ValueError for one that is not, and what :meth:`deliver_with_template`
        raises."""
        fields, letter = readable(msg, templated=True)
        return await self.deliver_fields(fields, letter, annotate=annotate)

    async def deliver_messages(self, msgs: Iterable[object], *, annotate: bool = False) -> BatchResult:
        """Send messages as a batch. Raises ValueError if one is templated."""
        read = [readable(msg, templated=False, where=f"message {index}: ") for index, msg in enumerate(msgs)]
        results = await self.deliver_in_batches([fields for fields, _ in read])
        note_results([letter for _, letter in read], results, annotate=annotate)
        return results

    async def deliver_messages_with_templates(self, msgs: Iterable[object], *, annotate: bool = False) -> BatchResult:
        """Send templated messages as a batch. Raises ValueError if one is not."""
        read = [readable(msg, templated=True, where=f"message {index}: ") for index, msg in enumerate(msgs)]
        results = await self.deliver_in_batches_with_templates([fields for fields, _ in read])
        note_results([letter for _, letter in read], results, annotate=annotate)
        return results

    async def deliver_letter(self, msg: object, *, annotate: bool = False) -> SendResult:
        """Send a message, templated or not."""
        fields, letter = readable(msg, templated=None)
        return await self.deliver_fields(fields, letter, annotate=annotate)

    async def deliver_fields(
        self, fields: Mapping[str, Any], letter: "Letter", *, annotate: bool = False
    ) -> SendResult:
        """Send the fields that a message was turned into, and note on it what became of it."""
        endpoint = SEND_WITH_TEMPLATE if is_templated(fields) else SEND_EMAIL
        try:
            result = await self._send(endpoint, fields, {})
        except Error as error:
            note_refusal(letter, error, annotate=annotate)
            raise
        note_results([letter], [result], annotate=annotate)
        return result
