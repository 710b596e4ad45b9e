"""Mappings inside of fields, whose names may be in either spelling too."""

from typing import Any

from carom.wire._kinds import is_list, is_mapping
from carom.wire._naming import postmark_name


def nested(value: Any) -> Any:
    """Return a value with the names of its mappings in Postmark's spelling, those in capitals as they are."""
    if is_mapping(value):
        return {postmark_name(name) if name[:1].islower() else name: nested(inner) for name, inner in value.items()}
    return [nested(item) for item in value] if is_list(value) else value
