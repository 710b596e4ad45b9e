"""The answer of a raw call."""

from collections.abc import Mapping
from typing import Any, NamedTuple


class Response(NamedTuple):
    """An answer. ``data`` is its JSON, objects as :class:`carom.client.pages.Record`; ``raw`` its bytes."""

    status: int
    headers: Mapping[str, str]
    data: Any
    raw: bytes
