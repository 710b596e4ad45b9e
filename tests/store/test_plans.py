"""Lists are read through their indexes, on both databases: no search walks a table, no page sorts one."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from carom.server.rules.stats import Kind, day_begins, day_of
from carom.server.store import bounces, clicks, messages, opens, retention, rollup, stats
from carom.server.store.visits import Filter as Visits
from carom.taxonomy import BounceType
from tests.stores import NOW, Store

pytestmark = pytest.mark.anyio

TODAY = {"first": day_begins(day_of(NOW)), "last": day_begins(day_of(NOW) + 1) - timedelta(microseconds=1)}
SOON = {"first": NOW, "last": NOW + timedelta(hours=1)}
Explain = Callable[..., list[str]]


def _plans(connection: sa.Connection, function: Callable[..., Any], *args: Any, **options: Any) -> list[str]:
    """Run a store function and return the plan of each statement that it executed."""
    ran: list[tuple[str, Any]] = []

    def note(conn: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        ran.append((statement, parameters))

    event.listen(connection, "before_cursor_execute", note)
    function(connection, *args, **options)
    event.remove(connection, "before_cursor_execute", note)
    explain = "EXPLAIN QUERY PLAN "
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")  # tables of no rows are always read whole
        explain = "EXPLAIN "
    return [
        "\n".join(" ".join(map(str, row)) for row in connection.exec_driver_sql(explain + statement, parameters))
        for statement, parameters in ran
    ]


def _walks(plan: str, table: str) -> bool:
    return any(f"{walk} {table}" in line for line in plan.splitlines() for walk in ("SCAN", "Seq Scan on")) and (
        "USING" not in plan
    )


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        ({}, "ix_bounce_list"),
        ({"email": "example"}, "ix_bounce_list"),
        (SOON, "ix_bounce_list"),
        ({"type": BounceType.HARD_BOUNCE}, "ix_bounce_type"),
        ({"type": BounceType.HARD_BOUNCE, **SOON}, "ix_bounce_type"),
        ({"tag": "welcome"}, "ix_bounce_tag"),
        ({"stream": "outbound"}, "ix_bounce_stream"),
        ({"stream": "outbound", **TODAY}, "ix_bounce_stream"),
    ],
)
async def test_bounces(store: Store, wanted: dict[str, Any], index: str) -> None:
    """The page is found in an index, in its order."""
    plan, *_ = await store.database.read(_plans, bounces.page, store.tenant.server_id, bounces.Filter(**wanted), 50, 0)
    assert index in plan, plan
    assert not _walks(plan, "bounce"), plan


@pytest.mark.parametrize(
    "wanted", [{}, TODAY, {"type": BounceType.HARD_BOUNCE, "tag": "welcome", "stream": "outbound", **TODAY}]
)
async def test_bounces_are_counted_in_the_sums(store: Store, wanted: dict[str, Any]) -> None:
    """However many there are."""
    _, count = await store.database.read(_plans, bounces.page, store.tenant.server_id, bounces.Filter(**wanted), 50, 0)
    assert "stat" in count, count
    assert "bounce" not in count, count


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        ({}, "ix_message_list"),
        (SOON, "ix_message_list"),
        ({"subject": "hello"}, "ix_message_list"),
        ({"metadata": ("color", "blue")}, "ix_message_list"),
        ({"queued": False}, "ix_message_list"),
        ({"tag": "welcome"}, "ix_message_tag"),
        ({"tag": "welcome", **SOON}, "ix_message_tag"),
        ({"recipient": "ann@example.org"}, "ix_recipient_email"),
        ({"recipient": "ann@example.org", "subject": "hello"}, "ix_recipient_email"),
        ({"queued": True}, "ix_recipient_due"),
    ],
)
async def test_messages(store: Store, wanted: dict[str, Any], index: str) -> None:
    """A page, and the count beside it."""
    asked = messages.Filter(stream="outbound", **wanted)
    plan, *_ = await store.database.read(_plans, messages.page, store.tenant.server_id, asked, 50, 0, sandboxed=False)
    assert index in plan, plan
    assert ("ix_message_list" in plan) == (index == "ix_message_list"), plan
    assert not _walks(plan, "message"), plan
    assert not _walks(plan, "recipient"), plan


@pytest.mark.parametrize("wanted", [{}, TODAY, {"tag": "welcome"}])
async def test_messages_are_counted_in_the_sums(store: Store, wanted: dict[str, Any]) -> None:
    """All but those of the last minutes."""
    await store.database.write(rollup.roll_up, NOW)
    asked = messages.Filter(stream="outbound", **wanted)
    plans = await store.database.read(_plans, messages.page, store.tenant.server_id, asked, 50, 0, sandboxed=False)
    counts = [plan for plan in plans if "stat" in plan and "stat_mark" not in plan]
    assert counts, plans
    since = [plan for plan in plans[1:] if "ix_message" in plan]
    assert all("submitted_at>" in plan or "submitted_at >=" in plan for plan in since), since


@pytest.mark.parametrize("module", [opens, clicks])
async def test_visits(store: Store, module: Any) -> None:
    """By recipient, or in order of time."""
    for wanted, index in ((Visits(stream="outbound"), "list"), (Visits(stream="outbound", recipient="a@b.c"), "email")):
        plans = await store.database.read(_plans, module.page, store.tenant.server_id, wanted, 50, 0)
        assert any(f"_{index}" in plan for plan in plans), plans
        assert not any(_walks(plan, "open") or _walks(plan, "click") for plan in plans), plans


async def test_statistics_read_sums_and_the_last_minutes(store: Store) -> None:
    """Never the rows of a whole day."""
    await store.database.write(rollup.roll_up, NOW)
    plans = await store.database.read(_plans, stats.counted, store.tenant.server_id, stats.Span(), Kind.SENT)
    assert "stat" in plans[0]
    assert not _walks(plans[0], "stat"), plans[0]
    assert "ix_message_list" in plans[-1], plans[-1]
    assert not _walks(plans[-1], "message"), plans[-1]


@pytest.mark.parametrize("step", [*retention.MAIL, *retention.DUMPS])
async def test_what_is_old_is_found_in_an_index(store: Store, step: Callable[..., int]) -> None:
    """There are ten million messages that are not."""
    plans = await store.database.write(_plans, step, NOW)
    for name in ("message", "recipient", "event", "bounce", "open", "click", "received", "captured", "inbound_message"):
        assert not any(_walks(plan, name) for plan in plans), plans


async def test_adding_up_looks_at_the_last_minutes(store: Store) -> None:
    """Stream by stream, in the index of the lists."""
    await store.database.write(rollup.roll_up, NOW)
    plans = await store.database.write(_plans, rollup.roll_up, NOW + timedelta(minutes=5))
    counting = [plan for plan in plans if "ix_message_list" in plan]
    assert len(counting) == 2, plans
    assert not any(_walks(plan, "message") for plan in plans), plans
