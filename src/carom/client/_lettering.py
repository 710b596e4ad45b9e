"""What an e-mail message is before a send, and learns after it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from carom.client.errors import Error
from carom.client.results import SendResult

if TYPE_CHECKING:
    from carom.client._letters import Letter  # the e-mail package is slow to import

_ID = "X-PM-Message-Id"


def is_templated(fields: Mapping[str, Any]) -> bool:
    """Whether fields name a template."""
    return bool(fields.get("TemplateId") or fields.get("TemplateAlias"))


def readable(message: object, *, templated: bool | None, where: str = "") -> "tuple[dict[str, Any], Letter]":
    """Return a message's fields and the message. Raises ValueError if it is templated and should not be, or the other
    way round; UnknownMessageType if it is none."""
    from carom.client._letters import read_letter, to_fields

    letter = read_letter(message)
    fields = to_fields(letter)
    if templated is not None and is_templated(fields) != templated:
        raise ValueError(f"{where}the message is {'not ' if templated else ''}templated")
    return fields, letter


def _learns(letter: object, *, annotate: bool) -> bool:
    return annotate or hasattr(letter, "postmark_fields")


def note_results(letters: "Sequence[Letter]", results: Sequence[SendResult], *, annotate: bool) -> None:
    """Tell messages what became of them."""
    for letter, result in zip(letters, results, strict=True):
        if _learns(letter, annotate=annotate):
            _note(letter, delivered=result.ok, response=result, message_id=result.message_id)


def note_refusal(letter: "Letter", error: Error, *, annotate: bool) -> None:
    """Tell a message that it was not accepted, and why."""
    if _learns(letter, annotate=annotate):
        _note(letter, delivered=False, response=error, message_id=None)


def _note(letter: "Letter", *, delivered: bool, response: object, message_id: str | None) -> None:
    vars(letter).update(delivered=delivered, postmark_response=response, postmark_message_id=message_id)
    del letter[_ID]
    letter[_ID] = message_id or ""
