"""One message for many recipients: what is common, and what is each one's own."""

from collections.abc import Mapping, Sequence
from typing import Any

from carom.client._message import Message, compose
from carom.wire.endpoint import encode_json


def merged(message: Message, recipient: Mapping[str, Any]) -> dict[str, Any]:
    """Return a message for one recipient, by wire names. Metadata and model are merged, headers are added; what is the
    recipient's own wins."""
    common, own = compose(message, {}), compose(recipient, {})
    found = {**common, **own}
    for name in ("Metadata", "TemplateModel"):
        if name in common and name in own:
            found[name] = {**common[name], **own[name]}
    if "Headers" in common and "Headers" in own:
        theirs = {header["Name"].lower() for header in own["Headers"]}
        found["Headers"] = [h for h in common["Headers"] if h["Name"].lower() not in theirs] + own["Headers"]
    return found


def bulk_json(message: Message, recipients: Sequence[Mapping[str, Any]]) -> bytes:
    """Return the JSON of a bulk request. Raises ValueError if nobody is to get it."""
    if not recipients:
        raise ValueError("recipients is empty: a bulk request needs at least one")
    return encode_json({**compose(message, {}), "Messages": [compose(recipient, {}) for recipient in recipients]})
