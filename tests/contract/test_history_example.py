"""The example of docs/server/history.md is brought, and what it holds is answered."""

from pathlib import Path
from typing import Any

import pytest

from carom.server.history.bring import bring
from carom.server.history.lines import BadLine, read_line
from carom.server.places import Places
from carom.server.store import rollup
from tests.contract.conftest import Server
from tests.server.test_places import NOVI_SAD, write_places
from tests.store.happening import check_against_rows, sums
from tests.stores import NOW

pytestmark = pytest.mark.anyio

PAGE = Path(__file__).parents[2] / "docs/server/history.md"
LINES = PAGE.read_text().partition("```json\n")[2].partition("```")[0].encode().splitlines()
FIRST, SECOND = "7f4b1c2e-3d52-4e0a-9a53-1a1f0c7d9b10", "0d8c6d0f-6b0e-4a53-8f5a-b6d2f4e3c711"


async def _bring(server: Server, lines: list[bytes], places: Places | None = None) -> int:
    numbered = [(number, read_line(number, text)) for number, text in enumerate(lines, 1)]
    return await server.store.database.write(
        bring, server.store.tenant.server_id, numbered, NOW, places or Places(None)
    )


async def test_what_is_brought_is_answered(server: Server) -> None:
    """As if it had happened here."""
    await server.store.database.write(rollup.roll_up, NOW)
    assert await _bring(server, LINES) == len(LINES)
    shown = await server.get(f"/messages/outbound/{FIRST}/details")
    assert (shown["Subject"], shown["Status"], shown["Attachments"]) == ("Your order 1041", "Sent", ["order.pdf"])
    assert [event["Type"] for event in shown["MessageEvents"]] == ["Delivered", "Opened", "LinkClicked"]
    [opened] = (await server.get("/messages/outbound/opens?count=9&offset=0"))["Opens"]
    assert (opened["ReadSeconds"], opened["Client"]["Family"], opened["Geo"]["City"]) == (7, "Thunderbird", "Hamburg")
    [clicked] = (await server.get("/messages/outbound/clicks?count=9&offset=0"))["Clicks"]
    assert (clicked["OriginalLink"], clicked["ClickLocation"]) == ("https://example.com/orders/1041", "Text")
    [bounce] = (await server.get("/bounces?count=9&offset=0&type=HardBounce"))["Bounces"]
    assert (bounce["MessageID"], bounce["Inactive"], bounce["DumpAvailable"]) == (SECOND, True, True)
    [received] = (await server.get("/messages/inbound?count=9&offset=0"))["InboundMessages"]
    assert received["Subject"] == "A question"
    sends = await server.get("/stats/outbound/sends")
    assert sends["Days"] == [{"Date": "2026-11-02", "Sent": 1}, {"Date": "2026-11-03", "Sent": 1}]
    assert (await server.call("POST", "/email", {"From": "a@b.co", "To": "bob@example.org", "TextBody": "x"})).code == (
        422,
        406,
    )
    await check_against_rows(server.store, NOW)


async def test_bringing_it_again_changes_nothing(server: Server) -> None:
    """Neither rows nor sums."""
    await _bring(server, LINES)
    before = await sums(server.store)
    assert await _bring(server, LINES) == 0
    assert await sums(server.store) == before


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{", "truncated"),
        (b'{"RecordType":"Message"}', "MessageID"),
        (b'{"RecordType":"Letter","MessageID":"x"}', "Letter"),
        (LINES[0].replace(b"2026-11-02T09:15:00.0000000Z", b"2026-11-02T09:15:00", 1), "ReceivedAt"),
        (LINES[0].replace(b"2026-11-02T09:15:00", b"2036-11-02T09:15:00", 1), "future"),
        (LINES[0].replace(b'"outbound"', b'"nowhere"', 1), "nowhere"),
        (LINES[0].replace(FIRST.encode(), b"123", 1), "123"),
        (LINES[3].replace(b"bob@example.org", b"bob"), "bob"),
        (LINES[1].replace(b"ann@", b"nobody@"), "must come before"),
        (LINES[4].replace(b"HardBounce", b"HardLanding"), "HardLanding"),
    ],
)
async def test_a_bad_line_is_named(server: Server, line: bytes, reason: str) -> None:
    """And nothing of its transaction is stored."""
    lines = [LINES[0], LINES[3], line]
    with pytest.raises(BadLine, match=r"^line 3: ") as caught:
        await _bring(server, lines)
    assert reason in str(caught.value)
    assert (await server.get("/messages/outbound?count=1&offset=0"))["TotalCount"] == 0


def test_every_kind_of_line_is_shown() -> None:
    """Each once at least."""
    kinds: set[Any] = {type(read_line(number, text)).__name__ for number, text in enumerate(LINES, 1)}
    assert kinds == {"MessageLine", "OpenLine", "ClickLine", "BounceLine", "InboundLine"}


async def test_a_place_of_which_there_is_only_the_address_is_looked_up(server: Server, tmp_path: Path) -> None:
    """In the operator's file; what the line knows better stays."""
    places = Places(write_places(tmp_path / "a.mmdb", {"192.0.2.5": NOVI_SAD}))
    bare = LINES[1].replace(b'"CountryISOCode":"DE","Country":"Germany","City":"Hamburg",', b"")
    await _bring(
        server, [LINES[0], bare, LINES[2].replace(b'"UserAgent"', b'"Geo":{"City":"Bonn"},"UserAgent"')], places
    )
    [opened] = (await server.get("/messages/outbound/opens?count=9&offset=0&city=novi+sad"))["Opens"]
    assert opened["Geo"]["IP"] == "192.0.2.5"
    assert (await server.get("/messages/outbound/clicks?count=9&offset=0&city=bonn"))["TotalCount"] == 1
