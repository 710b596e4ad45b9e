"""Postmark's times: written in UTC with seven digits and ``Z``; read with any offset, or none for US Eastern."""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import cache
from typing import Annotated

import msgspec
from msgspec import Meta

Moment = Annotated[datetime, Meta(tz=True)]
"""A time in an answer. One without a zone does not pass: the tolerant reader takes it as US Eastern."""


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
        utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
        return cls(utc.year, utc.month, utc.day, utc.hour, utc.minute, utc.second, utc.microsecond, UTC)

    def __str__(self) -> str:
        """Return ``2026-11-05T16:33:54.9070250Z``."""
        return f"{self.isoformat(timespec='microseconds')[:26]}0Z"


def encode_hook(value: object) -> str:
    """Encode what JSON has no form for; the ``enc_hook`` of every encoder of wire structs."""
    if isinstance(value, Timestamp):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no wire form")


_BOUND = re.compile(r"([0-9-]+)(?:[T ](.*))?", re.ASCII | re.IGNORECASE)


def filter_bound(text: str, *, end: bool) -> datetime:
    """Read a ``fromdate`` or ``todate``: a date or a time, US Eastern unless it says otherwise, to the end of what it
    names if ``end``. ``2026-9-7`` is read too. Raises ValueError, and OverflowError for a time that another zone cannot
    tell, as it is before the first year there or after the last."""
    at = _bound(text, end=end)
    at.astimezone(UTC).astimezone(eastern())
    return at


def _bound(text: str, *, end: bool) -> datetime:
    found = _BOUND.fullmatch(text.strip())
    day, clock = ("", "") if found is None else found.groups(default="")
    if not clock:
        year, month, number = (int(part) for part in day.split("-"))
        at = datetime.combine(date(year, month, number), time(), tzinfo=eastern())
        return at + timedelta(days=1, microseconds=-1) if end else at
    at = datetime.fromisoformat(f"{day}T{clock.replace(' ', '+')}")  # a plus that was not escaped is a space
    if at.tzinfo is None:
        at = at.replace(tzinfo=eastern())
    return at + timedelta(seconds=1, microseconds=-1) if end and at.microsecond == 0 else at


_TIME = re.compile(
    r"\s*(\d{4})-(\d\d?)-(\d\d?)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?\s*(Z|z|[+-]\d\d:?\d\d)?)?\s*"
)


def read_time(text: str) -> datetime | None:
    """Read a time of an answer: any number of fraction digits, any offset, none for US Eastern; None if it is no time."""
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    try:
        at = msgspec.convert(text, datetime)  # rounds the seventh digit as exact reading does
        return at if at.tzinfo else at.replace(tzinfo=eastern())
    except msgspec.ValidationError:
        return _loose_time(found)


def _loose_time(found: re.Match[str]) -> datetime | None:
    year, month, day, hour, minute, second, fraction, offset = found.groups(default="0")
    try:
        at = datetime(  # noqa: DTZ001  # the zone follows
            int(year), int(month), int(day), int(hour), int(minute), int(second), int(f"{fraction:0<6.6}")
        )
        return at.replace(tzinfo=eastern() if offset == "0" else _offset(offset))
    except ValueError:
        return None


def _offset(text: str) -> tzinfo:
    if text in {"Z", "z"}:
        return UTC
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))


def eastern_text(moment: date | datetime) -> str:
    """Write the bound of a filter: a day as it is, a time in US Eastern without zone; a naive one is Eastern."""
    if not isinstance(moment, datetime):
        return moment.isoformat()
    local = moment.astimezone(eastern()) if moment.tzinfo else moment
    return f"{local:%Y-%m-%dT%H:%M:%S}"
