# pyright: basic
"""client-api section 2: values in and out. Sending's own values are in test_sending."""

import io
from datetime import UTC, date, datetime, timedelta, timezone
from email import message_from_string
from pathlib import Path
from typing import Any

import pytest

import carom
from tests.client.served.world import HARD, LETTER, World
from tests.client.test_values import FAULTS

pytestmark = pytest.mark.anyio


async def test_c22_c23_results_answer_to_either_spelling(world: World) -> None:
    listed = await world.bounced(HARD, tag="t")
    bounce = await world.client.get_bounce(listed.id)
    assert bounce["BouncedAt"] == bounce["bounced_at"] == bounce.bounced_at
    assert bounce["From"] == bounce["from"] == bounce.from_
    assert bounce.to_dict()["message_id"] == bounce.to_dict(wire=True)["MessageID"] == bounce.message_id
    assert (bounce.raw["ID"], bounce.raw["DumpAvailable"]) == (bounce.id, True)
    assert listed.raw["ID"] == listed.id
    with pytest.raises(KeyError):
        bounce["nothing"]
    message = await world.client.get_message(bounce.message_id)
    assert message.to[0]["Email"] == message.to[0].email == message["To"][0]["email"] == HARD


async def test_c24_times_are_aware_and_their_text_is_kept(world: World) -> None:
    bounce = await world.bounced(HARD)
    stream = await world.client.get_message_stream("outbound")
    for moment, text in ((bounce.bounced_at, bounce.raw["BouncedAt"]), (stream.created_at, stream.raw["CreatedAt"])):
        assert moment.utcoffset() == timedelta(0)
        assert text.endswith("Z")
        assert len(text.partition(".")[2]) == 8
        assert datetime.fromisoformat(text[:26] + "+00:00") == moment


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=9)), timezone(timedelta(hours=-10))])
async def test_c25_s14_moments_mean_the_same_in_every_zone(world: World, zone: timezone) -> None:
    """The API reads times without zone as US Eastern, and both ends are inclusive."""
    message_id = await world.send()
    at = (await world.client.get_message(message_id)).received_at.astimezone(zone)

    async def count(**filters: Any) -> int:
        found: int = await world.client.get_messages_count(**filters)
        return found

    assert await count(fromdate=at - timedelta(seconds=2), todate=at + timedelta(seconds=2)) == 1
    assert await count(todate=at - timedelta(seconds=2)) == await count(fromdate=at + timedelta(seconds=2)) == 0
    assert await count(fromdate=date(2020, 1, 1)) == await count(fromdate="2020-1-1") == 1


async def test_c28_m4_attachments_in_every_form(world: World, tmp_path: Path) -> None:
    path = tmp_path / "report.pdf"
    path.write_bytes(b"\x00" * 60)
    file = io.BytesIO(b"hello")
    file.name = "/some/where/n.txt"
    message_id = await world.send(
        attachments=[path, file, ("d.html", b"<p>"), ("e", b"x", "text/x", "y"), {"name": "c.txt", "content": b"hello"}]
    )
    mail = message_from_string((await world.client.dump_message(message_id)).body)
    parts = {part.get_filename(): part for part in mail.walk() if part.get_filename()}
    assert {name: part.get_content_type() for name, part in parts.items()} == {
        "report.pdf": "application/pdf",
        "n.txt": "text/plain",
        "d.html": "text/html",
        "e": "text/x",
        "c.txt": "text/plain",
    }
    assert parts["report.pdf"].get_payload(decode=True) == b"\x00" * 60
    assert parts["e"]["Content-ID"] == "<y>"


@pytest.mark.parametrize(("fields", "named"), FAULTS, ids=[named for _, named in FAULTS])
async def test_c29_what_the_client_would_not_send_the_server_does_not_take(
    world: World, fields: dict[str, Any], named: str
) -> None:
    """Both ends hold the same limits."""
    message = {**LETTER, **fields}
    with pytest.raises(ValueError, match=named):
        await world.client.deliver(message)
    with pytest.raises(carom.HttpServerError) as caught:
        await world.make(validate=False).deliver(message)
    assert caught.value.status_code in {413, 422}
    assert caught.value.error_code in {300, 403, 411, 413}
    assert await world.client.get_messages_count() == 0


@pytest.mark.parametrize("email", ["x@foo.test", "user@host.invalid"])
async def test_s2_s3_addresses_of_answers_are_not_checked(world: World, email: str) -> None:
    """What the server took is read, whatever it looks like."""
    for stream in ("outbound", "broadcast"):
        message_id = await world.send(email, message_stream=stream)
        assert (await world.client.get_message(message_id)).recipients == [email]
