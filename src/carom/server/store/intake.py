"""The hot path: accepted mail, one row a message and one an address, which is its own entry in the queue.

What is asked of the database and what is written are statements with their values, one set for each database, run by
whoever has the connection: the writer's group commit with the bare driver, or a transaction of SQLAlchemy's.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Protocol

import msgspec
import sqlalchemy as sa
from msgspec import structs

from carom.server.rules.accepting import KEY_REUSED, Accepted, Decision, Kept, Known, Once, Submission, decide
from carom.server.rules.lifecycle import State
from carom.server.rules.refusals import Refusal
from carom.server.rules.sending import Checked
from carom.server.store import bodies
from carom.server.store.schema import idempotency
from carom.wire.email import SendEmail

KEPT = timedelta(hours=24)
"""How long the first answer to a request with a key is given again."""

BATCH = 500

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(SendEmail)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

TOKEN, STREAM, ADDRESS, SENDER, ANSWER = range(5)
"""What a row of an answer is about: ``(what, id of server or account, name, value, bytes)``."""

Statement = tuple[str, Sequence[Any]]
Answers = list[Accepted | Refusal]


def pack_email(email: SendEmail) -> bytes:
    """Return a message as it is stored."""
    return bodies.pack(_encoder.encode(email))


def unpack_email(packed: bytes) -> SendEmail:
    """Return a stored message."""
    return _decoder.decode(bodies.unpack(packed))


class Questions(NamedTuple):
    """What has to be known to decide about some submissions, each thing once."""

    tokens: list[bytes]
    streams: list[tuple[int, str]]
    addresses: list[tuple[int, str, str]]
    senders: list[tuple[int, str, str]]
    keys: list[tuple[int, str]]
    since: int


class Rows(NamedTuple):
    """What is written, in the order of the columns of the statements."""

    messages: list[tuple[Any, ...]]
    recipients: list[tuple[Any, ...]]
    answers: list[tuple[int, str, bytes, str, int]]


class Statements(Protocol):
    """The statements of one database."""

    def look_up(self, asked: Questions) -> Statement:
        """Ask everything at once."""
        ...

    def store(self, rows: Rows) -> Iterable[Statement]:
        """Write everything; run in one transaction."""
        ...


class _Outcome(msgspec.Struct, frozen=True):
    """An answer as it is kept: accepted, or refused with a code."""

    accepted: Accepted | None = None
    code: int = 0
    message: str = ""
    inactive: tuple[str, ...] = ()


_outcomes = msgspec.json.Decoder(list[_Outcome])


def ask(group: Sequence[Submission]) -> Questions:
    """Return what has to be known about some submissions."""
    checked = [(one, item) for one in group for item in one.items if isinstance(item, Checked)]
    return Questions(
        tokens=list({one.token for one in group if one.token is not None}),
        streams=list({(one.server_id, item.stream) for one, item in checked}),
        addresses=list({(one.server_id, item.stream, to.folded) for one, item in checked for to in item.recipients}),
        senders=list(
            {
                (one.account_id, item.sender.lower(), item.sender.lower().rpartition("@")[2])
                for one, item in checked
                if one.confirmed_sender
            }
        ),
        keys=list({(one.server_id, one.once.key) for one in group if one.once is not None}),
        since=max(microseconds(one.now - KEPT) for one in group),
    )


def read(found: Iterable[Any]) -> Known:
    """Read the rows that answer the questions."""
    servers: dict[bytes, int] = {}
    streams: dict[tuple[int, str], str] = {}
    inactive: set[tuple[int, str, str]] = set()
    senders: dict[tuple[int, str], bool] = {}
    answers: dict[tuple[int, str], Kept] = {}
    for what, number, name, value, octets in found:
        if what == TOKEN:
            servers[octets] = number
        elif what == STREAM:
            streams[number, name] = value
        elif what == ADDRESS:
            inactive.add((number, name, value))
        elif what == SENDER:
            senders[number, name] = value == "1"
        else:
            answers[number, name] = Kept(octets, _read_answers(value))
    return Known(servers, streams, inactive, senders, answers)


def decide_all(group: Sequence[Submission], known: Known) -> tuple[list[Answers | Refusal], Rows]:
    """Decide about submissions that share a transaction; return the outcome of each and what is to be written."""
    outcomes: list[Answers | Refusal] = []
    rows = Rows([], [], [])
    answers = dict(known.answers)
    known = structs.replace(known, answers=answers)
    for submission in group:
        try:
            decision = decide(submission, known)
        except Refusal as refusal:
            outcomes.append(refusal)
            continue
        outcomes.append(decision.answers)
        if decision.messages:
            _add_rows(submission, decision, rows)
            if submission.once is not None:
                answers[submission.server_id, submission.once.key] = Kept(submission.once.digest, decision.answers)
    return outcomes, rows


def _add_rows(submission: Submission, decision: Decision, into: Rows) -> None:
    now = microseconds(submission.now)
    for message_id, checked, recipients in decision.messages:
        stream = checked.stream
        into.messages.append(
            (
                message_id,
                submission.server_id,
                stream,
                now,
                checked.from_,
                checked.subject,
                checked.tag,
                checked.metadata,
                bodies.pack(checked.content),
            )
        )
        for one in recipients:
            kind = None if one.requested_type is None else one.requested_type.code
            into.recipients.append(
                (message_id, submission.server_id, stream, one.email, one.folded, one.domain, State.QUEUED, kind, now)
            )
    if submission.once is not None:
        key, digest = submission.once
        into.answers.append((submission.server_id, key, digest, _write_answers(decision.answers), now))


def accept(connection: sa.Connection, statements: Statements, submission: Submission) -> Answers:
    """Accept in a transaction that somebody else commits. Raises Refusal where the whole is refused."""
    text, values = statements.look_up(ask([submission]))
    [outcome], rows = decide_all([submission], read(connection.exec_driver_sql(text, tuple(values))))
    for text, values in statements.store(rows):
        connection.exec_driver_sql(text, tuple(values))
    if isinstance(outcome, Refusal):
        raise outcome
    return outcome


def forget_answers(connection: sa.Connection, before: datetime) -> int:
    """Remove first answers from before a time, some at once; tell how many."""
    old = sa.select(idempotency.c.server_id, idempotency.c.key).where(idempotency.c.at <= before).limit(BATCH)
    these = sa.tuple_(idempotency.c.server_id, idempotency.c.key).in_(old)
    return connection.execute(sa.delete(idempotency).where(these)).rowcount


def first_answers(connection: sa.Connection, server_id: int, once: Once, now: datetime) -> Answers | None:
    """Return what the first request with a key was answered, for requests that come in by another way than
    :func:`accept`; None if there was none. Raises Refusal where it asked for something else."""
    mine = (idempotency.c.server_id == server_id, idempotency.c.key == once.key)
    kept = connection.execute(
        sa.select(idempotency.c.payload_digest, idempotency.c.answers).where(*mine, idempotency.c.at > now - KEPT)
    ).first()
    if kept is None:
        return None
    if kept.payload_digest != once.digest:
        raise Refusal(KEY_REUSED, key=once.key)
    return _read_answers(kept.answers)


def keep_answers(connection: sa.Connection, server_id: int, once: Once, answers: Answers, now: datetime) -> None:
    """Keep what a request with a key is answered, in the transaction that makes it true."""
    of_a_day_ago = (idempotency.c.server_id == server_id, idempotency.c.key == once.key, idempotency.c.at <= now - KEPT)
    connection.execute(sa.delete(idempotency).where(*of_a_day_ago))
    row = {
        "server_id": server_id,
        "key": once.key,
        "payload_digest": once.digest,
        "answers": _write_answers(answers),
        "at": now,
    }
    connection.execute(sa.insert(idempotency).values(row))


def microseconds(moment: datetime) -> int:
    """Return an aware time as it is stored."""
    return (moment - _EPOCH) // _MICROSECOND


def _write_answers(answers: Answers) -> str:
    return _encoder.encode(
        [
            _Outcome(accepted=one)
            if isinstance(one, Accepted)
            else _Outcome(code=one.code, message=one.message, inactive=one.inactive)
            for one in answers
        ]
    ).decode()


def _read_answers(text: str) -> Answers:
    return [one.accepted or Refusal(one.code, one.message).about(one.inactive) for one in _outcomes.decode(text)]


def columns(rows: Sequence[tuple[Any, ...]], number: int) -> list[list[Any]]:
    """Turn rows into columns."""
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(number)]
