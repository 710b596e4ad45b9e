"""Idempotency-Key on sends, inactive recipients as a list, and tokens that are taken away: over the API, on both databases."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from carom.server.store import suppressions
from carom.server.store.schema import message, server_token
from carom.taxonomy import Origin, Suppresses, SuppressionReason
from tests.contract.conftest import Server
from tests.stores import NOW

pytestmark = pytest.mark.anyio

HARD = Suppresses(SuppressionReason.HARD_BOUNCE, Origin.RECIPIENT)
MAIL: dict[str, Any] = {"From": "me@example.com", "To": "ann@example.org", "Subject": "Hi", "TextBody": "Hello"}
TEMPLATE = {"Name": "Hi", "Alias": "hi", "Subject": "Hi {{name}}", "TextBody": "Hello {{name}}"}
TEMPLATED = {"From": "me@example.com", "To": "a@example.org", "TemplateAlias": "hi", "TemplateModel": {"name": "A"}}


async def _messages(server: Server) -> int:
    counted = sa.select(sa.func.count()).select_from(message)
    return await server.store.database.read(lambda c: c.execute(counted).scalar_one())


async def _suppress(server: Server, email: str) -> None:
    of = server.store.tenant.server_id
    await server.store.database.write(suppressions.add, of, "outbound", email, HARD, NOW)


@pytest.mark.parametrize(
    ("path", "body", "sends"),
    [
        ("/email", MAIL, 1),
        ("/email/batch", [MAIL, {**MAIL, "To": "nobody"}, MAIL], 2),
        ("/email/withTemplate", TEMPLATED, 1),
        ("/email/batchWithTemplates", {"Messages": [TEMPLATED, {**TEMPLATED, "TemplateAlias": "no"}]}, 1),
    ],
)
async def test_the_same_request_with_a_key_sends_once(server: Server, path: str, body: Any, sends: int) -> None:
    """A hundred at once, and one later: all get the first answer."""
    await server.post("/templates", TEMPLATE)
    answers = await asyncio.gather(*(server.call("POST", path, body, key="k-1") for _ in range(100)))
    server.now = NOW + timedelta(hours=23)
    answers.append(await server.call("POST", path, body, key="k-1"))
    assert {answer.status for answer in answers} == {200}
    assert all(answer.json == answers[0].json for answer in answers)
    assert await _messages(server) == sends
    again = await server.call("POST", path, body, key="k-2")
    assert again.status == 200
    assert await _messages(server) == 2 * sends


async def test_another_request_with_the_key_is_refused(server: Server) -> None:
    """Another body, and the same body at another endpoint."""
    await server.call("POST", "/email", MAIL, key="k")
    for path, body in (("/email", {**MAIL, "Subject": "Other"}), ("/email/batch", [MAIL])):
        refused = await server.call("POST", path, body, key="k")
        assert (refused.status, refused.json["ErrorCode"]) == (422, 1700)
        assert "'k'" in refused.json["Message"]
    assert await _messages(server) == 1


async def test_a_key_that_is_too_long_is_refused(server: Server) -> None:
    """255 characters are taken, 256 are not."""
    assert (await server.call("POST", "/email", MAIL, key="k" * 255)).status == 200
    refused = await server.call("POST", "/email", MAIL, key="k" * 256)
    assert (refused.status, refused.json["ErrorCode"]) == (422, 1701)


async def test_inactive_recipients_are_listed_beside_the_sentence(server: Server) -> None:
    """In the 406, in a 200 that some will not get, and in a batch; nowhere else."""
    await _suppress(server, "gone@example.org")
    some, all_ = {**MAIL, "To": "ann@example.org, Gone@example.org"}, {**MAIL, "To": "Gone@example.org"}
    refused = await server.call("POST", "/email", all_)
    assert (refused.status, refused.json["ErrorCode"]) == (422, 406)
    assert refused.json["InactiveRecipients"] == ["gone@example.org"]
    assert (await server.post("/email", some))["InactiveRecipients"] == ["gone@example.org"]
    assert "InactiveRecipients" not in await server.post("/email", MAIL)
    batch = await server.post("/email/batch", [all_, some, MAIL])
    assert [item.get("InactiveRecipients") for item in batch] == [["gone@example.org"], ["gone@example.org"], None]


async def test_a_token_that_is_taken_away_comes_before_any_other_fault(server: Server) -> None:
    """Also right after it was good, for mail that is good and for mail that is not."""
    await server.send()
    await server.store.database.write(lambda c: c.execute(sa.delete(server_token)).rowcount)
    for body in (MAIL, {**MAIL, "To": "nobody"}, b"no json", MAIL):
        refused = await server.call("POST", "/email", body)
        assert (refused.status, refused.json["ErrorCode"]) == (401, 10)
    assert await _messages(server) == 1


BULK: dict[str, Any] = {"From": "me@example.com", "TextBody": "Hello", "Messages": [{"To": "ann@example.org"}] * 2}


async def test_a_bulk_request_with_a_key_is_made_once(server: Server) -> None:
    """However often it comes, at once and later: each answer names the one request."""
    answers = await asyncio.gather(*(server.call("POST", "/email/bulk", BULK, key="k") for _ in range(20)))
    await server.work()
    server.now = NOW + timedelta(hours=23)
    answers.append(await server.call("POST", "/email/bulk", BULK, key="k"))
    assert {answer.ok["Id"] for answer in answers} == {answers[0].json["ID"]}
    assert answers[-1].json["Status"] == "Completed"
    assert await _messages(server) == 2
    for path, body in (("/email/bulk", {**BULK, "Tag": "other"}), ("/email", MAIL)):
        assert (await server.call("POST", path, body, key="k")).code == (422, 1700)
    server.now = NOW + timedelta(hours=25)
    assert (await server.call("POST", "/email/bulk", BULK, key="k")).ok["Id"] != answers[0].json["Id"]


async def test_a_bulk_request_that_is_refused_keeps_its_key_free(server: Server) -> None:
    """What was wrong is put right, and sent again."""
    assert (await server.call("POST", "/email/bulk", {**BULK, "From": "x"}, key="k")).code == (422, 300)
    assert (await server.call("POST", "/email/bulk", BULK, key="k")).status == 200
    assert (await server.call("POST", "/email", MAIL, key="e")).status == 200
    assert (await server.call("POST", "/email/bulk", BULK, key="e")).code == (422, 1700)
