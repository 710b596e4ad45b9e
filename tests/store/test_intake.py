"""Accepting in groups, on both databases: what shares a commit shares nothing else."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from carom.server.keyring import token_hash
from carom.server.pipeline.stages.accept import submission
from carom.server.rules.accepting import Accepted, Once
from carom.server.rules.refusals import Refusal
from carom.server.rules.sending import Checked, check
from carom.server.store import intake, suppressions
from carom.server.store.schema import idempotency, message, recipient, server_token
from carom.taxonomy import Origin, Suppresses, SuppressionReason
from carom.wire.email import SendEmail
from tests.stores import NOW, TOKENS, Store

pytestmark = pytest.mark.anyio

HARD = Suppresses(SuppressionReason.HARD_BOUNCE, Origin.RECIPIENT)
TOKEN = token_hash(TOKENS.server)


def _mail(to: str, stream: str = "outbound") -> Checked:
    return check(SendEmail(from_="me@example.com", to=to, text_body="Hello", message_stream=stream))


async def _accept(
    store: Store,
    items: Sequence[Checked | Refusal],
    *,
    token: bytes | None = TOKEN,
    once: Once | None = None,
    ids: Sequence[UUID] = (),
    now: datetime = NOW,
) -> list[Accepted | Refusal]:
    given = iter(ids)
    handed = submission(
        store.tenant,
        items,
        confirmed_sender=False,
        now=now,
        new_id=lambda: next(given, None) or uuid4(),
        token=token,
        once=once,
    )
    return await store.database.accept(handed)


async def _count(store: Store, table: sa.Table) -> int:
    return await store.database.read(lambda c: c.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


async def test_many_at_once_are_each_answered_for_themselves(store: Store) -> None:
    """Accepted, refused for the stream, inactive, with an unknown token: side by side in one group."""
    await store.database.write(suppressions.add, store.tenant.server_id, "outbound", "gone@example.org", HARD, NOW)
    good = [_accept(store, [_mail(f"a{n}@example.org, b{n}@example.org")]) for n in range(200)]
    outcomes = await asyncio.gather(
        *good,
        _accept(store, [_mail("a@example.org", "nowhere")]),
        _accept(store, [_mail("Gone@example.org")]),
        _accept(store, [_mail("a@example.org, Gone@example.org"), Refusal(300, text="bad")]),
        _accept(store, [_mail("a@example.org")], token=token_hash("unknown")),
        return_exceptions=True,
    )
    answers = [outcome for outcome in outcomes[:-1] if isinstance(outcome, list)]
    assert all(isinstance(one, Accepted) for [one] in answers[:200])
    [[stream], [inactive], [partly, bad]] = answers[200:]
    assert isinstance(stream, Refusal)
    assert stream.code == 1235
    assert isinstance(inactive, Refusal)
    assert (inactive.code, inactive.inactive) == (406, ("gone@example.org",))
    assert isinstance(partly, Accepted)
    assert partly.inactive == ("gone@example.org",)
    assert isinstance(bad, Refusal)
    assert isinstance(outcomes[-1], Refusal)
    assert outcomes[-1].code == 10
    assert (await _count(store, message), await _count(store, recipient)) == (201, 401)


async def test_one_that_cannot_be_stored_takes_nobody_along(store: Store) -> None:
    """An id that is there already fails its own caller alone."""
    taken = uuid4()
    await _accept(store, [_mail("first@example.org")], ids=[taken])
    outcomes = await asyncio.gather(
        *(_accept(store, [_mail(f"a{n}@example.org")]) for n in range(20)),
        _accept(store, [_mail("second@example.org")], ids=[taken]),
        *(_accept(store, [_mail(f"b{n}@example.org")]) for n in range(20)),
        return_exceptions=True,
    )
    failed = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert len(failed) == 1
    assert await _count(store, message) == 41


async def test_a_token_that_is_taken_away_accepts_nothing_more(store: Store) -> None:
    """The very next message, since it is looked up where the mail is stored."""
    assert isinstance((await _accept(store, [_mail("a@example.org")]))[0], Accepted)
    await store.database.write(lambda c: c.execute(sa.delete(server_token)).rowcount)
    with pytest.raises(Refusal, match="valid Server token"):
        await _accept(store, [_mail("a@example.org")])
    assert await _count(store, message) == 1


async def test_a_suppression_counts_for_the_very_next_message(store: Store) -> None:
    """And so does its end."""
    of = (store.tenant.server_id, "outbound", "a@example.org")
    for _ in range(5):
        assert isinstance((await _accept(store, [_mail("a@example.org")]))[0], Accepted)
        await store.database.write(suppressions.add, *of, HARD, NOW)
        assert isinstance((await _accept(store, [_mail("a@example.org")]))[0], Refusal)
        await store.database.write(suppressions.remove, *of)


async def test_a_hundred_with_one_key_make_one_message(store: Store) -> None:
    """All get the first answer."""
    once = Once("order-17", b"d" * 32)
    outcomes = await asyncio.gather(*(_accept(store, [_mail("a@example.org")], once=once) for _ in range(100)))
    answers = {one.message_id for [one] in outcomes if isinstance(one, Accepted)}
    assert len(outcomes) == 100
    assert len(answers) == 1
    assert (await _count(store, message), await _count(store, idempotency)) == (1, 1)


async def test_a_key_gives_the_whole_first_answer_again(store: Store) -> None:
    """Refusals of a batch too, whatever has changed since."""
    once = Once("batch", b"d" * 32)
    await store.database.write(suppressions.add, store.tenant.server_id, "outbound", "gone@example.org", HARD, NOW)
    items: list[Checked | Refusal] = [
        _mail("a@example.org, gone@example.org"),
        Refusal(300, text="no address"),
        _mail("gone@example.org"),
    ]
    first = await _accept(store, items, once=once)
    await store.database.write(suppressions.remove, store.tenant.server_id, "outbound", "gone@example.org")
    again = await _accept(store, items, once=once, now=NOW + timedelta(hours=23))
    assert [_shown(one) for one in again] == [_shown(one) for one in first]
    assert await _count(store, message) == 1


def _shown(answer: Accepted | Refusal) -> object:
    return answer if isinstance(answer, Accepted) else (answer.code, answer.message, answer.inactive)


async def test_a_key_is_for_one_request(store: Store) -> None:
    """Another payload is refused, at once or later; another server's key is its own."""
    outcomes = await asyncio.gather(
        _accept(store, [_mail("a@example.org")], once=Once("k", b"1" * 32)),
        _accept(store, [_mail("b@example.org")], once=Once("k", b"2" * 32)),
        return_exceptions=True,
    )
    [refused] = [outcome for outcome in outcomes if isinstance(outcome, Refusal)]
    assert (refused.code, refused.status) == (1700, 422)
    with pytest.raises(Refusal):
        await _accept(store, [_mail("c@example.org")], once=Once("k", b"3" * 32))
    assert await _count(store, message) == 1


async def test_a_key_is_forgotten_after_a_day(store: Store) -> None:
    """Then it may be used for something else."""
    await _accept(store, [_mail("a@example.org")], once=Once("k", b"1" * 32))
    later = NOW + timedelta(hours=24, seconds=1)
    [again] = await _accept(store, [_mail("b@example.org")], once=Once("k", b"2" * 32), now=later)
    assert isinstance(again, Accepted)
    assert await _count(store, idempotency) == 1
    assert await store.database.write(intake.forget_answers, later - timedelta(seconds=1)) == 0
    assert await store.database.write(intake.forget_answers, later) == 1


async def test_a_request_that_is_refused_keeps_its_key(store: Store) -> None:
    """Nothing was done, so nothing is remembered: the same key sends once what was wrong is put right."""
    of = (store.tenant.server_id, "outbound", "a@example.org")
    once = Once("k", b"1" * 32)
    await store.database.write(suppressions.add, *of, HARD, NOW)
    assert isinstance((await _accept(store, [_mail("a@example.org")], once=once))[0], Refusal)
    await store.database.write(suppressions.remove, *of)
    assert isinstance((await _accept(store, [_mail("a@example.org")], once=once))[0], Accepted)
