"""Postmark's times: written in UTC with seven digits and ``Z``; read with any offset, or none for US Eastern."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cache


@cache
def eastern() -> tzinfo:
    """Return the zone of Postmark's zoneless times and of its days."""
    from zoneinfo import ZoneInfo

    return ZoneInfo("America/New_York")


class Timestamp(datetime):
    """A time that is written as Postmark writes it. The JSON encoder hands subclasses of datetime to
    :func:`encode_hook`, so plain datetimes never reach the wire with six digits by mistake."""

    @classmethod
    def of(cls, moment: datetime) -> "Timestamp":
        """Take an aware datetime over; a naive one raises ValueError."""
        if moment.tzinfo is None:
            raise ValueError("a timestamp needs a zone")
        utc = moment.astimezone(UTC)
        return cls.combine(utc.date(), utc.timetz())

    def __str__(self) -> str:
        """Return ``2026-11-05T16:33:54.9070250Z``."""
        return f"{self:%Y-%m-%dT%H:%M:%S.%f}0Z"


def encode_hook(value: object) -> str:
    """Encode what JSON has no form for; the ``enc_hook`` of every encoder of wire structs."""
    if isinstance(value, Timestamp):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no wire form")


def filter_bound(text: str, *, end: bool) -> datetime:
    """Read a ``fromdate`` or ``todate``: a date or a time, US Eastern unless it says otherwise, to the end of what it
    names if ``end``. ``2026-9-7`` is read too. Raises ValueError."""
    text = text.strip()
    day, _, clock = text.replace(" ", "T").partition("T")
    if not clock:
        year, month, number = (int(part) for part in day.split("-"))
        at = datetime.combine(date(year, month, number), time(), tzinfo=eastern())
        return at + timedelta(days=1, microseconds=-1) if end else at
    at = datetime.fromisoformat(f"{day}T{clock}")
    if at.tzinfo is None:
        at = at.replace(tzinfo=eastern())
    return at + timedelta(seconds=1, microseconds=-1) if end and at.microsecond == 0 else at
