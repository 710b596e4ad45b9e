# pyright: basic
"""client-api section 6: statistics, and the server itself."""

from datetime import UTC, datetime, timedelta

import pytest

import carom
from carom.wire.stats import STATS
from tests.client.served.world import HARD, World, calls, refuses

pytestmark = pytest.mark.anyio

KINDS = [(stat, kind) for stat, kinds in STATS.items() for kind in (None, *kinds)]


@calls("get_stats_totals", "get_stats_counts")
async def test_c6_what_was_sent_is_counted(world: World) -> None:
    client = world.client
    await world.send("ann@example.org, bob@example.org", tag="a")
    await world.bounced(HARD, tag="b")
    totals = await client.get_stats_totals()
    assert (totals.sent, totals.bounced, totals.opens, totals.total_clicks) == (3, 1, 0, 0)
    assert totals.bounce_rate == pytest.approx(33.333)
    assert (await client.get_stats_totals(tag="a")).sent == 2
    sends = await client.get_stats_counts("sends")
    assert (sends["Sent"], sum(day.counts["Sent"] for day in sends.days)) == (3, 3)
    assert abs(sends.days[-1].date - datetime.now(UTC).date()) <= timedelta(days=1)
    assert (await client.get_stats_counts("bounces"))["HardBounce"] == 1
    assert (await client.get_stats_counts("sends", message_stream="broadcast"))["Sent"] == 0
    assert (await client.get_stats_counts("sends", todate=datetime.now(UTC).date() - timedelta(days=3)))["Sent"] == 0


@calls("get_stats_counts")
async def test_c6_every_count_is_there_when_nothing_happened(world: World) -> None:
    for stat, kind in KINDS:
        counts = await world.client.get_stats_counts(stat, type=kind)
        assert counts.days == []
        assert set(counts.counts.values()) <= {0}


@refuses("get_stats_totals", "get_stats_counts")
async def test_c6_statistics_that_are_refused(world: World) -> None:
    client = world.client
    for filters, code in (
        ({"fromdate": "someday"}, 900),
        ({"fromdate": "2001-01-01"}, 1500),
        ({"fromdate": datetime.now(UTC).date(), "todate": datetime.now(UTC).date() - timedelta(days=9)}, 1502),
        ({"message_stream": "none"}, 1226),
    ):
        for call in (client.get_stats_totals, lambda **given: client.get_stats_counts("sends", **given)):
            with pytest.raises(carom.ApiInputError) as caught:
                await call(**filters)
            assert caught.value.error_code == code, filters


@calls("server_info", "update_server_info")
async def test_c6_the_server_of_the_token(world: World) -> None:
    client = world.client
    server = await client.server_info()
    assert (server.api_tokens, server.delivery_type, server.color) == ([world.token], "Live", "purple")
    assert server.id > 1
    assert server.inbound_address.startswith(server.inbound_hash + "@")
    changed = await client.update_server_info(
        color="Red", track_links="HtmlOnly", smtp_api_activated=False, bounce_hook_url="https://h.example.com/b"
    )
    assert (changed.color, changed.track_links, changed.smtp_api_activated) == ("red", "HtmlOnly", False)
    assert (changed.name, changed.bounce_hook_url) == (server.name, "https://h.example.com/b")
    assert await client.server_info() == changed


@refuses("server_info", "update_server_info")
async def test_c6_changes_of_the_server_that_are_refused(world: World) -> None:
    client = world.client
    before = await client.server_info()
    for fields, code in (
        ({"color": "mauve"}, 607),
        ({"inbound_spam_threshold": 31}, 611),
        ({"track_links": "All"}, 612),
        ({"open_hook_url": "nonsense"}, 606),
        ({}, 609),
    ):
        with pytest.raises(carom.ApiInputError) as caught:
            await client.update_server_info(**fields)
        assert caught.value.error_code == code, fields
    assert await client.server_info() == before
    with pytest.raises(carom.InvalidApiKeyError):
        await world.make(token="no-token").server_info()
