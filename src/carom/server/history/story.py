"""A history made up: who got what, when, and what became of it. The same seed and span tell the same story.

Made of plain tuples in the order of the columns below, since ten million messages are some forty million rows.
"""

import hashlib
import struct
import zlib
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import Struct

from carom.server.rules.agents import read_agent
from carom.server.rules.lifecycle import Event, State
from carom.server.rules.stats import (
    FIRST,
    Kind,
    day_begins,
    day_of,
    keys_of_click,
    keys_of_open,
    keys_of_tracking,
)
from carom.server.store import bodies
from carom.server.store.stats import Fact
from carom.taxonomy import BounceType

CHUNK: Final = 20_000
"""Messages told at once."""
_MICROSECOND: Final = timedelta(microseconds=1)
_EPOCH: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")

COLUMNS: Final = {
    "message": ("id", "server_id", "stream", "submitted_at", "from_address", "subject", "tag", "metadata", "content"),
    "recipient": ("id", "message_id", "server_id", "stream", "address", "email", "bucket", "state", "attempts", "fence",
                  "tracks_opens", "tracked_links"),
    "event": ("server_id", "message_id", "recipient_id", "kind", "at", "details"),
    "bounce": ("id", "server_id", "stream", "message_id", "recipient_id", "type", "email", "from_address", "subject",
               "tag", "details", "bounced_at", "dump", "proven", "verdict", "rule", "matched", "status"),
    "body": ("digest", "size", "content", "stored_at"),
    "suppression": ("server_id", "stream", "email", "reason", "origin", "created_at", "bounce_id"),
    "open": ("server_id", "stream", "message_id", "recipient_id", "recipient", "email", "tag", "at", "read_seconds",
             "user_agent", "client_name", "client_company", "client_family", "os_name", "os_company", "os_family",
             "platform", "country_iso_code", "country", "city", "coords", "ip"),
    "click": ("server_id", "stream", "message_id", "recipient_id", "recipient", "email", "tag", "at", "link",
              "link_digest", "location", "user_agent", "client_name", "client_company", "client_family", "os_name",
              "os_company", "os_family", "platform", "country_iso_code", "country", "city", "coords", "ip"),
}  # fmt: skip
"""What is told of each table; the rest has its default."""

Rows = dict[str, list[tuple[Any, ...]]]
"""Rows by table."""


class Plan(Struct, frozen=True, kw_only=True):
    """What to tell. ``end`` is the time of the last message; ids are counted on from those given."""

    server_id: int
    messages: int
    days: int
    end: datetime
    seed: int
    recipient_id: int
    bounce_id: int


class _Letter(NamedTuple):
    """A kind of mail: of 100 messages so many; ``{}`` in the subject is a number."""

    share: int
    stream: str
    tag: str | None
    sender: str
    subject: str
    text: str
    tracked: bool


_LETTERS: Final = (
    _Letter(30, "outbound", "receipt", "Shop <shop@example.com>", "Your order {}", "Thank you for your order.", False),
    _Letter(15, "outbound", "welcome", "Ann at Shop <ann@example.com>", "Welcome!", "It is good to have you.", True),
    _Letter(10, "outbound", "password", "shop@example.com", "Reset your password", "Here is your link.", False),
    _Letter(15, "outbound", "shipping", "Shop <shop@example.com>", "Parcel {} is on its way", "It will be soon.", True),
    _Letter(10, "outbound", None, "robot@example.com", "Report {}", "All is well.", False),
    _Letter(20, "broadcast", "newsletter", "Shop News <news@example.com>", "News of the week", "Read more.", True),
)
_PROVIDERS: Final = 20
_RETURNED: Final = (
    (0.010, BounceType.HARD_BOUNCE, "smtp;550 5.1.1 no such user", "5.1.1"),
    (0.022, BounceType.SOFT_BOUNCE, "smtp;452 4.2.2 mailbox full", "4.2.2"),
    (0.026, BounceType.BLOCKED, "smtp;554 5.7.1 blocked", "5.7.1"),
    (0.028, BounceType.TRANSIENT, "smtp;451 4.4.1 no answer", "4.4.1"),
    (0.0285, BounceType.SPAM_COMPLAINT, "complaint", None),
)
"""What comes back: the share of messages up to here, the type, what the remote said, its status."""
_AGENTS: Final = (
    "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:115.0) Gecko/20100101 Thunderbird/115.3.1",
    "",
)
_PLACES: Final = (
    ("RS", "Serbia", "Novi Sad", "45.2517,19.8369", "192.0.2.4"),
    ("DE", "Germany", "Hamburg", "53.5511,9.9937", "192.0.2.5"),
    ("US", "United States", "Chicago", "41.8781,-87.6298", "192.0.2.6"),
    (None, None, None, None, None),
)
_LINKS: Final = ("https://example.com/order", "https://example.com/news")
# Plain numbers: hashing and storing members of an enum costs more than the rest of a row.
_BOUNCED, _DELIVERED, _ACCEPTED, _RETURN = (
    int(member) for member in (State.BOUNCED, State.DELIVERED, Event.ACCEPTED, Event.RETURNED)
)


def micros(at: datetime) -> int:
    """Return a time as it is stored."""
    return (at - _EPOCH) // _MICROSECOND


class Story:
    """A history as rows; what they come to stands in ``facts`` when all is told."""

    def __init__(self, plan: Plan) -> None:
        """Take the plan over."""
        self._plan = plan
        self._random = Random(plan.seed)  # noqa: S311  a story, no secret
        self._end = micros(plan.end)
        self._begin = self._end - plan.days * 86_400_000_000
        first = day_of(plan.end - timedelta(days=plan.days))
        self._days = range(first, day_of(plan.end) + 1)
        self._day_ends = [micros(day_begins(day + 1)) for day in self._days]
        # By the place of the letter and the day.
        self._messages: Counter[tuple[int, int]] = Counter()
        self._sent: Counter[tuple[int, int]] = Counter()
        self._counts: Counter[tuple[Kind, str | None, int, str, str]] = Counter()
        self._recipient_id = plan.recipient_id
        self._bounce_id = plan.bounce_id
        # Each gets some ten messages, however many there are in all.
        self._people = max(plan.messages // 10, 1)
        self._opens = [self._agent(agent, browsing=False) for agent in _AGENTS]
        self._clicks = [self._agent(agent, browsing=True) for agent in _AGENTS]
        self._delivered = [
            msgspec.json.encode(
                {
                    "DeliveryMessage": "smtp;250 OK",
                    "DestinationServer": f"mx.mail{n}.test",
                    "DestinationIP": f"192.0.2.{n}",
                }
            ).decode()
            for n in range(_PROVIDERS)
        ]
        self._kinds = [kind for kind, letter in enumerate(_LETTERS) for _ in range(letter.share)]

    @property
    def facts(self) -> list[Fact]:
        """What happened, as it is counted."""
        of = self._plan.server_id
        found = [
            Fact(of, kind, tag, day, stream, key, number)
            for (kind, tag, day, stream, key), number in self._counts.items()
        ]
        for kind, sums in ((Kind.MESSAGE, self._messages), (Kind.SENT, self._sent)):
            for (place, day), number in sums.items():
                letter = _LETTERS[place]
                found.append(Fact(of, kind, letter.tag, day, letter.stream, "", number))
        for (place, day), number in self._sent.items():
            letter = _LETTERS[place]
            counted = keys_of_tracking(opens=True, links=1) if letter.tracked else []
            found += [Fact(of, kind, letter.tag, day, letter.stream, key, each * number) for kind, key, each in counted]
        return found

    def chunks(self) -> Iterator[Rows]:
        """Tell it, in order of time."""
        for first in range(0, self._plan.messages, CHUNK):
            rows: Rows = {name: [] for name in COLUMNS}
            for number in range(first, min(first + CHUNK, self._plan.messages)):
                self._message(rows, number)
            yield rows

    def _message(self, rows: Rows, number: int) -> None:
        plan, random = self._plan, self._random.random
        chance = random()
        at = self._begin + int((number + chance) * (self._end - self._begin) / plan.messages)
        kind = self._kinds[int(chance * 7919 % 1 * 100)]
        letter = _LETTERS[kind]
        subject = letter.subject.format(number)
        message_id = _uuid(at // 1000, self._random.getrandbits(74))
        fate = random()
        person = int(random() * self._people)
        # Whoever is gone bounced once and is mailed no more.
        local, provider = (f"gone{number}" if fate < _RETURNED[0][0] else f"user{person}"), person % _PROVIDERS
        address = f"{local}@mail{provider}.test"
        metadata = f'{{"customer":"c{person}"}}' if letter.tag == "receipt" else None
        others = f", copy{person}@mail{provider}.test" if fate > 0.95 else ""
        rows["message"].append(
            (message_id, plan.server_id, letter.stream, at, letter.sender, subject, letter.tag, metadata,
             _content(letter, address + others, subject, metadata))
        )  # fmt: skip
        day = self._day(at)
        self._messages[kind, day] += 1
        what = next((row for row in _RETURNED if fate < row[0]), None)
        self._sent[kind, day] += 2 if others else 1
        recipient_id = self._recipient(rows, message_id, letter, address, provider, at, bounced=what is not None)
        if others:
            self._recipient(rows, message_id, letter, others[2:], provider, at, bounced=False)
        if what is not None:
            self._bounce(rows, message_id, recipient_id, letter, address, subject, at, what)
        elif letter.tracked and chance * 104_729 % 1 < 0.25:
            self._visits(rows, message_id, recipient_id, letter, address, at, random())

    def _recipient(
        self,
        rows: Rows,
        message_id: bytes,
        letter: _Letter,
        address: str,
        provider: int,
        at: int,
        *,
        bounced: bool,
    ) -> int:
        plan, recipient_id = self._plan, self._recipient_id
        self._recipient_id += 1
        state = _BOUNCED if bounced else _DELIVERED
        tracked = (True, 1) if letter.tracked else (None, None)
        rows["recipient"].append(
            (recipient_id, message_id, plan.server_id, letter.stream, address, address, f"mail{provider}.test",
             state, 1, 1, *tracked)
        )  # fmt: skip
        if not bounced:
            rows["event"].append((plan.server_id, message_id, recipient_id, _ACCEPTED, at, self._delivered[provider]))
        return recipient_id

    def _bounce(
        self,
        rows: Rows,
        message_id: bytes,
        recipient_id: int,
        letter: _Letter,
        address: str,
        subject: str,
        at: int,
        what: tuple[float, BounceType, str, str | None],
    ) -> None:
        _, kind, said, status = what
        plan, bounce_id = self._plan, self._bounce_id
        self._bounce_id += 1
        came = min(at + 60_000_000, self._end)
        dump = f"From: MAILER-DAEMON@example.net\r\nSubject: Returned mail\r\n\r\n<{address}>: {said}\r\n".encode()
        digest = hashlib.sha256(dump).digest()
        rows["body"].append((digest, len(dump), _packed(dump), came))
        rows["bounce"].append(
            (bounce_id, plan.server_id, letter.stream, message_id, recipient_id, kind.code, address, letter.sender,
             subject, letter.tag, said, came, digest, True, kind.code, "made-up", "", status)
        )  # fmt: skip
        details = msgspec.json.encode({"Summary": said, "BounceID": str(bounce_id)}).decode()
        rows["event"].append((plan.server_id, message_id, recipient_id, _RETURN, came, details))
        if kind is BounceType.HARD_BOUNCE and kind.suppresses is not None:
            reason, origin = kind.suppresses.reason.value, kind.suppresses.origin.value
            rows["suppression"].append((plan.server_id, letter.stream, address, reason, origin, came, bounce_id))
        self._counts[Kind.BOUNCE, letter.tag, self._day(came), letter.stream, kind.value] += 1

    def _visits(
        self,
        rows: Rows,
        message_id: bytes,
        recipient_id: int,
        letter: _Letter,
        address: str,
        at: int,
        chance: float,
    ) -> None:
        of = (self._plan.server_id, letter.stream, message_id, recipient_id, address, address, letter.tag)
        agent = self._opens[int(chance * 7919 % 1 * len(_AGENTS))]
        place = _PLACES[int(chance * 104_729 % 1 * len(_PLACES))]
        seconds = int(chance * 25) if chance < 0.8 else None
        came = min(at + int(chance * chance * 172_800_000_000), self._end)
        rows["open"].append((*of, came, seconds, *agent, *place))
        day = self._day(came)
        for kind, key in [(Kind.OPEN, FIRST), *keys_of_open(agent[-1], agent[3], seconds)]:
            self._counts[kind, letter.tag, day, letter.stream, key] += 1
        if chance > 0.2:
            return
        browser = self._clicks[int(chance * 7919 % 1 * len(_AGENTS))]
        link = _LINKS[recipient_id % 2]
        came = min(came + 5_000_000, self._end)
        rows["click"].append((*of, came, link, hashlib.sha256(link.encode()).digest(), "HTML", *browser, *place))
        day = self._day(came)
        for kind, key in [(Kind.CLICK, FIRST), *keys_of_click(browser[-1], browser[3], "HTML")]:
            self._counts[kind, letter.tag, day, letter.stream, key] += 1

    def _day(self, at: int) -> int:
        return self._days[bisect_right(self._day_ends, at)]

    def _agent(self, header: str, *, browsing: bool) -> tuple[str, ...]:
        found = read_agent(header, browsing=browsing)
        software = (part or "" for one in (found.client, found.os) for part in (one.name, one.company, one.family))
        return (header, *software, found.platform)


def _uuid(milliseconds: int, bits: int) -> bytes:
    """Return a UUID of version 7 with given random bits."""
    return (milliseconds << 80 | 0x7 << 76 | (bits >> 62) << 64 | 0b10 << 62 | bits & 0x3FFF_FFFF_FFFF_FFFF).to_bytes(
        16, "big"
    )


def _content(letter: _Letter, to: str, subject: str, metadata: str | None) -> bytes:
    tag = f',"Tag":"{letter.tag}"' if letter.tag else ""
    tracking = ',"TrackOpens":true' if letter.tracked else ""
    data = f',"Metadata":{metadata}' if metadata else ""
    return _packed(
        f'{{"From":"{letter.sender}","To":"{to}","Subject":"{subject}","TextBody":"{letter.text}"{tag}{tracking}{data}}}'.encode()
    )


def _packed(content: bytes) -> bytes:
    """Return what :func:`carom.server.store.bodies.unpack` reads, without compressing: texts as short as these hardly
    shrink, and setting the compressor up for each is most of the time that a story takes."""
    size = len(content)
    return b"".join(
        (b"\x78\x01\x01", struct.pack("<HH", size, size ^ 0xFFFF), content, struct.pack(">I", zlib.adler32(content)))
    )


assert bodies.unpack(_packed(b"x")) == b"x", "a zlib stream of one stored block (RFC 1950, RFC 1951)"
