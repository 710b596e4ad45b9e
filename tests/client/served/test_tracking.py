# pyright: basic
"""client-api section 6: opens and clicks, made by asking for what stands in the mail that went out."""

import re
import urllib.error
import urllib.request
from email import message_from_string
from typing import Any

import anyio.to_thread
import pytest

import carom
from tests.client.served.world import World, calls, refuses, until

pytestmark = pytest.mark.anyio

LINK = "https://shop.example.com/orders?id=17"
AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0 Safari/537.36"
CALLS = tuple(
    f"{start}{what}{of}" for what in ("opens", "clicks") for start in ("", "get_") for of in ("", "_by_message_id")
)


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follow no redirection: it leads away from loopback."""

    def redirect_request(self, *_: Any) -> None:
        return None


async def read_and_click(world: World) -> str:
    """Send a mail, open it and click its link as its reader does; return its id."""
    message_id = await world.send(
        html_body=f'<p><a href="{LINK}">x</a></p>', track_opens=True, track_links="HtmlOnly", tag="t"
    )

    async def source() -> Any:
        body = (await world.client.dump_message(message_id)).body
        return body if re.search(r"<img", message_from_html(body)) else None

    html = message_from_html(await until(source, "the mail as it went out"))
    [pixel], [link] = re.findall(r'<img[^>]* src="(http[^"]+)"', html), re.findall(r'href="(http[^"]+)"', html)
    assert link != LINK
    opener = urllib.request.build_opener(_Stay)

    def visit(url: str) -> tuple[int, str | None]:
        request = urllib.request.Request(url.replace("&amp;", "&"), headers={"User-Agent": AGENT})
        try:
            with opener.open(request, timeout=30) as answer:
                return answer.status, None
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers["Location"]

    assert (await anyio.to_thread.run_sync(visit, pixel))[0] == 200
    status, location = await anyio.to_thread.run_sync(visit, link)
    assert (status in {301, 302, 303, 307}, location) == (True, LINK)
    return message_id


def message_from_html(source: str) -> str:
    """The HTML part of a mail."""
    for part in message_from_string(source).walk():
        if part.get_content_type() == "text/html":
            return part.get_payload(decode=True).decode()  # type: ignore[union-attr]
    raise AssertionError("no HTML part")


@calls(*CALLS)
async def test_c6_opens_and_clicks_are_listed(world: World) -> None:
    client = world.client
    assert list(await client.get_opens()) == list(await client.get_clicks()) == []
    message_id = await read_and_click(world)

    async def opened() -> object:
        return list(await client.get_opens())

    async def clicked() -> object:
        return list(await client.get_clicks())

    [one] = await until(opened, "the open")
    assert (one.message_id, one.recipient, one.tag, one.record_type) == (message_id, "ann@example.org", "t", "Open")
    assert (one.user_agent, one.platform, one.first_open) == (AGENT, "Desktop", True)
    [click] = await until(clicked, "the click")
    assert (click.message_id, click.original_link, click.click_location) == (message_id, LINK, "HTML")
    for found in (
        await client.get_opens_by_message_id(message_id),
        await client.opens_by_message_id(message_id),
        await client.opens(tag="t"),
        await client.get_clicks_by_message_id(message_id),
        await client.clicks_by_message_id(message_id),
        await client.clicks(platform="desktop"),
    ):
        assert [each.message_id for each in found] == [message_id]
    assert list(await client.get_opens(recipient="nobody@example.org")) == []
    assert list(await client.get_clicks(client_name="Nothing")) == []
    events = {event.type for event in (await client.get_message(message_id)).message_events}
    assert {"Opened", "LinkClicked"} <= events
    totals = await client.get_stats_totals()
    assert (totals.tracked, totals.opens, totals.unique_opens, totals.total_clicks) == (1, 1, 1, 1)
    assert (await client.get_stats_counts("tracked"))["Tracked"] == 1
    assert (await client.get_stats_counts("opens", type="platforms"))["Desktop"] == 1
    assert (await client.get_stats_counts("clicks", type="location"))["HTML"] == 1


@refuses(*CALLS)
async def test_c6_opens_and_clicks_that_are_refused(world: World) -> None:
    client = world.client
    for name in CALLS:
        call = getattr(client, name)
        with pytest.raises(carom.ApiInputError) as caught:
            await (call("00000000-0000-4000-8000-000000000000") if "by_message" in name else call(platform="Toaster"))
        assert caught.value.error_code == (701 if "by_message" in name else 700)
