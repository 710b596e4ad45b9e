"""What a message stream may be: its id, name, description, type and unsubscribe handling.

https://postmarkapp.com/developer/api/message-streams-api
"""

import re
from collections.abc import Iterable

from carom.server.rules.refusals import Refusal

TYPES = ("Transactional", "Broadcasts", "Inbound")
HANDLING = {"Transactional": ("None",), "Broadcasts": ("Postmark",), "Inbound": ("None",)}
"""Who may handle unsubscribing, by type; the first is the default. Custom handling needs an approval that nobody has."""
HANDLERS = ("None", "Postmark", "Custom")

MAX_STREAMS = 10
MAX_NAME = 100
MAX_DESCRIPTION = 1000
ALWAYS_THERE = frozenset({"outbound", "inbound"})
"""The default transactional and inbound streams: they are never archived."""
RESERVED_IDS = frozenset({"all"})

_ID = re.compile(r"[a-z][a-z0-9_-]{0,29}")
_HTML = re.compile(r"<[a-zA-Z/!?]")


def spelled(text: str, choices: Iterable[str]) -> str | None:
    """Return the choice that a text is, without regard to case."""
    return next((choice for choice in choices if choice.lower() == text.lower()), None)


def check_id(stream_id: str) -> str:
    """Return the id of a new stream. Raises Refusal."""
    if not stream_id:
        raise Refusal(1222)
    if not _ID.fullmatch(stream_id):
        raise Refusal(1227, stream=stream_id)
    if stream_id.startswith("pm-"):
        raise Refusal(1233)
    if stream_id in RESERVED_IDS:
        raise Refusal(1237, stream=stream_id)
    return stream_id


def check_name(name: str) -> str:
    """Return a stream's name. Raises Refusal."""
    if not name.strip():
        raise Refusal(1223)
    if len(name) > MAX_NAME:
        raise Refusal(1224, limit=MAX_NAME)
    return name


def check_description(description: str) -> str | None:
    """Return a stream's description, None for an empty one. Raises Refusal."""
    if len(description) > MAX_DESCRIPTION:
        raise Refusal(1231, limit=MAX_DESCRIPTION)
    if _HTML.search(description):
        raise Refusal(1234)
    return description or None


def check_type(kind: str) -> str:
    """Return the type of a stream to make, as it is spelled. Raises Refusal."""
    found = spelled(kind, TYPES)
    if found is None:
        raise Refusal(1221, kind=kind)
    if found == "Inbound":
        raise Refusal(1228)
    return found


def check_handling(handling: str, kind: str) -> str:
    """Return who handles unsubscribing on a stream of a type; empty is the type's default. Raises Refusal."""
    if not handling:
        return HANDLING[kind][0]
    found = spelled(handling, HANDLERS)
    if found is None:
        raise Refusal(1240, handling=handling)
    if found in HANDLING[kind]:
        return found
    raise Refusal(1238) if found == "Custom" else Refusal(1239, handling=found, kind=kind)
