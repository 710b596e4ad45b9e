"""Whether checked messages are accepted, from what the store knows at that moment. What is decided here is stored in the
same transaction, whichever database it is."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from msgspec import Struct

from carom.server.rules.refusals import Refusal
from carom.server.rules.sending import Checked, Recipient
from carom.wire.errors import OK, PARTLY_INACTIVE

SENDING_TYPES = frozenset({"Transactional", "Broadcasts"})
UNKNOWN_TOKEN = 10
ALL_INACTIVE = 406
KEY_REUSED = 1700


class Accepted(Struct, frozen=True):
    """A message that is stored. ``message`` is the answer's text, which names recipients that will not get it; they are
    ``inactive``."""

    message_id: UUID
    to: str | None
    submitted_at: datetime
    message: str
    inactive: tuple[str, ...] = ()


class Once(NamedTuple):
    """What makes a request one that is carried out once: the caller's key, and the digest of what it asks for."""

    key: str
    digest: bytes


class Submission(Struct, frozen=True, kw_only=True):
    """What one caller hands in, to be stored together: messages that passed the checks and, in their places, refusals of
    those that did not. ``confirmed_sender`` asks for a From that the account has confirmed. ``token`` is the hash of the
    server token if it is still to be looked up."""

    server_id: int
    account_id: int
    items: tuple[Checked | Refusal, ...]
    message_ids: tuple[UUID, ...]
    now: datetime
    confirmed_sender: bool
    token: bytes | None = None
    once: Once | None = None


class Kept(NamedTuple):
    """The first answer to a request with a key."""

    digest: bytes
    answers: "list[Accepted | Refusal]"


class Known(Struct, frozen=True):
    """What the store knows: servers by token hash, types of the streams that are not archived, addresses that streams do
    not send to, whether senders and domains of accounts are confirmed, and first answers."""

    servers: Mapping[bytes, int]
    streams: Mapping[tuple[int, str], str]
    inactive: AbstractSet[tuple[int, str, str]]
    senders: Mapping[tuple[int, str], bool]
    answers: Mapping[tuple[int, str], Kept]


class Message(NamedTuple):
    """A message to store, due at once for each of ``recipients``."""

    id: UUID
    checked: Checked
    recipients: tuple[Recipient, ...]


class Decision(NamedTuple):
    """The answers, in the order of the items, and what is to be stored."""

    answers: list[Accepted | Refusal]
    messages: list[Message]


def decide(submission: Submission, known: Known) -> Decision:
    """Decide about each message by itself. Raises Refusal where the whole is refused."""
    if submission.token is not None and known.servers.get(submission.token) != submission.server_id:
        raise Refusal(UNKNOWN_TOKEN, kind="Server")
    if submission.once is not None:
        kept = known.answers.get((submission.server_id, submission.once.key))
        if kept is not None:
            if kept.digest != submission.once.digest:
                raise Refusal(KEY_REUSED, key=submission.once.key)
            return Decision(kept.answers, [])
    answers: list[Accepted | Refusal] = []
    messages: list[Message] = []
    for item, message_id in zip(submission.items, submission.message_ids, strict=True):
        answers.append(item if isinstance(item, Refusal) else _decide(item, message_id, submission, known, messages))
    return Decision(answers, messages)


def _decide(
    checked: Checked, message_id: UUID, submission: Submission, known: Known, messages: list[Message]
) -> Accepted | Refusal:
    server_id, stream = submission.server_id, checked.stream
    if submission.confirmed_sender:
        refused = sender_fault(submission.account_id, checked.sender, known.senders)
        if refused is not None:
            return refused
    kind = known.streams.get((server_id, stream))
    if kind not in SENDING_TYPES:
        return Refusal(1235 if kind is None else 1236, stream=stream)
    recipients, answer = checked.recipients, OK
    inactive: tuple[str, ...] = ()
    if known.inactive:
        inactive = tuple(one.folded for one in recipients if (server_id, stream, one.folded) in known.inactive)
    if inactive:
        listed = ", ".join(inactive)
        recipients = tuple(one for one in recipients if one.folded not in inactive)
        if not recipients:
            return Refusal(ALL_INACTIVE, addresses=listed).about(inactive)
        answer = PARTLY_INACTIVE.format(addresses=listed)
    messages.append(Message(message_id, checked, recipients))
    return Accepted(message_id, checked.to, submission.now, answer, inactive)


def sender_fault(account_id: int, address: str, senders: Mapping[tuple[int, str], bool]) -> Refusal | None:
    """Refuse a bare address that is not confirmed, neither by itself nor by its domain."""
    folded = address.lower()
    if senders.get((account_id, folded.rpartition("@")[2])):
        return None
    own = senders.get((account_id, folded))
    return None if own else Refusal(400 if own is None else 401, address=address)
