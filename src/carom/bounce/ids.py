"""Message-IDs, as headers and as events have them."""


def bare_id(value: str | None) -> str | None:
    """Return the first Message-ID of a header value without its angle brackets, None where there is none."""
    first = (value or "").strip().partition(">")[0].lstrip("< \t")
    return first.strip() or None
