"""post: one attempt to hand an event to a hook. No transaction is open while it runs."""

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import urlsplit, urlunsplit

import msgspec
import sqlalchemy as sa
import structlog
from msgspec import structs

from carom.server.keyring import Keyring
from carom.server.outbound.hooks import Answered, Hooks
from carom.server.pipeline.deps import Deps
from carom.server.rules import inbound as rules
from carom.server.rules.events import InboundFacts, inbound_body, with_content
from carom.server.rules.inbound import read_inbound
from carom.server.rules.posts import INBOUND, SLOW, TRIGGERS, PostState, is_taken, retries_remaining, retry_at
from carom.server.store import endpoints, inbound, posts
from carom.server.store.endpoints import Target
from carom.server.store.posts import Attempt, Due
from carom.server.store.queue import Claim
from carom.wire.learnt import decoder
from carom.wire.signatures import EVENT_ID, RETRIES_REMAINING, SIGNATURE, TRACE_ID, sign

NO_HOOK = "the hook is no longer set up"
NO_MAIL = "the raw mail is no longer kept"
MASKED = "***"
OUTCOMES = {PostState.POSTED: "taken", PostState.WAITING: "again", PostState.DEAD: "given_up"}

log = structlog.get_logger("carom.hooks")

_facts = decoder(InboundFacts)

Record = Callable[[sa.Connection], None]


class Posted(msgspec.Struct, frozen=True):
    """What came of an attempt: what records it, and whether the hook took the event without delay. ``outcome`` is
    the word for it: taken, again, given_up."""

    record: Record
    promptly: bool
    outcome: str


async def post(held: Claim, deps: Deps, hooks: Hooks) -> Posted | None:
    """Post once; None when there is nothing to be posted any more."""
    due, target = await deps.database.read(_load, deps.keyring, held.id)
    if due is None:
        return None
    if target is None:
        return _concluded(held, due, _attempt(deps, "", {}, Answered(None, NO_HOOK), 0), PostState.DEAD, deps)
    if due.type == INBOUND and due.raw is None:
        return _concluded(held, due, _attempt(deps, "", {}, Answered(None, NO_MAIL), 0), PostState.DEAD, deps)
    try:
        body = await _body(due)
    except Exception as error:  # a fault of ours: the post is kept and tried again
        log.exception("a post failed in this program", post_id=due.id)
        fault = Answered(None, f"x-carom;{type(error).__name__}")
        return _concluded(held, due, _attempt(deps, "", {}, fault, 0), None, deps)
    ours = _ours(held, due, body, deps)
    started = time.monotonic()
    answer = await hooks.post(
        target.url,
        body,
        login=target.login,
        headers={**target.headers, **ours},
        seconds=TRIGGERS[due.type].seconds,
    )
    milliseconds = int((time.monotonic() - started) * 1000)
    made = _attempt(deps, _shown(target.url), {**dict.fromkeys(target.headers, MASKED), **ours}, answer, milliseconds)
    return _concluded(held, due, made, None, deps)


def _load(connection: sa.Connection, keyring: Keyring, post_id: int) -> tuple[Due | None, Target | None]:
    due = posts.due(connection, post_id)
    return due, None if due is None else endpoints.target(connection, keyring, due.server_id, due.endpoint)


async def _body(due: Due) -> bytes:
    """Return what is posted, made on a thread where a mail goes in that may be large."""
    if due.raw is None:
        return due.payload.encode()
    return await asyncio.to_thread(_inbound if due.type == INBOUND else _with_content, due, due.raw)


def _with_content(due: Due, raw: bytes) -> bytes:
    return with_content(due.payload, raw)


def _inbound(due: Due, raw: bytes) -> bytes:
    assert due.message_id is not None, "a received mail has an id"
    facts = _facts.decode(due.payload)
    mail = read_inbound(raw, facts.mail_from, facts.recipient, due.message_id)
    return inbound_body(mail, raw, raw_email=facts.raw_email)


def _ours(held: Claim, due: Due, body: bytes, deps: Deps) -> dict[str, str]:
    secrets = deps.keyring.hook_secrets(due.endpoint)
    return {
        RETRIES_REMAINING: str(retries_remaining(due.type, held.attempts)),
        TRACE_ID: str(due.event_id),
        EVENT_ID: str(due.event_id),
        SIGNATURE: sign(body, secrets, int(deps.clock().timestamp())),
    }


def _attempt(deps: Deps, url: str, headers: Mapping[str, str], answer: Answered, milliseconds: int) -> Attempt:
    return Attempt(
        at=deps.clock(),
        url=url,
        headers=dict(headers),
        status=answer.status,
        milliseconds=milliseconds,
        answer=answer.body,
        error=answer.reason if answer.status is None else "",
    )


def _shown(url: str) -> str:
    """Return an address without what may be secret in it: user, password and query."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, MASKED if parts.query else "", ""))


def _concluded(held: Claim, due: Due, made: Attempt, end: PostState | None, deps: Deps) -> Posted:
    """Say what follows from an attempt; ``end`` where nothing was to be posted."""
    taken = is_taken(due.type, made.status)
    again = None if taken or end else retry_at(due.type, made.status, held.attempts, deps.clock())
    state = end or (PostState.POSTED if taken else PostState.DEAD if again is None else PostState.WAITING)
    if state is PostState.DEAD:
        log.warning(
            "a post to a hook is given up", post_id=due.id, endpoint=due.endpoint, status=made.status, error=made.error
        )
    record = partial(_record, held=held, due=structs.replace(due, raw=None), made=made, state=state, again=again)
    promptly = taken and made.milliseconds < SLOW // timedelta(milliseconds=1)
    return Posted(record, promptly, OUTCOMES[state])


def _record(
    connection: sa.Connection, *, held: Claim, due: Due, made: Attempt, state: PostState, again: datetime | None
) -> None:
    if not posts.conclude(connection, held, due, made, state, again):
        log.warning("a post is no longer ours: its lease ran out, or it was removed", post_id=due.id)
    elif due.type == INBOUND and due.message_id is not None and state is not PostState.WAITING:
        # Mail that comes in when there is no hook is just kept; so is what was to be told to one that is gone.
        kept = state is PostState.POSTED or made.error == NO_HOOK
        status = rules.PROCESSED if kept else rules.FAILED
        inbound.release(connection, due.server_id, due.message_id, having=rules.QUEUED, to=status)
