"""What a bounce is listed as, and what it deactivates."""

from carom.taxonomy import BounceType, Suppresses


def listed_type(verdict: BounceType, requested: BounceType | None, *, proven: bool) -> BounceType:
    """Return the type a bounce is listed under: Unknown unless it is proved ours, else the one that a test address asked
    for, else what the engine found."""
    if not proven:
        return BounceType.UNKNOWN
    return requested or verdict


def suppresses(kind: BounceType, *, proven: bool) -> Suppresses | None:
    """Return the suppression that a bounce writes. One that nobody has proved ours writes none, whatever it says."""
    return kind.suppresses if proven else None
